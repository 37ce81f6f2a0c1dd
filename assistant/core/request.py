"""What a person wants: small dataclasses whose docstrings and fields are also the model's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number; use as `Annotated[float, Range(16, 30, 0.5, "celsius")]`."""

    minimum: float
    maximum: float
    step: float = 1
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A name from a list the car knows; use as `Annotated[str, OneOf("contact")]`."""

    names: str
    """Key into `Context.names`: contact, place, playlist, menu, …"""


@dataclass(frozen=True, slots=True)
class Request:
    """Base of every request; subclasses are frozen dataclasses in `skills/`, defaults mean "not said"."""

    labels: ClassVar[tuple[str, ...]] = ()
    """Labels of `data/nlu/LABELS.md` that the class answers."""
    offline: ClassVar[bool] = True
    """Whether it can be answered without the bridge."""
    secret: ClassVar[bool] = False
    """Whether what is said in it or in answer to its questions must be shown nowhere."""
    buys: ClassVar[bool] = False
    """Whether it orders something that may be ordered together with what else the sentence asks for."""


class Source(StrEnum):
    """Which layer understood."""

    RULES = "rules"
    SOUND = "sound"
    MODEL = "model"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that a request needs and the sentence did not give."""

    request: str
    """Request class name."""
    field: str
    choices: tuple[str, ...] = ()
    """Names it may have meant, if several fit; at most three are offered."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """Requests of one sentence, in the order said; empty if it is none the car knows."""

    requests: tuple[Request, ...] = ()
    missing: tuple[Missing, ...] = ()
    confidence: float = 0.0
    """0..1."""
    source: Source = Source.NONE
    text: str = ""
    """The reading it was made from."""
    complete: bool = False
    """True if it is a whole sentence of the rules with no word left over; ends a turn early."""
    unsure: bool = False
    """True if it is to be done only after a yes."""
    slots: Mapping[str, str] | None = None
    """The words each slot was read from, for logs and benches."""
