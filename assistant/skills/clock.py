"""What time and what day it is."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


class DateFact(StrEnum):
    """What somebody wants to know about a day."""

    DATE = "date"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class AskTime(Request):
    """What time is it."""

    labels = ("datetime.query",)
    place: str = ""
    """Another place than here, in free words."""


@dataclass(frozen=True, slots=True)
class AskDate(Request):
    """What date or weekday is it, or will it be."""

    labels = ("datetime.query",)
    fact: DateFact = DateFact.DATE
    day: date | None = None
    after: timedelta | None = None


def weekday(day: date) -> str:
    """Return the phrase that names the day of the week."""
    return f"@weekday.{day.isoweekday()}"


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    if isinstance(request, AskTime):
        if request.place:
            return Refusal(request, Phrase("clock.only_here", {"place": request.place}), "not_available")
        return Answer(request, Phrase("clock.time", {"at": context.now.time()}))
    assert isinstance(request, AskDate)
    today = context.now.date()
    day = request.day or today
    if request.after is not None:
        day = (context.now + request.after).date()
    when = "today" if day == today else "other"
    return Answer(request, Phrase(f"clock.{request.fact}_{when}", {"day": day, "weekday": weekday(day)}))


SKILL = Skill("clock", (AskTime, AskDate), plan)
