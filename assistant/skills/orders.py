"""Orders whatever they are of: where they stand, and calling them off."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from assistant.core.context import Context
from assistant.core.plan import Decision, Question
from assistant.core.request import OneOf, Request
from assistant.core.text import Phrase
from assistant.skills import Skill
from assistant.skills._orders import cancelling, changing, latest, refund_rule, standing
from assistant.skills.navigate import Favourite, favourite_name

SERVICES = ("ride", "meal", "hotel", "travel", "parcel", "shop", "pay")


@dataclass(frozen=True, slots=True)
class AskOrder(Request):
    """Where the last order stands."""

    labels = ("food.order_status", "parcel.track")


@dataclass(frozen=True, slots=True)
class CancelOrder(Request):
    """Call off the last order."""

    labels = ("shopping.cancel",)


class Thing(StrEnum):
    """What an order may be of."""

    RIDE = "ride"
    MEAL = "meal"
    HOTEL = "hotel"
    TRAVEL = "travel"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class AskRefund(Request):
    """What cancelling an order costs, now and later."""

    labels = ()
    thing: Thing | None = None


@dataclass(frozen=True, slots=True)
class DeliverElsewhere(Request):
    """Let what was ordered be brought to another place."""

    labels = ()
    offline = False
    place: Annotated[str, OneOf("place")] = ""
    favourite: Favourite | None = None


def elsewhere(request: DeliverElsewhere, context: Context) -> Decision:
    """Ask what bringing it to another place costs."""
    place = favourite_name(request.favourite, context) if request.favourite is not None else request.place
    if not place:
        return Question(request, Phrase("orders.where_instead"), "place")
    said = f"@favourite.{request.favourite}" if request.favourite is not None else place
    order, slots = latest(context, "meal", "shop"), {"place": said}
    body = {"address": {"name": place}}
    return changing(request, order, body, Phrase("orders.sure_elsewhere", slots), Phrase("orders.elsewhere", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    order = latest(context, *SERVICES)
    match request:
        case DeliverElsewhere():
            return elsewhere(request, context)
        case AskRefund():
            return refund_rule(request, latest(context, request.thing) if request.thing else order, context)
        case CancelOrder():
            return cancelling(request, order, context)
        case _:
            return standing(request, order)


SKILL = Skill("orders", (AskOrder, CancelOrder, AskRefund, DeliverElsewhere), plan)
