"""What the dialogue asks of the world; `loop` hands each to the adapter that can do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assistant.core.audio import Clip
from assistant.core.plan import Inquiry, Plan, Question
from assistant.core.text import Language, Phrase
from assistant.core.vehicle import Zone


class Expecting(StrEnum):
    """What kind of sentence would be natural now; endpointing and recognition use it."""

    COMMAND = "command"
    CONSENT = "consent"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Listen:
    """Open the ear for `turn` without a wake word; give up after `timeout_s` without speech."""

    turn: int
    expecting: Expecting
    timeout_s: float


@dataclass(frozen=True, slots=True)
class StopListening:
    """Close the ear; wait for the wake word again."""

    turn: int


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The sentence is complete: close the turn as soon as the short silence is reached."""

    turn: int
    generation: int


@dataclass(frozen=True, slots=True)
class Think:
    """Recognise (a clip) or take (text), then understand; answers with Understood or Faulted."""

    turn: int
    generation: int
    expecting: Expecting
    clip: Clip | None = None
    text: str = ""
    language: Language = "en"
    asked: Question | None = None
    """The question that this sentence may answer; goes into the `Context` that understanding gets."""


@dataclass(frozen=True, slots=True)
class StopThinking:
    """What is being recognised for `turn` is no longer wanted."""

    turn: int


@dataclass(frozen=True, slots=True)
class Yes:
    """How a person agreed to a plan: after which words, and with which; times are monotonic seconds."""

    read_back: Phrase
    read_at: float
    """When the whole of it had been spoken."""
    heard: str
    """Their words; `button` where one was pressed."""
    at: float
    language: Language


@dataclass(frozen=True, slots=True)
class Consult:
    """Ask outside what must be known first: the price of a plan, or the answer of an inquiry; answers with Consulted."""

    turn: int
    about: Plan | Inquiry
    language: Language = "en"
    """That of the sentence it answers."""


@dataclass(frozen=True, slots=True)
class StopConsulting:
    """What is being asked outside for `turn` is no longer wanted."""

    turn: int


@dataclass(frozen=True, slots=True)
class Release:
    """A plan that was read back will not be done: let go what was prepared for it."""

    turn: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Act:
    """Judge again, then do the plan's steps; answers with Acted."""

    turn: int
    plan: Plan
    undoing: bool = False
    """True if the plan takes back an earlier one."""
    seat: Zone = Zone.DRIVER
    """Who asked; the judgement at execution is about this person."""
    yes: Yes | None = None
    """The consent, where the plan needed one."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak the phrases in order, after what is being said; answers with Spoke of the same utterance."""

    turn: int
    phrases: tuple[Phrase, ...]
    utterance: int = 0
    """Grows with every Say, so that the end of one is never taken for the end of another."""
    language: Language = "en"
    """That of the sentence it answers."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Be silent within 200 ms; an order that is under way goes on."""

    turn: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Answer with TimeUp(turn, name) after `seconds`, unless cleared or set again before (then only the later one answers)."""

    turn: int
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ClearTimer:
    """Forget the timer, if it is set."""

    turn: int
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """Write one line of audit: intent, consent, call, refusal; never what was said."""

    turn: int
    what: str
    facts: Mapping[str, str] = field(default_factory=dict)


Effect = (
    Listen
    | StopListening
    | EndTurn
    | Think
    | StopThinking
    | Consult
    | StopConsulting
    | Release
    | Act
    | Say
    | Hush
    | SetTimer
    | ClearTimer
    | Record
)
