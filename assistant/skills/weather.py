"""The weather, which only the world outside the car knows."""

from dataclasses import dataclass
from datetime import date

from assistant.core.context import Connectivity, Context
from assistant.core.plan import Decision, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill


@dataclass(frozen=True, slots=True)
class AskWeather(Request):
    """How the weather is or will be."""

    labels = ("weather.query",)
    offline = False
    place: str = ""
    """Where, in free words; here if nothing was said."""
    day: date | None = None


def plan(request: AskWeather, context: Context) -> Decision:
    """Say honestly that it cannot be known here."""
    reason = "offline" if context.connectivity is not Connectivity.ONLINE else "not_available"
    return Refusal(request, Phrase(f"weather.{reason}"), reason)


SKILL = Skill("weather", (AskWeather,), plan)
