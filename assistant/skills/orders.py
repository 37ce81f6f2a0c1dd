"""Orders whatever they are of: where they stand, and calling them off."""

from dataclasses import dataclass

from assistant.core.context import Context
from assistant.core.plan import Decision
from assistant.core.request import Request
from assistant.skills import Skill
from assistant.skills._orders import cancelling, latest, standing

SERVICES = ("ride", "meal", "hotel", "travel", "parcel", "shop", "pay")


@dataclass(frozen=True, slots=True)
class AskOrder(Request):
    """Where the last order stands."""

    labels = ("food.order_status", "parcel.track")


@dataclass(frozen=True, slots=True)
class CancelOrder(Request):
    """Call off the last order."""

    labels = ("shopping.cancel",)


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    order = latest(context, *SERVICES)
    return cancelling(request, order, context) if isinstance(request, CancelOrder) else standing(request, order)


SKILL = Skill("orders", (AskOrder, CancelOrder), plan)
