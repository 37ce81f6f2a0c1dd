"""The weather, which only the world outside the car knows."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, CloudCall, Decision, Inquiry
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import plain

WET: Final = ("storm", "snow", "rain", "fog")
"""Skies whose days are named, what matters most on the road first."""
DRY: Final = ("clear", "cloudy")
SKIES: Final = frozenset({*WET, *DRY})
STRETCHES: Final = 3
"""A driver hears no more of a list; of seven days four stretches are every other day."""


class Span(StrEnum):
    """Several days that are asked about at once."""

    THIS_WEEK = "this_week"
    NEXT_WEEK = "next_week"
    WEEKEND = "weekend"
    COMING_DAYS = "coming_days"


DATED: Final = frozenset({Span.NEXT_WEEK, Span.WEEKEND})
"""Which of two weeks or weekends is meant is told by their dates."""


@dataclass(frozen=True, slots=True)
class AskWeather(Request):
    """How the weather is or will be."""

    labels = ("weather.query",)
    offline = False
    place: str = ""
    """Where, in free words; here if nothing was said."""
    day: date | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class _Sky:
    """One day's weather."""

    day: date
    word: str
    low: int
    high: int


def asked(request: AskWeather, today: date) -> tuple[date, int]:
    """Return the first day that is asked about, and how many days from it on."""
    if request.day is not None or request.span is None:
        return request.day or today, 1
    to_sunday = 7 - today.isoweekday()
    match request.span:
        case Span.THIS_WEEK:  # on a Sunday the week that begins, as its "coming week" means; else what is left of it
            return today, (to_sunday or 6) + 1
        case Span.NEXT_WEEK:
            return today + timedelta(days=to_sunday + 1), 7
        case Span.WEEKEND:
            return today + timedelta(days=max(0, to_sunday - 1)), min(2, to_sunday + 1)
        case Span.COMING_DAYS:
            return today, 4


def plan(request: AskWeather, context: Context) -> Decision:
    """Ask outside."""
    first, count = asked(request, context.now.date())
    one = CloudCall("weather", "forecast", {"near": {"name": request.place}, "day": first.isoformat()})
    if count == 1:
        return Inquiry(request, one)
    return Inquiry(request, replace(one, body={**one.body, "days": count}), one)


def found(request: AskWeather, told: Any, context: Context) -> Decision:
    """Say it; of several days those that were told, by name."""
    first, count = asked(request, context.now.date())
    skies = _several(told, first, count) if count > 1 else (_read(told, first),)
    dated = request.span in DATED
    slots: dict[str, SlotValue] = {
        "place": plain(str(told["place_zh" if context.language == "zh" else "place"])),
        "ends": "@weather.ends" if len(skies) < count else "",
        **_named("day", skies[0].day, dated=dated),
        **_named("last", skies[-1].day, dated=dated),
    }
    if len(skies) > 2:
        return Answer(request, Phrase("weather.days", slots | _summed(skies, context.now.date())))
    for then, sky in zip(("", "then_"), skies, strict=False):
        slots |= {f"{then}sky": _word(sky), f"{then}low": sky.low, f"{then}high": sky.high}
    return Answer(request, Phrase("weather.told" if len(skies) == 1 else "weather.two", slots))


def _several(told: Any, first: date, most: int) -> tuple[_Sky, ...]:
    """Return the days told of, one after the other from `first` on; ValueError where they are not those asked about."""
    rows = [told, *told.get("further", ())]
    if len(rows) > most:
        msg = f"{len(rows)} days are told, {most} were asked about"
        raise ValueError(msg)
    days = [first + timedelta(days=number) for number in range(len(rows))]
    if [row["day"] for row in rows] != [day.isoformat() for day in days]:
        msg = "other days are told than were asked about"
        raise ValueError(msg)
    return tuple(_read(row, day) for row, day in zip(rows, days, strict=True))


def _read(row: Any, day: date) -> _Sky:
    """Return one day as a service told it."""
    return _Sky(day, str(row["sky"]), int(row["low_celsius"]), int(row["high_celsius"]))


def _word(sky: _Sky) -> str:
    """Return our word for a sky; what we have none for is not said."""
    return f"@weather.{sky.word}" if sky.word in SKIES else ""


def _named(slot: str, day: date, *, dated: bool) -> dict[str, SlotValue]:
    """Return the slot of a day; `dated`: by weekday and date, even where "tomorrow" would do."""
    if not dated:
        return {slot: day}
    return {slot: f"@{slot}/weather.dated", f"{slot}/weekday": _weekday(day), f"{slot}/day": day}


def _weekday(day: date) -> str:
    return f"@weekday.{day.isoweekday()}"


def _summed(skies: tuple[_Sky, ...], today: date) -> dict[str, SlotValue]:
    """Return the slots that tell on which days it is wet or foggy, and how the others are."""
    slots: dict[str, SlotValue] = {"low": min(sky.low for sky in skies), "high": max(sky.high for sky in skies)}
    for word in WET:
        days = tuple(sky.day for sky in skies if sky.word == word)
        slots[word] = f"@{word}/weather.some_{word}" if days else ""
        if days:
            slots |= {f"{word}/{name}": value for name, value in _on(days, len(skies), today).items()}
    dry = [sky.word for sky in skies if sky.word in DRY]
    known = all(sky.word in SKIES for sky in skies)
    slots["rest"] = ("@weather.all_dry" if len(dry) == len(skies) else "@weather.rest") if dry and known else ""
    more = dry.count("clear") - dry.count("cloudy")
    mostly = "" if len(set(dry)) < 2 else "mostly_"
    slots["sky"] = f"@weather.{mostly}{'clear' if more > 0 else 'cloudy'}" if more else "@weather.clear_or_cloudy"
    return slots


def _on(days: tuple[date, ...], of: int, today: date) -> dict[str, SlotValue]:
    """Return the slots that name some of `of` days in a row, at most seven: in three stretches or as every (other) day."""
    if len(days) == of:
        return {"days": "@weather.every_day"}
    stretches: list[list[date]] = []
    for day in days:
        if stretches and stretches[-1][-1] + timedelta(days=1) == day:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    if len(stretches) > STRETCHES:
        return {"days": "@weather.every_other_day"}
    slots: dict[str, SlotValue] = {}
    items = []
    for number, stretch in enumerate(stretches, 1):
        begins = "today" if stretch[0] == today else "on"
        key = "run" if len(stretch) > 2 else f"{begins}_{'two' if len(stretch) == 2 else 'one'}"
        items.append(f"@{number}/weather.{key}")
        slots[f"{number}/day"] = "@weather.today" if stretch[0] == today else _weekday(stretch[0])
        slots[f"{number}/last"] = _weekday(stretch[-1])
    return {"days": tuple(items), **slots}


SKILL = Skill("weather", (AskWeather,), plan, found)
