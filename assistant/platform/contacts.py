"""A telephone's contacts: vCards become names and numbers. In memory only, and never in a log.

Of a card two things are used, a name and a number, so this reads those and passes over the rest: what a telephone sends is
whatever its owner and a dozen programs put there. vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350).
"""

import quopri
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Final

from assistant.platform.world import given_names

MOST: Final = 3000
"""Contacts beyond this are left out."""
LONGEST_NAME: Final = 60
FEWEST_SHARED: Final = 7
"""Digits that two numbers must share at their end to be the same one written differently."""
LONGEST_LINE: Final = 4000
DIGITS: Final = range(3, 16)
"""Lengths of numbers that can be dialled: emergency numbers to ITU-T E.164."""
PREFERENCE: Final = ("PREF", "CELL", "MAIN", "VOICE", "HOME", "WORK")
NO_VOICE: Final = frozenset({"FAX", "PAGER", "MODEM", "BBS"})
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_ESCAPED: Final = re.compile(r"\\([,;:\\nN])")
_UNSPOKEN: Final = re.compile(r"[^\w\s'\u2019.-]|_")
_PAUSE: Final = re.compile(r"[,;pPwW].*$")


class Contacts:
    """Who can be called, by name and by number; frozen."""

    def __init__(self, numbers: Mapping[str, str]) -> None:
        """Take names and their numbers; of a name that comes twice the first counts."""
        first: dict[str, str] = {}
        for name, number in numbers.items():
            first.setdefault(name.casefold(), plain(number))
        self.names = MappingProxyType(
            {"contact": tuple(numbers), "given_name": tuple(dict.fromkeys(given_names(numbers)))}
        )
        """Lists for `Context.names`."""
        self._numbers = MappingProxyType(first)
        ends = sorted((plain(number)[-FEWEST_SHARED:], index) for index, number in enumerate(numbers.values()))
        listed = list(numbers.items())
        self._by_end = {end: [listed[index] for _, index in of] for end, of in groupby(ends, lambda each: each[0])}

    def number(self, name: str) -> str:
        """Return the number of a name, empty for nobody."""
        return self._numbers.get(name.casefold(), "")

    def name(self, number: str) -> str:
        """Return who has a number, empty for nobody; `+44 20 7946 0991` and `020 7946 0991` are one."""
        wanted = plain(number)
        near = self._by_end.get(wanted[-FEWEST_SHARED:], ())
        return next((name for name, known in near if same(plain(known), wanted)), "")


def plain(number: str) -> str:
    """Return a number as it is dialled: digits, *, # and a plus in front; `tel:+44 (0)20 7946 0991` is +442079460991."""
    bare = _PAUSE.sub("", number.strip().removeprefix("tel:"))
    bare = bare.replace("(0)", "") if bare.startswith(("+", "00")) else bare
    kept = re.sub(r"[^0-9+*#]", "", bare)
    return kept[:1] + kept[1:].replace("+", "")


def same(one: str, other: str) -> bool:
    """Tell whether two plain numbers are the same, one of them perhaps without its country."""
    if one == other:
        return True
    (short, short_has_country), (long, long_has_country) = sorted(
        (_significant(one), _significant(other)), key=lambda each: len(each[0])
    )
    if short_has_country:
        return long_has_country and short == long
    return len(short) >= FEWEST_SHARED and long.endswith(short)


def read_cards(text: str) -> dict[str, str]:
    """Return the names of vCards with the number that is best called, at most MOST; what is no card is passed over."""
    found: dict[str, str] = {}
    for name, number in _cards(text):
        if len(found) >= MOST:
            break
        if name and number:
            found.setdefault(name, number)
    return found


def _significant(number: str) -> tuple[str, bool]:
    """Return the digits after a trunk or international prefix, and whether the country is among them."""
    for prefix, international in (("+", True), ("00", True), ("0", False)):
        if number.startswith(prefix):
            return number[len(prefix) :], international
    return number, False


def _cards(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and number of every whole card; either may be empty."""
    name = structured = ""
    numbers: list[tuple[int, str]] = []
    for line in _lines(text):
        head, colon, value = line.partition(":")
        key, *parameters = head.upper().split(";")
        marks = {word for each in parameters for word in each.removeprefix("TYPE=").replace('"', "").split(",")}
        match key.rpartition(".")[2], colon:
            case "BEGIN", ":":
                name, structured, numbers = "", "", []
            case "FN", ":":
                name = _spoken(_value(value, marks))
            case "N", ":":
                parts = [_spoken(_value(part, marks)) for part in re.split(r"(?<!\\);", value)]
                structured = " ".join(part for part in (*parts[1:2], *parts[0:1]) if part)
            case "TEL", ":" if not marks & NO_VOICE:
                number = plain(_value(value, marks))
                if len(number.lstrip("+")) in DIGITS:
                    rank = min(
                        (PREFERENCE.index(mark) for mark in marks if mark in PREFERENCE), default=len(PREFERENCE)
                    )
                    numbers.append((rank, number))
            case "END", ":":
                yield name or structured, min(numbers, key=lambda each: each[0], default=(0, ""))[1]


def _lines(text: str) -> Iterator[str]:
    """Yield whole lines: folded ones joined, and those that are quoted-printable with their soft breaks."""
    whole = ""
    for line in _FOLD.sub("", text).splitlines():
        whole = whole[:LONGEST_LINE] + line
        if "QUOTED-PRINTABLE" in whole.partition(":")[0].upper() and line.endswith("="):
            whole = whole[:-1]
            continue
        yield whole
        whole = ""


def _value(raw: str, marks: set[str]) -> str:
    if "ENCODING=QUOTED-PRINTABLE" in marks or "QUOTED-PRINTABLE" in marks:
        raw = quopri.decodestring(raw.encode("ascii", "replace")).decode("utf-8", "replace")
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], raw)


def _spoken(name: str) -> str:
    """Return what of a name can be said."""
    return " ".join(_UNSPOKEN.sub(" ", name).split())[:LONGEST_NAME].strip()
