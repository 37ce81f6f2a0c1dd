"""Where a conversation stands, and the rules it follows."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from assistant.core.context import Context
from assistant.core.effect import Effect
from assistant.core.event import Understood
from assistant.core.plan import Decision, Plan, Question, Refusal
from assistant.core.request import Missing, Request
from assistant.core.text import Language, Phrase
from assistant.core.vehicle import Zone


class Phase(StrEnum):
    """What the dialogue waits for."""

    IDLE = "idle"
    """A wake word, a button, a sentence."""
    LISTENING = "listening"
    """The end of a request."""
    THINKING = "thinking"
    """What the sentence means."""
    CONSULTING = "consulting"
    """What a service outside says: a price, or what there is to choose from."""
    ACTING = "acting"
    """What became of a plan."""
    SPEAKING = "speaking"
    """The end of an answer."""
    READING = "reading"
    """The end of the read-back of a risky plan."""
    CONFIRMING = "confirming"
    """Yes or no."""
    ASKING = "asking"
    """The end of a question."""
    CHOOSING = "choosing"
    """The answer to it."""


class Via(StrEnum):
    """How the person talks to us."""

    VOICE = "voice"
    TYPED = "typed"


class Opening(StrEnum):
    """Who opened the ear: the person, or we after an answer or a question."""

    PERSON = "person"
    OURSELVES = "ourselves"


class Sign(StrEnum):
    """Whether the sentence's one sign that work is under way was given."""

    OPEN = "open"
    GIVEN = "given"


class After(StrEnum):
    """What follows an answer."""

    FOLLOW_UP = "follow_up"
    REST = "rest"


class Tell(StrEnum):
    """What is said when a plan ends that the conversation no longer waits for."""

    TROUBLE = "trouble"
    ALL = "all"
    """The person was told that it takes longer."""


@dataclass(frozen=True, slots=True)
class Running:
    """A plan that was handed out and has not ended."""

    turn: int
    plan: Plan
    tell: Tell = Tell.TROUBLE


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The whole state; made only by `step`."""

    phase: Phase = Phase.IDLE
    turn: int = 0
    via: Via = Via.VOICE
    language: Language = "en"
    seat: Zone | None = None
    """Who speaks, if the microphones tell."""
    opening: Opening = Opening.PERSON
    generation: int = -1
    """The last that the ear told of in this turn."""
    thinking: int | None = None
    """The generation that is being thought about."""
    heard: Understood | None = None
    """What the last generation means, once known."""
    agenda: tuple[Request, ...] = ()
    """Requests of the sentence that nothing was decided about yet, in order."""
    missing: tuple[Missing, ...] = ()
    unsure: bool = False
    """Whether what was understood is done only after a yes."""
    report: tuple[Phrase, ...] = ()
    """What is to be said when the agenda is done."""
    pending: Plan | None = None
    """A risky plan that is being read back or waits for a yes."""
    basket: tuple[Plan, ...] = ()
    """What the sentence asked for first and is priced, while the rest of it is being priced: all is read back as one."""
    window_ends: float = 0.0
    """Monotonic seconds until which a yes to `pending` counts; only meaningful once it was read whole."""
    question: Question | None = None
    again: int = 0
    """How often the pending question was asked again."""
    questions: int = 0
    """How many questions this chain has asked."""
    running: tuple[Running, ...] = ()
    utterance: int = 0
    """The last one given to the voice."""
    aloud: bool = False
    """Whether its end has not been told yet."""
    after: After = After.REST
    sign: Sign = Sign.OPEN
    waiting: tuple[Phrase, ...] = ()
    """What happened meanwhile, to be said at a good moment."""
    last_said: tuple[Phrase, ...] = ()
    """The last answer; goes into `Context.last_said`."""
    last_done: Plan | None = None
    """The last plan that was done and can be undone; goes into `Context.last_done`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a dialogue is set up with; seconds throughout."""

    decide: Callable[[Request, Context], Decision]
    """What to do about a request."""
    review: Callable[[Plan, Context], Plan | Refusal]
    """The guard's word on a plan, asked right before it is handed out."""
    follow_up_s: float = 5.0
    """How long a next sentence needs no wake word; 0: never."""
    answer_s: float = 8.0
    """How long the ear stays open for an answer to a question."""
    consent_s: float = 30.0
    """How long after a whole read-back a yes counts."""
    sign_s: float = 1.0
    """After how long a sign is given that work is under way."""
    quiet_s: float = 10.0
    """How long after "stop" nothing is said unasked."""
    listen_limit_s: float = 45.0
    think_limit_s: float = 15.0
    consult_limit_s: float = 30.0
    act_limit_s: float = 20.0
    speak_limit_s: float = 60.0
    """The limits after which a stage that never answers is given up."""
    waiting_limit: int = 8
    """How many things to be said at a good moment are kept."""
    running_limit: int = 4
    """How many plans may be under way; the oldest beyond that is no longer waited for."""
    chain_limit: int = 2
    """How many questions a chain may have while the car moves."""


Move = tuple[Dialogue, tuple[Effect, ...]]
"""A dialogue after an event, and what it asks of the world."""
