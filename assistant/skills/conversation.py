"""Words about the conversation itself. The dialogue acts on most of them; alone they are answered as here."""

from dataclasses import dataclass

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Plan, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


@dataclass(frozen=True, slots=True)
class Greet(Request):
    """A greeting."""

    labels = ("general.greet",)


@dataclass(frozen=True, slots=True)
class Thank(Request):
    """Thanks."""

    labels = ("general.thanks",)


@dataclass(frozen=True, slots=True)
class SayGoodbye(Request):
    """The end of the conversation."""

    labels = ("general.goodbye",)


@dataclass(frozen=True, slots=True)
class Repeat(Request):
    """Say the last answer again."""

    labels = ("general.repeat",)


@dataclass(frozen=True, slots=True)
class Stop(Request):
    """Be quiet; what is being done goes on."""

    labels = ("general.stop",)


@dataclass(frozen=True, slots=True)
class Cancel(Request):
    """Drop what is being asked or offered."""

    labels = ("general.stop",)


@dataclass(frozen=True, slots=True)
class Undo(Request):
    """Take back what was done last."""

    labels = ("general.stop",)


@dataclass(frozen=True, slots=True)
class Affirm(Request):
    """Yes, outside of a question."""

    labels = ("general.affirm",)


@dataclass(frozen=True, slots=True)
class Deny(Request):
    """No, outside of a question."""

    labels = ("general.deny",)


def plan_undo(request: Undo, context: Context) -> Decision:
    """Put back what the last plan changed."""
    last = context.last_done
    if last is None or not last.undo:
        return Refusal(request, Phrase("conversation.nothing_to_undo"), "unknown")
    return Plan(request, last.undo, Phrase("conversation.undone"))


def plan(request: Request, context: Context) -> Decision:
    """Answer a word about the conversation."""
    match request:
        case Undo():
            return plan_undo(request, context)
        case Repeat() if context.last_said:
            return Answer(request, context.last_said[-1])
        case _:
            return Answer(request, Phrase(ANSWERS[type(request)]))


ANSWERS: dict[type[Request], str] = {
    Greet: "conversation.hello",
    Thank: "conversation.welcome",
    SayGoodbye: "conversation.goodbye",
    Repeat: "conversation.nothing_said",
    Stop: "conversation.stopped",
    Cancel: "conversation.cancelled",
    Affirm: "conversation.nothing_asked",
    Deny: "conversation.fine",
}
"""What is said where the dialogue has nothing else to do about it."""

SKILL = Skill("conversation", (*ANSWERS, Undo), plan)
