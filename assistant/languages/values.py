"""From the marks of a path to a request: every slot's words become a value of its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assistant.core.request import Request
from assistant.languages.kinds import Kind
from assistant.languages.net import Begins, Closes, Mark, Means, Opens
from assistant.languages.pack import Sentence
from assistant.languages.readings import Day, Readings, settled
from assistant.languages.template import Slot
from assistant.languages.tokens import Token


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one slot."""

    slot: Slot
    tokens: tuple[Token, ...]
    value: str | None
    """Value of the list or name they stand for."""

    @property
    def words(self) -> tuple[str, ...]:
        """The plain words."""
        return tuple(token.word for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Read:
    """One request as it was read."""

    request: Request
    slots: Mapping[str, str]
    """Field to the words it was read from."""
    unknown: tuple[str, ...]
    """Fields that hold a name the car does not know."""
    cost: float
    """Words taken for anything at all make it grow; 0 where every word is spelled out in a sentence."""
    sentence: Sentence


def said(marks: Sequence[tuple[int, Mark]], tokens: Sequence[Token]) -> tuple[int, list[Said]]:
    """Return the index of the sentence and the words of each slot."""
    index, found = -1, []
    slot, start, value = Slot(""), 0, None
    for place, mark in marks:
        match mark:
            case Begins():
                index = mark.index
            case Opens():
                slot, start, value = mark.slot, place, None
            case Means():
                value = mark.value
            case Closes():
                found.append(Said(slot, tuple(tokens[start:place]), value))
    return index, found


@dataclass(frozen=True, slots=True)
class Moment:
    """What is needed to tell what words about time mean."""

    now: datetime
    readings: Readings
    day: Day | None = None
    """The day that was said along."""


def fill(
    request: type[Request],
    sentence: Sentence,
    fields: Mapping[str, Kind],
    slots: Sequence[Said],
    text: str,
    moment: Moment,
) -> tuple[Request, tuple[str, ...]] | None:
    """Return the request and the fields whose name is unknown; None if the words contradict each other or are no value.

    Free words of one field that were said in two places are one text: "dinner at seven with Marie" is "dinner with Marie".
    """
    heard: dict[str, Any] = {}
    try:
        days = (one.words for one in slots if fields[one.slot.field].name == "date")
        day = next((moment.readings.day(words, moment.now.date()) for words in days), None)
        for one in slots:
            if not sentence.to_end and _runs_on(fields[one.slot.field], one, text, moment.readings.ends):
                return None
            value = _value(fields[one.slot.field], one, text, replace(moment, day=day))
            before = heard.get(one.slot.field, value)
            if value is None or (before != value and fields[one.slot.field].name != "text"):
                return None
            heard[one.slot.field] = value if before == value else moment.readings.joined(before, value)
    except (ValueError, OverflowError):  # five minutes to seven minus seventy, a day in a million years
        return None
    fixed = {name: _fixed(fields[name], value) for name, value in sentence.fields.items()}
    unknown = tuple(one.slot.field for one in slots if fields[one.slot.field].name == "name" and one.value is None)
    return request(**{**fixed, **heard}), unknown


def _runs_on(kind: Kind, one: Said, text: str, ends: str) -> bool:
    """Tell whether free words run over a sign that ends a name."""
    free = one.value is None and kind.name in ("text", "name")
    return free and any(sign in ends for sign in text[one.tokens[0].start : one.tokens[-1].end])


def _fixed(kind: Kind, value: Any) -> Any:
    """Return a value of `fields` in a TOML as its field's type."""
    return kind.type(value) if kind.name in ("enum", "number") else value


def _value(kind: Kind, one: Said, text: str, moment: Moment) -> Any:
    """Return the value of one slot, None if its words are none."""
    if one.value is not None:
        return _listed(kind, one.value)
    readings = moment.readings
    match kind.name:
        case "number":
            number = readings.number(one.words, kind.range.unit if kind.range else "")
            return None if number is None else round(number) if kind.type is int else number
        case "time":
            clock = readings.clock(one.words)
            return None if clock is None or clock.hour > 24 else settled(clock, moment.day, moment.now)
        case "date":
            found = readings.day(one.words, moment.now.date())
            return None if found is None else found.date
        case "duration":
            return readings.length(one.words)
        case "money":
            return readings.money(one.words)
        case _:
            return text[one.tokens[0].start : one.tokens[-1].end]


def _listed(kind: Kind, value: str) -> Any:
    """Return a value of a list or a known name as its field's type."""
    match kind.name:
        case "number":
            return kind.type(float(value))
        case "bool":
            return value == "true"
        case _:
            return kind.type(value)
