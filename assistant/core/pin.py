"""The owner's PIN: kept as a salted scrypt hash, locked for a time after a few wrong ones, never shown anywhere."""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Final

TRIES: Final = 3
"""Wrong PINs in a row after which no more are taken for a time; the phone still approves meanwhile."""
LOCK_S: Final = 900.0
"""How long after the first TRIES wrong ones; twice as long after each further TRIES, at most LONGEST_LOCK_S."""
LONGEST_LOCK_S: Final = 86_400.0
SALT_BYTES: Final = 16
DIGITS: Final = re.compile(r"[0-9]{4,12}")
_COST: Final = 2**14
"""scrypt n: 16 MiB and some tens of milliseconds a try. Four digits fall to a thief of the file at any cost; TRIES is what protects."""
_ONES: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS: Final = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TIMES: Final = {"double": 2, "triple": 3}
_WORDS: Final = {
    **{word: str(n) for n, word in enumerate(_ONES)},
    **{word: str(n) for n, word in enumerate(_TEENS, 10)},
    "oh": "0",
    "o": "0",
    "nought": "0",
    "to": "2",
    "too": "2",
    "for": "4",
    **{word: str(n) for n, word in enumerate("零一二三四五六七八九")},
    "〇": "0",  # noqa: RUF001  the sign that Chinese writes in numbers
    "幺": "1",
    "两": "2",
    "洞": "0",
    "拐": "7",
}


class Secret(str):
    """Text that is nowhere shown: in a log, a report or an error it is dots; `reveal` gives it to who must have it."""

    __slots__ = ()

    def reveal(self) -> str:
        """Return the text."""
        return str.__str__(self)

    def __str__(self) -> str:
        return "••••"

    def __repr__(self) -> str:
        return "'••••'"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass(frozen=True, slots=True)
class Pin:
    """What is kept of it."""

    salt: str
    hash: str
    wrong: int = 0
    """Wrong tries in a row."""
    until: float = 0.0
    """Ledger seconds before which no try is taken."""

    def locked(self, now: float) -> bool:
        """Tell whether no try is taken at `now` (ledger seconds)."""
        return now < self.until


def new_pin(digits: str, salt: bytes) -> Pin:
    """Return what to keep of a PIN of 4 to 12 digits; ValueError for anything else."""
    if not DIGITS.fullmatch(digits) or len(salt) != SALT_BYTES:
        msg = "a PIN is 4 to 12 digits"
        raise ValueError(msg)
    return Pin(salt.hex(), _hash(digits, salt))


def try_pin(pin: Pin, digits: str, now: float) -> tuple[bool, Pin]:
    """Tell whether `digits` are the PIN (never while it is locked), and return what to keep from now on (ledger seconds)."""
    if pin.locked(now):
        return False, pin
    if hmac.compare_digest(_hash(digits[:12], bytes.fromhex(pin.salt)), pin.hash):
        return True, replace(pin, wrong=0, until=0.0)
    wrong = pin.wrong + 1
    if wrong % TRIES:
        return False, replace(pin, wrong=wrong)
    lock_s = min(LONGEST_LOCK_S, LOCK_S * 2.0 ** (wrong // TRIES - 1))
    return False, replace(pin, wrong=wrong, until=now + lock_s)


def spoken_digits(text: str) -> str | None:
    """Return the digits of a PIN as people say or write one ("four seven 1 1", "forty seven eleven", 四七幺幺); None if it is none."""
    digits, tens, times = "", "", 1
    for word in re.findall(r"[0-9]+|[a-z]+|[^\W\da-z_]", text.casefold()):
        if tens and word not in _ONES[1:]:
            digits, tens = f"{digits}{tens}0", ""
        if word in _TIMES:
            times = _TIMES[word]
        elif word in _TENS and times == 1:
            tens = str(_TENS.index(word) + 2)
        else:
            one = _WORDS.get(word, word)
            if not (one.isascii() and one.isdigit()):
                return None
            digits, tens, times = f"{digits}{tens}{one * times}", "", 1
    digits += f"{tens}0" if tens else ""
    return digits if DIGITS.fullmatch(digits) else None


def _hash(digits: str, salt: bytes) -> str:
    """Return the scrypt hash in hex."""
    return hashlib.scrypt(digits.encode(), salt=salt, n=_COST, r=8, p=1).hex()
