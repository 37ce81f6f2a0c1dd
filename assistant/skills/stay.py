"""Hotels: looked for, one of at most three chosen, booked, called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from assistant.core.context import Context
from assistant.core.money import Money
from assistant.core.plan import CloudCall, Decision, Inquiry, Plan, Question, Refusal, Risk
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.skills import Skill
from assistant.skills._orders import cancelling, changing, choices, latest, limit, standing


@dataclass(frozen=True, slots=True)
class BookHotel(Request):
    """Look for a hotel and book the one that is chosen."""

    labels = ("hotel.book", "hotel.search")
    offline = False
    buys = True
    hotel: str = ""
    """The one that was chosen."""
    where: str = ""
    """A city or a place; here if nothing was said."""
    day: date | None = None
    """Of arrival; tonight if nothing was said."""
    nights: Annotated[float | None, Range(1, 30, 1)] = None
    ceiling: Money | None = None
    """A night may cost no more."""
    at_most: Annotated[float | None, Range(10, 1000, 10)] = None
    """As `ceiling`, said without a currency."""
    rooms: Annotated[float | None, Range(1, 9, 1)] = None


@dataclass(frozen=True, slots=True)
class ChangeHotel(Request):
    """Come another day, stay longer or shorter, take more or fewer rooms."""

    labels = ("hotel.book",)
    offline = False
    day: date | None = None
    nights: Annotated[float | None, Range(1, 30, 1)] = None
    rooms: Annotated[float | None, Range(1, 9, 1)] = None


@dataclass(frozen=True, slots=True)
class AskHotel(Request):
    """How the booked room stands."""

    labels = ("hotel.book",)


@dataclass(frozen=True, slots=True)
class CancelHotel(Request):
    """Call the room off."""

    labels = ("hotel.book",)


def stay(request: BookHotel) -> dict[str, Any]:
    """Return when and for how long."""
    when = {} if request.day is None else {"check_in": request.day.isoformat()}
    return {**when, "nights": round(request.nights or 1), "rooms": round(request.rooms or 1)}


def change(request: ChangeHotel, context: Context) -> Decision:
    """Ask what the booked room costs after a change."""
    body: dict[str, Any] = {}
    if request.day is not None:
        body["check_in"] = request.day.isoformat()
    for name, number in (("nights", request.nights), ("rooms", request.rooms)):
        if number is not None:
            body[name] = round(number)
    if not body:
        return Question(request, Phrase("hotel.change_what"), "nights")
    return changing(request, latest(context, "hotel"), body, Phrase("hotel.sure"), Phrase("hotel.changed"))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case BookHotel(hotel=""):
            body: dict[str, Any] = {**stay(request), "near": {"name": request.where}, "limit": 3}
            ceiling = limit(request.ceiling, request.at_most, context)
            if ceiling is not None:
                body["ceiling"] = ceiling
            return Inquiry(request, CloudCall("hotel", "search", body))
        case BookHotel():
            call = CloudCall("hotel", "book", {**stay(request), "hotel": request.hotel}, undo="cancel")
            done, sure = Phrase("hotel.booked"), Phrase("hotel.sure")
            return Plan(request, (call,), done, read_back=sure, risk=Risk.PAY)
        case ChangeHotel():
            return change(request, context)
        case CancelHotel():
            return cancelling(request, latest(context, "hotel"), context)
        case _:
            return standing(request, latest(context, "hotel"))


def found(request: BookHotel, result: Any, context: Context) -> Decision:
    """Let one of the hotels be chosen."""
    rows: list[Mapping[str, Any]] = list(result["found"])[:3]
    if not rows:
        return Refusal(request, Phrase("hotel.none"), "not_found")
    names, slots = choices(rows, "name", context.language)
    return Question(request, Phrase(f"hotel.which_{len(rows)}", slots), "hotel", names)


SKILL = Skill("stay", (BookHotel, ChangeHotel, AskHotel, CancelHotel), plan, found)
