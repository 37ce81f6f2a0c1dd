"""The owner's PIN in the order book."""

import os
from dataclasses import asdict

from assistant.core.pin import SALT_BYTES, new_pin
from assistant.ledger.store import Ledger


def keep_pin(ledger: Ledger, digits: str, by: str) -> None:
    """Keep a new PIN of 4 to 12 digits, set `by` the "owner" or by "voice"; ValueError for anything else, LedgerError."""
    pin = new_pin(digits, os.urandom(SALT_BYTES))
    with ledger.change() as change:
        change.keep("pin", asdict(pin))
        change.record("pin_set", {"by": by})


def forget_pin(ledger: Ledger, by: str) -> None:
    """Forget the PIN: from now on only the phone approves what is above the limit. Raises LedgerError."""
    with ledger.change() as change:
        change.keep("pin", {})
        change.record("pin_removed", {"by": by})
