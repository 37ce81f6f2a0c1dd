"""What the car knows about a person, and how to make it forget."""

from dataclasses import dataclass

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill


@dataclass(frozen=True, slots=True)
class DeleteData(Request):
    """Delete everything the assistant keeps about the user."""


@dataclass(frozen=True, slots=True)
class AskData(Request):
    """What is kept about the user."""


@dataclass(frozen=True, slots=True)
class AskRecording(Request):
    """Is anybody listening, is anything recorded or sent away."""


def answer_data(request: AskData, context: Context) -> Answer:
    """Count what is kept; nothing of it is read out, for others may hear it."""
    kept = len([value for value in context.preferences.values() if value])
    timers = len(context.headunit.timers)
    slots: dict[str, SlotValue] = {"preferences": kept, "timers": timers}
    return Answer(request, Phrase("privacy.kept" if kept or timers else "privacy.nothing", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case DeleteData():
            steps = (LocalCall("assistant.delete_data"),)
            sure, done = Phrase("privacy.delete_sure"), Phrase("privacy.deleted")
            return Plan(request, steps, done, read_back=sure, risk=Risk.CONFIRM)
        case AskRecording():
            return Answer(request, Phrase("privacy.recording"))
    assert isinstance(request, AskData)
    return answer_data(request, context)


SKILL = Skill("privacy", (DeleteData, AskData, AskRecording), plan)
