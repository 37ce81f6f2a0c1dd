"""What can be said, by topic."""

from dataclasses import dataclass
from enum import StrEnum

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


class HelpTopic(StrEnum):
    """What somebody wants to know the words for."""

    CLIMATE = "climate"
    WINDOWS = "windows"
    SEATS = "seats"
    LIGHTS = "lights"
    MEDIA = "media"
    PHONE = "phone"
    NAVIGATION = "navigation"
    TIMERS = "timers"
    REMINDERS = "reminders"
    VEHICLE = "vehicle"
    SETTINGS = "settings"
    PRIVACY = "privacy"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class AskHelp(Request):
    """What can you do, how do I say it."""

    labels = ("general.help",)
    topic: HelpTopic | None = None


def plan(request: AskHelp, context: Context) -> Decision:  # noqa: ARG001 - help is the same everywhere
    """Answer with what can be said."""
    return Answer(request, Phrase(f"help.{request.topic or 'all'}"))


SKILL = Skill("help", (AskHelp,), plan)
