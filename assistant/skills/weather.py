"""The weather, which only the world outside the car knows."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, CloudCall, Decision, Inquiry
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import plain

SKIES: Final = frozenset({"clear", "cloudy", "rain", "storm", "snow", "fog"})


class Span(StrEnum):
    """Several days that are asked about at once."""

    THIS_WEEK = "this_week"
    NEXT_WEEK = "next_week"
    WEEKEND = "weekend"
    COMING_DAYS = "coming_days"


@dataclass(frozen=True, slots=True)
class AskWeather(Request):
    """How the weather is or will be."""

    labels = ("weather.query",)
    offline = False
    place: str = ""
    """Where, in free words; here if nothing was said."""
    day: date | None = None
    span: Span | None = None


def plan(request: AskWeather, context: Context) -> Decision:
    """Ask outside."""
    day = request.day or context.now.date()
    return Inquiry(request, CloudCall("weather", "forecast", {"near": {"name": request.place}, "day": day.isoformat()}))


def found(request: AskWeather, told: Any, context: Context) -> Decision:
    """Say it."""
    sky = str(told["sky"])
    place = plain(str(told["place_zh" if context.language == "zh" else "place"]))
    slots: dict[str, SlotValue] = {
        "place": place,
        "day": request.day or context.now.date(),
        "sky": f"@weather.{sky}" if sky in SKIES else "",
        "low": int(told["low_celsius"]),
        "high": int(told["high_celsius"]),
    }
    return Answer(request, Phrase("weather.told", slots))


SKILL = Skill("weather", (AskWeather,), plan, found)
