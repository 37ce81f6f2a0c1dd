"""What can happen to the dialogue. Every event bears its turn, so that a late answer cannot touch a new conversation."""

from dataclasses import dataclass
from enum import StrEnum

from assistant.core.audio import Clip
from assistant.core.headunit import Timer
from assistant.core.plan import Decision, Outcome, Plan
from assistant.core.request import Understanding
from assistant.core.text import Language, Phrase, Transcript


class Cause(StrEnum):
    """Why the ear opened."""

    WORD = "word"
    BUTTON = "button"


class Button(StrEnum):
    """What a steering wheel or screen can say without words."""

    CONFIRM = "confirm"
    DENY = "deny"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Woke:
    """The wake word was heard or the talk button pressed; `turn` is new and higher than any before."""

    turn: int
    at: float
    cause: Cause
    seat: str | None = None


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The first speech of a listening turn."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """Enough silence to guess what was said."""

    turn: int
    generation: int
    """Grows when speech goes on, and never starts again within a turn, however often its ear is opened."""
    clip: Clip


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The ear closed the turn."""

    turn: int
    generation: int
    """That of the last SpeechPaused, or a higher one if speech went on after it."""
    clip: Clip


@dataclass(frozen=True, slots=True)
class NothingHeard:
    """The turn was opened and nobody spoke."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Typed:
    """A sentence came as text (terminal, D-Bus); `turn` is new and higher than any before."""

    turn: int
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Understood:
    """Recogniser and understanding are done with one generation of a turn."""

    turn: int
    generation: int
    transcript: Transcript
    understanding: Understanding


@dataclass(frozen=True, slots=True)
class Acted:
    """The steps of a plan have ended; comes for every Act, also where doing them raised."""

    turn: int
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Spoke:
    """The voice has finished, or was hushed (`whole` false)."""

    turn: int
    whole: bool
    utterance: int = 0
    """That of the Say it ends."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, pressed while `turn` was going on."""

    turn: int
    button: Button


@dataclass(frozen=True, slots=True)
class TimeUp:
    """A dialogue timer set by the effect SetTimer ran out."""

    turn: int
    name: str


@dataclass(frozen=True, slots=True)
class Due:
    """A kitchen timer, alarm or reminder is due."""

    turn: int
    timer: Timer


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened outside is worth saying at a good moment (an order changed, a device vanished)."""

    turn: int
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Consulted:
    """What a Consult led to: a plan with its price, an answer, a question, or why not."""

    turn: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Offered:
    """A price came, or changed, that nobody waits for any more: it is read back if nothing else goes on, else offered again."""

    turn: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Faulted:
    """A stage of this turn failed; `phrase` says so to a person."""

    turn: int
    phrase: Phrase


Event = (
    Woke
    | SpeechStarted
    | SpeechPaused
    | TurnEnded
    | NothingHeard
    | Typed
    | Understood
    | Acted
    | Spoke
    | Pressed
    | TimeUp
    | Due
    | News
    | Consulted
    | Offered
    | Faulted
)
