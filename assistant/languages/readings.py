"""From the words of a slot to its value: what is common to languages; `english` and `chinese` read their own numbers."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Protocol

from assistant.core.money import Money

CLASSES: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "#int": re.compile(r"\d{1,9}"),
        "#digits": re.compile(r"\d{1,12}"),
        "#number": re.compile(r"\d{1,9}(?:\.\d{1,3})?"),
        "#hour": re.compile(r"0?\d|1\d|2[0-4]"),
        "#minute": re.compile(r"[0-5]?\d"),
        "#clock": re.compile(r"(?:[01]?\d|2[0-4]):[0-5]\d"),
        "#hhmm": re.compile(r"(?:0?[1-9]|1\d|2[0-3])[0-5]\d"),
        "#day": re.compile(r"0?[1-9]|[12]\d|3[01]"),
        "#month": re.compile(r"0?[1-9]|1[0-2]"),
        "#ordinal": re.compile(r"(?:[1-9]|[12]\d|3[01])(?:st|nd|rd|th)"),
    },
)
"""What a template may write for words of digits."""
SPOKEN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "#int": tuple(map(str, range(101))),
        "#number": tuple(map(str, range(101))),
        "#hour": tuple(map(str, range(25))),
        "#minute": tuple(f"{minute:02}" for minute in range(0, 60, 5)),
        "#clock": tuple(f"{hour}:{minute:02}" for hour in range(24) for minute in range(0, 60, 5)),
        "#day": tuple(map(str, range(1, 32))),
        "#month": tuple(map(str, range(1, 13))),
    },
)
"""The words of digits that a recogniser bound to the sentences may write."""


@lru_cache(maxsize=4096)
def classes(word: str) -> tuple[str, ...]:
    """Return the names of `CLASSES` a word belongs to."""
    if not word[:1].isdigit() or len(word) > 12:
        return ()
    return tuple(name for name, pattern in CLASSES.items() if pattern.fullmatch(word))


class Half(StrEnum):
    """Half of the day that was said with a time."""

    UNSAID = "unsaid"
    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Clock:
    """A time as said: 1..12 may be either half of the day where the half is unsaid."""

    hour: int
    minute: int
    half: Half = Half.UNSAID


@dataclass(frozen=True, slots=True)
class Day:
    """A day as said, and the half of it that was said along ("tonight")."""

    date: date
    half: Half = Half.UNSAID


class Readings(Protocol):
    """How one language says values; every method takes words that the rule of the same name in `general.toml` matched."""

    characters: bool
    """True where text is split into characters."""
    ends: str
    """Signs that no name runs over."""

    def joined(self, before: str, after: str) -> str:
        """Return one text of two that were said apart."""
        ...

    def number(self, words: Sequence[str], unit: str) -> float | None:
        """Return the number; `unit` is that of the field, "percent" also knows "half"."""
        ...

    def spell(self, value: float) -> tuple[str, ...]:
        """Return the ways the number is said or written, without a unit."""
        ...

    def clock(self, words: Sequence[str]) -> Clock | None:
        """Return the time of day."""
        ...

    def day(self, words: Sequence[str], today: date) -> Day | None:
        """Return the day, counted from `today`."""
        ...

    def length(self, words: Sequence[str]) -> timedelta | None:
        """Return the duration."""
        ...

    def money(self, words: Sequence[str]) -> Money | None:
        """Return the amount."""
        ...


def settled(clock: Clock, day: Day | None, now: datetime) -> time:
    """Return the time of day that a person most likely means: the next to come today, waking hours on other days."""
    half = clock.half if clock.half is not Half.UNSAID or day is None else day.half
    hour = clock.hour % 24
    if clock.hour > 12 or clock.hour == 0:
        return time(hour, clock.minute)
    match half:
        case Half.MORNING:
            hour %= 12
        case Half.NOON:
            hour = hour + 12 if hour < 4 else hour
        case Half.AFTERNOON:
            hour = hour % 12 + 12
        case Half.NIGHT:
            hour = hour % 12 if hour == 12 or hour < 5 else hour + 12
        case Half.UNSAID if day is None or day.date == now.date():
            early, late = time(hour % 12, clock.minute), time(hour % 12 + 12, clock.minute)
            return late if early <= now.time() < late else early
        case Half.UNSAID:
            hour = hour + 12 if hour < 6 else hour
    return time(hour, clock.minute)


def dated(today: date, month: int | None, day: int) -> date | None:
    """Return the next such day of the year or month, None if there is none."""
    for ahead in range(13):
        year, index = divmod(today.month - 1 + ahead, 12)
        if month is not None and index + 1 != month:
            continue
        try:
            found = date(today.year + year, index + 1, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def month_end(today: date, month: int) -> date:
    """Return the last day of the next such month, the running one counted in."""
    year = today.year + (month < today.month)
    return date(year, month, monthrange(year, month)[1])


def next_month(today: date) -> date:
    """Return the first day of the month after."""
    return month_end(today, today.month) + timedelta(days=1)


def weekday(today: date, index: int, weeks: int | None) -> date:
    """Return the next weekday of that index (0 is Monday) after today, or the one of this week (`weeks` 0) or a later week."""
    if weeks is None:
        return today + timedelta(days=(index - today.weekday() - 1) % 7 + 1)
    return today + timedelta(days=index - today.weekday() + 7 * weeks)
