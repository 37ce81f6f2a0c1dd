"""Phrase to sentence: finds the words of a language for a phrase and says its slots in them.

A phrase text is `"Okay, {degrees} degrees{for_zone}."`; what a slot may carry behind a colon:

    {day:date}          the calendar day even where `tomorrow` would do
    {choices:or}        several joined by "or" / 还是 instead of "and" / 和
    {count:is|are}      the first word for exactly 1, else the second; the number itself is not said

A number followed by `%` is said as per cent; after exactly 1 an English noun that is counted loses its s; an empty slot vanishes;
a text slot `@some.key` is said as that phrase, `@group/some.key` with the slots `group/…`. A slot `name_zh` is said for `name` in Chinese: names that come in several languages.
"""

import logging
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import ModuleType
from typing import Any, Final
from zlib import crc32

from assistant.core.money import Money
from assistant.core.text import Language, Phrase, SlotValue
from assistant.languages.pack import load
from assistant.speak import chinese, english
from assistant.speak.parts import Conjunction

SPEECHLESS: Final[Mapping[Language, str]] = {
    "en": "Sorry, I have no words for that.",
    "zh": "抱歉，这个我不知道怎么说。",
}
"""Said where a phrase or one of its slots is missing: nothing is claimed that may not be so."""
DEEPEST: Final = 4
"""A phrase within a phrase within … goes no deeper."""

_SPELLING: Final[Mapping[Language, ModuleType]] = {"en": english, "zh": chinese}
_END: Final = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*")

log = logging.getLogger(__name__)


def render(phrase: Phrase, language: Language, today: date) -> str:
    """Return the sentence for a person; SPEECHLESS, and a line in the log, where words are missing. Never raises."""
    try:
        text = _Speech(language, today).phrase(phrase.key, phrase.slots, DEEPEST)
    except Exception as error:  # noqa: BLE001 - in the car a wrong phrase must not end an answer
        log.warning("phrase %s in %s cannot be said: %s", phrase.key, language, error)
        return SPEECHLESS[language]
    text = re.sub(r"\s+([.,;:!?。，；！？])", r"\1", re.sub(r"\s{2,}", " ", text)).strip()
    return str(_SPELLING[language].tidy(text))


def sentences(text: str) -> tuple[str, ...]:
    """Cut a text where a voice may breathe, so that the first sentence sounds while the next is made."""
    return tuple(part.strip() for part in _END.split(text) if part.strip())


@dataclass(frozen=True, slots=True)
class _Speech:
    """One language on one day."""

    language: Language
    today: date

    def phrase(self, key: str, slots: Mapping[str, SlotValue], depth: int) -> str:
        """Return a phrase with its slots filled in; LookupError for what is missing."""
        variants = load(self.language).phrases.get(key)
        if not variants or not depth:
            raise LookupError(f"no phrase {key}" if depth else f"phrases within phrases end at {key}")
        said = ""
        number: float | None = None
        for literal, name, spec, _ in string.Formatter().parse(variants[_choice(key, slots) % len(variants)] + "{}"):
            after = literal
            if number is not None:
                words, after = self.spelling.number(number, said, literal)
                said, number = said + words, None
            said += after
            if not name:
                continue
            own = f"{name}_{self.language}"
            if own not in slots and name not in slots:
                raise LookupError(f"slot {name} is not given")
            value = slots.get(own, slots.get(name))
            if isinstance(value, int | float) and not isinstance(value, bool):
                one, bar, many = (spec or "").partition("|")
                # A plain number waits for the words behind it: they agree with each other.
                number = None if bar else value
                said += one if value == 1 else many
            else:
                said += self.value(value, spec or "", slots, depth)
        return said

    @property
    def spelling(self) -> ModuleType:
        """Return how values are said."""
        return _SPELLING[self.language]

    def value(self, value: SlotValue, spec: str, slots: Mapping[str, SlotValue], depth: int) -> str:
        """Return what one slot says, unless it is a number."""
        match value:
            case None:
                return ""
            case str() if value.startswith("@"):
                group, _, key = value[1:].rpartition("/")
                own = {
                    name.removeprefix(f"{group}/"): one for name, one in slots.items() if name.startswith(f"{group}/")
                }
                return self.phrase(key, own if group else slots, depth - 1)
            case str():
                return value
            case tuple():
                items = tuple(self.value(item, "", slots, depth) for item in value)
                return str(self.spelling.joined(items, Conjunction.OR if spec == "or" else Conjunction.AND))
        return str(self.quantity(value, spec))

    def quantity(self, value: SlotValue, spec: str) -> Any:
        """Return money, a switch, a time or a length in words."""
        match value:
            case bool():
                return self.spelling.switched(value)
            case Money():
                return self.spelling.money(value)
            case datetime():
                return self.spelling.moment(self.quantity(value.date(), spec), self.spelling.clock(value.time()))
            case date() if spec == "date":
                return self.spelling.calendar_day(value, self.today)
            case date():
                return self.spelling.day(value, self.today)
            case time():
                return self.spelling.clock(value)
            case timedelta():
                return self.spelling.length(value)
        raise TypeError(f"{type(value).__name__} has no words")


def _choice(key: str, slots: Mapping[str, SlotValue]) -> int:
    """Return a number that is the same whenever the same is said."""
    return crc32(f"{key} {sorted(slots.items(), key=lambda item: item[0])}".encode())
