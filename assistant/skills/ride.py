"""Rides: ordered for now or later, for us or somebody else, changed on the way, asked about and called off."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from assistant.core.context import Context
from assistant.core.money import Money
from assistant.core.order import State
from assistant.core.plan import CloudCall, Decision, Plan, Question, Refusal, Risk
from assistant.core.request import OneOf, Range, Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import another_stop, cancelling, changing, facts, latest, limit, standing
from assistant.skills.navigate import Favourite, favourite_name

HAD: Final = frozenset({State.ACCEPTED, State.IN_PROGRESS, State.DONE})
"""States of an order whose place one may want to go to."""


class RideClass(StrEnum):
    """Kinds of vehicle."""

    ECONOMY = "economy"
    COMFORT = "comfort"
    PREMIUM = "premium"
    VAN = "van"


class There(StrEnum):
    """A place that was spoken of before."""

    THERE = "there"


class Sharing(StrEnum):
    """Whether others may ride along."""

    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class BookRide(Request):
    """Order a taxi or ride."""

    labels = ("ride.book",)
    offline = False
    buys = True
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
    there: There | None = None
    """To the place of what was ordered before, in the same sentence or lately."""
    sharing: Sharing | None = None
    luggage: Annotated[float | None, Range(1, 6, 1)] = None
    """Suitcases."""
    at_most: Annotated[float | None, Range(10, 1000, 10)] = None
    """As `ceiling`, said without a currency."""


@dataclass(frozen=True, slots=True)
class AddRideStop(Request):
    """Let the ride stop on its way."""

    labels = ("ride.change",)
    offline = False
    place: Annotated[str, OneOf("place")] = ""


@dataclass(frozen=True, slots=True)
class ChangeRide(Request):
    """Let the ride go somewhere else."""

    labels = ("ride.change",)
    offline = False
    place: Annotated[str, OneOf("place")] = ""
    favourite: Favourite | None = None


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
    goal: Mapping[str, Any] = {"name": place}
    if not place and request.favourite is not None:
        return Refusal(request, Phrase(f"navigate.no_{request.favourite}"), "unknown")
    if not place and request.there is not None:
        spoken_of = there(context)
        request, goal = replace(request, day=request.day or spoken_of.day), spoken_of.place
    if not goal.get("name"):
        return Question(request, Phrase("ride.where_to"), "place")
    if request.day is not None and request.at is None and request.day != context.now.date():
        return Question(request, Phrase("ride.when"), "at")
    at = when(request, context.now)
    slots: dict[str, SlotValue] = {"at": None, "who": request.who, "for_who": "@ride.for_who" if request.who else ""}
    slots["kind"] = "@ride.shared" if request.sharing else f"@ride.{request.ride_class or 'alone'}"
    if at is not None:
        today = at.date() == context.now.date()
        slots |= {"at": at.time() if today else at, "when": "@ride.at_time" if today else "@ride.on_day"}
    time = "later" if at is not None else "now"
    call = CloudCall("ride", "book", _body(request, goal, at, context), undo="cancel")
    done = Phrase(f"ride.booked_{time}", slots)
    return Plan(request, (call,), done, read_back=Phrase(f"ride.sure_{time}", slots), risk=Risk.PAY)


def _body(request: BookRide, goal: Mapping[str, Any], at: datetime | None, context: Context) -> dict[str, Any]:
    """Return what the ride company is told."""
    body: dict[str, Any] = {"pickup": {"name": request.origin}, "destination": dict(goal)}
    if at is not None:
        body["at"] = at.isoformat()
    if request.ride_class is not None:
        body["vehicle_class"] = request.ride_class.value
    if request.sharing is not None:
        body["shared"] = True
    if request.seats is not None:
        body["seats"] = round(request.seats)
    if request.luggage is not None:
        body["luggage"] = round(request.luggage)
    if request.who:
        body["passenger"] = {"name": request.who}
    ceiling = limit(request.ceiling, request.at_most, context)
    return body if ceiling is None else {**body, "ceiling": ceiling}


@dataclass(frozen=True, slots=True)
class SpokenOf:
    """A place that was spoken of, and the day it was spoken of for."""

    place: Mapping[str, Any]
    day: date | None = None


def there(context: Context) -> SpokenOf:
    """Return where what was ordered last is to be found: first in the same sentence, then among the orders."""
    told = [plan.read_back.slots for plan in context.basket if plan.read_back is not None]
    told += [facts(order) for order in context.orders if order.state in HAD]
    for slots in reversed(told):
        for key in ("hotel", "kitchen", "destination"):
            name = slots.get(f"{key}_{context.language}", slots.get(key))
            if isinstance(name, str) and name:
                check_in = slots.get("check_in")
                return SpokenOf({"name": name}, check_in if isinstance(check_in, date) else None)
    return SpokenOf({})


def add_stop(request: AddRideStop, context: Context) -> Decision:
    """Ask what the stop costs more."""
    if not request.place:
        return Question(request, Phrase("navigate.which_stop"), "place")
    return another_stop(request, request.place, latest(context, "ride"))


def redirect(request: ChangeRide, context: Context) -> Decision:
    """Ask what going somewhere else costs."""
    place = favourite_name(request.favourite, context) if request.favourite is not None else request.place
    if not place:
        return Question(request, Phrase("ride.where_to"), "place")
    body = {"destination": {"name": place}}
    return changing(request, latest(context, "ride"), body, Phrase("ride.sure_elsewhere"), Phrase("ride.elsewhere"))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case BookRide():
            return book(request, context)
        case AddRideStop():
            return add_stop(request, context)
        case ChangeRide():
            return redirect(request, context)
        case CancelRide():
            return cancelling(request, latest(context, "ride"), context)
        case _:
            return standing(request, latest(context, "ride"))


SKILL = Skill("ride", (BookRide, AddRideStop, ChangeRide, AskRide, CancelRide), plan)
