"""What was heard and what will be said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from assistant.core.money import Money

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

SlotValue = str | int | float | bool | Money | datetime | date | time | timedelta | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Another reading of the same sound."""

    text: str
    confidence: float
    """0..1, comparable between readings of one clip."""
    bound: bool
    """True if the reading was bound to the sentences the car knows."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser (or a keyboard) made of one turn."""

    text: str
    language: Language
    confidence: float = 1.0
    """0..1; 1 for typed text."""
    alternatives: tuple[Hypothesis, ...] = ()
    engine: str = "typed"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence by key; `languages/<code>/` holds its words, `speak.words` says its slots in that language."""

    key: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
