"""A stage for conversations: a few plain requests, the decisions about them, and events with little ceremony."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from assistant.core.audio import Clip
from assistant.core.context import Context
from assistant.core.effect import Act, Effect, Listen, Record, Say
from assistant.core.event import Acted, Cause, Event, Spoke, TurnEnded, Typed, Understood, Woke
from assistant.core.plan import Answer, CloudCall, Decision, LocalCall, Outcome, Plan, Question, Refusal, Risk, Status
from assistant.core.request import Request, Source, Understanding
from assistant.core.text import Language, Phrase, Transcript
from assistant.core.vehicle import Car, Reading
from assistant.dialogue import planning
from assistant.dialogue.machine import step
from assistant.dialogue.state import Dialogue, Rules
from assistant.skills.conversation import Undo


@dataclass(frozen=True, slots=True)
class Warm(Request):
    """Do something harmless that can be undone."""


@dataclass(frozen=True, slots=True)
class Nudge(Request):
    """Do something harmless that cannot be undone."""


@dataclass(frozen=True, slots=True)
class Buy(Request):
    """Pay for something."""


@dataclass(frozen=True, slots=True)
class Book(Request):
    """Pay for something whose price only the world outside knows."""


@dataclass(frozen=True, slots=True)
class Ring(Request):
    """Need a name."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Tell(Request):
    """Be answered."""


@dataclass(frozen=True, slots=True)
class Crash(Request):
    """Be refused."""


CALL = LocalCall("media.play")
WISH = Plan(Book(), (CloudCall("ride", "book"),), Phrase("book.done"), Phrase("book.wish"), Risk.PAY)
PRICED = replace(WISH, steps=(CloudCall("ride", "book", order="1", digest="d"),), read_back=Phrase("book.read_back"))
BACK = LocalCall("media.pause")
CLIP = Clip(b"", 0.0, 0.0)
STANDING = Context(
    at=1000.0, now=datetime(2026, 11, 21, 8, tzinfo=UTC), car=Car(readings={"Vehicle.Speed": Reading(0.0, 1000.0)})
)
MOVING = replace(STANDING, car=Car(readings={"Vehicle.Speed": Reading(50.0, 1000.0)}))
LATE = replace(STANDING, at=1031.0, car=Car(readings={"Vehicle.Speed": Reading(0.0, 1031.0)}))


def decide(request: Request, context: Context) -> Decision:
    """Decide about the stage's requests, and about the conversation's own as in the car."""
    match request:
        case Warm():
            return Plan(request, (CALL,), Phrase("warm.done"), undo=(BACK,))
        case Nudge():
            return Plan(request, (CALL,), Phrase("nudge.done"))
        case Buy():
            return Plan(request, (CALL,), Phrase("buy.done"), Phrase("buy.read_back"), Risk.PAY, (BACK,))
        case Book():
            return WISH
        case Ring(name=""):
            return Question(request, Phrase("ring.who"), "name", ("Ann", "Bob", "Cleo", "Dan"))
        case Ring():
            return Plan(request, (CALL,), Phrase("ring.done"))
        case Tell():
            return Answer(request, Phrase("tell.answer"))
        case Undo() if context.last_done is not None:
            return planning.take_back(context.last_done)
        case Crash():
            return Refusal(request, Phrase("crash.never"), "forbidden")
        case _:
            return planning.decide(request, context)


RULES = Rules(decide, planning.review)


def meaning(
    turn: int,
    generation: int,
    text: str,
    *requests: Request,
    complete: bool = False,
    unsure: bool = False,
    language: Language = "en",
) -> Understood:
    """Return what a sentence was understood as."""
    understanding = Understanding(requests, (), 1.0, Source.RULES, text, complete, unsure=unsure)
    return Understood(turn, generation, Transcript(text, language), understanding)


def ended(turn: int, status: Status = Status.DONE, reason: str = "") -> Acted:
    """Return the end of a plan of one step."""
    return Acted(turn, (Outcome(CALL, status, reason=reason),))


@dataclass
class Stage:
    """One conversation and all it asked of the world so far."""

    context: Context = STANDING
    rules: Rules = RULES
    dialogue: Dialogue = field(default_factory=Dialogue)
    effects: list[Effect] = field(default_factory=list)
    generation: int = -1

    def feed(self, *events: Event) -> tuple[Effect, ...]:
        """Step through events; return the effects of all of them."""
        new: list[Effect] = []
        for event in events:
            self.dialogue, effects = step(self.dialogue, event, self.context, self.rules)
            new += effects
        self.effects += new
        return tuple(new)

    @property
    def turn(self) -> int:
        """The turn that is going on."""
        return self.dialogue.turn

    def wake(self) -> tuple[Effect, ...]:
        """Say the wake word."""
        self.generation = -1
        return self.feed(Woke(self.turn + 1, self.context.at, Cause.WORD))

    def hear(self, text: str, *requests: Request) -> tuple[Effect, ...]:
        """Say a sentence to the open ear, and let it be understood."""
        self.generation += 1
        return self.feed(
            TurnEnded(self.turn, self.generation, CLIP), meaning(self.turn, self.generation, text, *requests)
        )

    def ask(self, text: str, *requests: Request) -> tuple[Effect, ...]:
        """Wake and say a sentence."""
        return self.wake() + self.hear(text, *requests)

    def type(self, text: str, *requests: Request, language: Language = "en") -> tuple[Effect, ...]:
        """Type a sentence, and let it be understood."""
        begun = self.feed(Typed(self.turn + 1, text, language))
        return begun + self.feed(meaning(self.turn, 0, text, *requests, language=language))

    def spoke(self, *, whole: bool = True) -> tuple[Effect, ...]:
        """Let the voice come to its end."""
        return self.feed(Spoke(self.turn, whole, self.dialogue.utterance))

    def acted(self, status: Status = Status.DONE, reason: str = "") -> tuple[Effect, ...]:
        """Let the plan end."""
        return self.feed(ended(self.turn, status, reason))


def said(effects: tuple[Effect, ...] | list[Effect]) -> list[str]:
    """Return the keys of all phrases said."""
    return [phrase.key for effect in effects if isinstance(effect, Say) for phrase in effect.phrases]


def acts(effects: tuple[Effect, ...] | list[Effect]) -> list[str]:
    """Return the requests whose plans were handed out."""
    return [type(effect.plan.request).__name__ for effect in effects if isinstance(effect, Act)]


def listens(effects: tuple[Effect, ...] | list[Effect]) -> list[str]:
    """Return what each opening of the ear expects."""
    return [effect.expecting.value for effect in effects if isinstance(effect, Listen)]


def records(effects: tuple[Effect, ...] | list[Effect]) -> list[str]:
    """Return the audit's words."""
    return [effect.what for effect in effects if isinstance(effect, Record)]
