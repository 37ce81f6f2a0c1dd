"""Trains and flights: looked for, one of at most three chosen, booked, called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from assistant.core.context import Context
from assistant.core.plan import CloudCall, Decision, Inquiry, Plan, Question, Refusal, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.skills import Skill
from assistant.skills._orders import cancelling, changing, choices, facts, latest, standing


class Carriage(StrEnum):
    """How to travel."""

    TRAIN = "train"
    FLIGHT = "flight"


@dataclass(frozen=True, slots=True)
class BookTicket(Request):
    """Look for trains or flights and book the one that is chosen."""

    labels = ("travel.ticket",)
    offline = False
    buys = True
    carriage: Carriage | None = None
    number: str = ""
    """The one that was chosen."""
    origin: str = ""
    destination: str = ""
    day: date | None = None
    at: time | None = None
    """Not before."""


class Shift(StrEnum):
    """Which way to move a ticket."""

    LATER = "later"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class ChangeTicket(Request):
    """Take another train or flight than the booked one."""

    labels = ("travel.ticket",)
    offline = False
    number: str = ""
    """The one that was chosen."""
    shift: Shift | None = None
    day: date | None = None
    at: time | None = None
    """Not before."""


@dataclass(frozen=True, slots=True)
class AskTicket(Request):
    """How the booked ticket stands."""

    labels = ("travel.ticket",)


@dataclass(frozen=True, slots=True)
class CancelTicket(Request):
    """Call the ticket off."""

    labels = ("travel.ticket",)


def book(request: BookTicket) -> Decision:
    """Ask for what is missing, then for what there is, then book what was chosen."""
    if not request.destination:
        return Question(request, Phrase("travel.where_to"), "destination")
    if not request.origin:
        return Question(request, Phrase("travel.where_from"), "origin")
    leg: dict[str, Any] = {"origin": request.origin, "destination": request.destination}
    if request.day is not None:
        leg["day"] = request.day.isoformat()
    if request.at is not None:
        leg["after"] = request.at.strftime("%H:%M")
    if request.carriage is not None:
        leg["carriage"] = request.carriage.value
    if not request.number:
        return Inquiry(request, CloudCall("travel", "search", {**leg, "limit": 3}))
    call = CloudCall("travel", "book", {"legs": [{**leg, "number": request.number}]}, undo="cancel")
    return Plan(request, (call,), Phrase("travel.booked"), read_back=Phrase("travel.sure"), risk=Risk.PAY)


def change(request: ChangeTicket, context: Context) -> Decision:
    """Ask which others there are on the booked way; then what the chosen one costs."""
    order = latest(context, "travel")
    told = {} if order is None else facts(order)
    departs = told.get("departs")
    if order is None or not isinstance(departs, datetime):
        return Refusal(request, Phrase("orders.none"), "not_found")
    day = request.day or departs.date()
    if request.number:
        body = {"leg": 1, "number": request.number, "day": day.isoformat()}
        return changing(request, order, body, Phrase("travel.sure"), Phrase("travel.changed"))
    leg = dict(next(iter(order.body["legs"]), {}))
    if request.at is not None:
        after = request.at
    else:
        after = time() if request.shift is Shift.EARLIER or request.day else (departs + timedelta(minutes=1)).time()
    ask = {"origin": leg["origin"], "destination": leg["destination"], "day": day.isoformat()}
    ask |= {"after": after.strftime("%H:%M"), "limit": 10 if request.shift is Shift.EARLIER else 3}
    if leg.get("carriage"):
        ask["carriage"] = leg["carriage"]
    return Inquiry(request, CloudCall("travel", "search", ask))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case BookTicket():
            return book(request)
        case ChangeTicket():
            return change(request, context)
        case CancelTicket():
            return cancelling(request, latest(context, "travel"), context)
        case _:
            return standing(request, latest(context, "travel"))


def found(request: BookTicket | ChangeTicket, result: Any, context: Context) -> Decision:
    """Let one of the trips be chosen."""
    rows: list[Mapping[str, Any]] = list(result["found"])
    if isinstance(request, ChangeTicket) and request.shift is Shift.EARLIER:
        order = latest(context, "travel")
        booked = str(order.facts["departs"]) if order is not None else ""
        rows = [row for row in rows if str(row["departs"]) < booked][-3:]
    rows = rows[:3]
    if not rows:
        return Refusal(request, Phrase("travel.none"), "not_found")
    names, slots = choices(rows, "number", context.language)
    return Question(request, Phrase(f"travel.which_{len(rows)}", slots), "number", names)


SKILL = Skill("travel", (BookTicket, ChangeTicket, AskTicket, CancelTicket), plan, found)
