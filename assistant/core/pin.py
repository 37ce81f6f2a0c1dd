"""The owner's PIN: kept as a salted scrypt hash, locked after a few wrong ones."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Final

TRIES: Final = 3
"""Wrong PINs in a row after which only the phone can approve; a right one by phone or a new PIN unlocks."""
SALT_BYTES: Final = 16
_COST: Final = 2**14
"""scrypt n: 16 MiB and some tens of milliseconds a try. Four digits fall to a thief of the file at any cost; TRIES is what protects."""


@dataclass(frozen=True, slots=True)
class Pin:
    """What is kept of it."""

    salt: str
    hash: str
    wrong: int = 0
    """Wrong tries in a row."""

    @property
    def locked(self) -> bool:
        """Tell whether no further try is taken."""
        return self.wrong >= TRIES


def new_pin(digits: str, salt: bytes) -> Pin:
    """Return what to keep of a PIN of 4 to 12 digits; ValueError for anything else."""
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 12) or len(salt) != SALT_BYTES:
        msg = "a PIN is 4 to 12 digits"
        raise ValueError(msg)
    return Pin(salt.hex(), _hash(digits, salt))


def try_pin(pin: Pin, digits: str) -> tuple[bool, Pin]:
    """Tell whether `digits` are the PIN (never once locked), and return what to keep from now on."""
    if pin.locked:
        return False, pin
    if hmac.compare_digest(_hash(digits[:12], bytes.fromhex(pin.salt)), pin.hash):
        return True, replace(pin, wrong=0)
    return False, replace(pin, wrong=pin.wrong + 1)


def _hash(digits: str, salt: bytes) -> str:
    """Return the scrypt hash in hex."""
    return hashlib.scrypt(digits.encode(), salt=salt, n=_COST, r=8, p=1).hex()
