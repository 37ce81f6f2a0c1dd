"""Rides: ordered for now or later, for us or somebody else, changed on the way, asked about and called off."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any

from assistant.core.context import Context
from assistant.core.money import Money
from assistant.core.order import OVER
from assistant.core.plan import CloudCall, Decision, Plan, Question, Refusal, Risk
from assistant.core.request import OneOf, Range, Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import cancelling, latest, standing
from assistant.skills.navigate import Favourite, favourite_name


class RideClass(StrEnum):
    """Kinds of vehicle."""

    ECONOMY = "economy"
    COMFORT = "comfort"
    PREMIUM = "premium"
    VAN = "van"


@dataclass(frozen=True, slots=True)
class BookRide(Request):
    """Order a taxi or ride."""

    labels = ("ride.book",)
    offline = False
    place: Annotated[str, OneOf("place")] = ""
    """Where to."""
    favourite: Favourite | None = None
    origin: Annotated[str, OneOf("place")] = ""
    """Where from; here if nothing was said."""
    at: time | None = None
    day: date | None = None
    wait: timedelta | None = None
    """How long from now."""
    ceiling: Money | None = None
    """It may cost no more."""
    ride_class: RideClass | None = None
    seats: Annotated[float | None, Range(1, 6, 1)] = None
    who: Annotated[str, OneOf("contact")] = ""
    """Somebody else who rides."""


@dataclass(frozen=True, slots=True)
class AddRideStop(Request):
    """Let the ride stop on its way."""

    labels = ("ride.change",)
    offline = False
    place: Annotated[str, OneOf("place")] = ""


@dataclass(frozen=True, slots=True)
class AskRide(Request):
    """Where the ride is."""

    labels = ("ride.status",)


@dataclass(frozen=True, slots=True)
class CancelRide(Request):
    """Call the ride off."""

    labels = ("ride.change",)


def when(request: BookRide, now: datetime) -> datetime | None:
    """Return when the ride is wanted, None for at once; a clock time that is past today is tomorrow's."""
    if request.wait is not None:
        return now + request.wait
    if request.at is None:
        return None
    day = request.day or now.date()
    at = datetime.combine(day, request.at, now.tzinfo)
    return at + timedelta(days=1) if request.day is None and at <= now else at


def book(request: BookRide, context: Context) -> Decision:
    """Ask what the ride costs; its price is read back before anything is ordered."""
    place = favourite_name(request.favourite, context) if request.favourite is not None else request.place
    if not place and request.favourite is not None:
        return Refusal(request, Phrase(f"navigate.no_{request.favourite}"), "unknown")
    if not place:
        return Question(request, Phrase("ride.where_to"), "place")
    if request.day is not None and request.at is None:
        return Question(request, Phrase("ride.when"), "at")
    at = when(request, context.now)
    body: dict[str, Any] = {"pickup": {"name": request.origin}, "destination": {"name": place}}
    if at is not None:
        body["at"] = at.isoformat()
    if request.ride_class is not None:
        body["vehicle_class"] = request.ride_class.value
    if request.seats is not None:
        body["seats"] = round(request.seats)
    if request.who:
        body["passenger"] = {"name": request.who}
    if request.ceiling is not None:
        body["ceiling"] = {"minor": request.ceiling.minor, "currency": request.ceiling.currency}
    slots: dict[str, SlotValue] = {"at": None, "who": request.who, "for_who": "@ride.for_who" if request.who else ""}
    if at is not None:
        slots["at"] = at if at.date() != context.now.date() else at.time()
    sure = Phrase("ride.sure_later" if at is not None else "ride.sure_now", slots)
    call = CloudCall("ride", "book", body, undo="cancel")
    return Plan(request, (call,), Phrase("ride.booked"), read_back=sure, risk=Risk.PAY)


def add_stop(request: AddRideStop, context: Context) -> Decision:
    """Ask what the stop costs more."""
    order = latest(context, "ride")
    if order is None or order.state in OVER:
        return Refusal(request, Phrase("ride.none"), "not_found")
    if not request.place:
        return Question(request, Phrase("navigate.which_stop"), "place")
    call = CloudCall("ride", "change", {"add_stop": {"name": request.place}}, order=order.id)
    sure = Phrase("ride.sure_stop", {"stop": request.place})
    done = Phrase("ride.stop_added", {"stop": request.place})
    return Plan(request, (call,), done, read_back=sure, risk=Risk.PAY)


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case BookRide():
            return book(request, context)
        case AddRideStop():
            return add_stop(request, context)
        case CancelRide():
            return cancelling(request, latest(context, "ride"), context)
        case _:
            return standing(request, latest(context, "ride"))


SKILL = Skill("ride", (BookRide, AddRideStop, AskRide, CancelRide), plan)
