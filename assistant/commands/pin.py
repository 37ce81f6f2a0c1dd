"""`cabin pin`: the owner's set-up of the PIN that approves large payments; the first one is set here and nowhere else.

Whoever may write the order book may do this, so it is no way in for somebody who only sits in the car.
"""

import argparse
import sys
from getpass import getpass

from assistant.config import load
from assistant.core.pin import DIGITS
from assistant.courier.pin import forget_pin, keep_pin
from assistant.errors import LedgerError, UsageError
from assistant.ledger.store import Ledger


def add(parser: argparse.ArgumentParser) -> None:
    """Take the form."""
    parser.add_argument(
        "verb", nargs="?", choices=["status", "set", "remove"], default="status", help="default: whether there is one"
    )


def run(options: argparse.Namespace) -> int:
    """Tell of the PIN, set it (asked for twice on a terminal, else one line of standard input), or remove it."""
    path = load(options.config).state_dir() / "orders.sqlite"
    if not path.exists():
        raise LedgerError(
            f"{path}: there is no order book yet", "run the daemon once, or name its folder in [paths] state"
        )
    digits = _asked() if options.verb == "set" else ""
    with Ledger(path, read_only=options.verb == "status") as ledger:
        if options.verb == "set":
            keep_pin(ledger, digits, "owner")
        elif options.verb == "remove":
            forget_pin(ledger, "owner")
        print("a PIN is set" if ledger.kept("pin") is not None else "no PIN is set")
    return 0


def _asked() -> str:
    """Return the new PIN; UsageError if it is none, or not twice the same."""
    if sys.stdin.isatty():
        digits = getpass("New PIN, 4 to 12 digits: ")
        if getpass("Once more: ") != digits:
            raise UsageError("those were not the same", "nothing was changed: try again")
    else:
        digits = sys.stdin.readline().rstrip("\r\n")
    if not DIGITS.fullmatch(digits):
        raise UsageError("a PIN is 4 to 12 digits", "nothing was changed: try again")
    return digits
