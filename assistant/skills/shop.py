"""The shop: looking for something, buying it, the same once more, and giving it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from assistant.core.context import Context
from assistant.core.order import Order
from assistant.core.plan import CloudCall, Decision, Inquiry, Plan, Question, Refusal, Risk
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.skills import Skill
from assistant.skills._orders import cancelling, choices, latest, limit


@dataclass(frozen=True, slots=True)
class FindProduct(Request):
    """Look for something in the online shop."""

    labels = ("shopping.search",)
    offline = False
    product: str = ""
    at_most: Annotated[float | None, Range(10, 1000, 10)] = None
    """It may cost no more, in the person's own currency."""


@dataclass(frozen=True, slots=True)
class BuyProduct(Request):
    """Buy something in the online shop."""

    labels = ("shopping.order",)
    offline = False
    buys = True
    product: str = ""
    count: Annotated[float | None, Range(1, 50, 1)] = None


@dataclass(frozen=True, slots=True)
class Reorder(Request):
    """Order the same once more."""

    labels = ("shopping.order", "food.order")
    offline = False


@dataclass(frozen=True, slots=True)
class ReturnProduct(Request):
    """Give back what was bought."""

    labels = ("shopping.cancel",)
    offline = False


AGAIN: Final = {"shop": "shop.sure_again", "meal": "shop.sure_meal_again", "ride": "shop.sure_ride_again"}
DONE: Final = {"shop": "shop.ordered", "meal": "meal.ordered", "ride": "ride.booked_now"}
MOMENT: Final = frozenset({"at", "wait"})
"""What is not repeated of an earlier wish: when it was wanted."""


def buy(request: BuyProduct) -> Decision:
    """Ask what it costs."""
    if not request.product:
        return Question(request, Phrase("shop.what"), "product")
    count = round(request.count or 1)
    call = CloudCall("shop", "buy", {"lines": [{"product": request.product, "count": count}]}, undo="cancel")
    sure = Phrase("shop.sure_one" if count == 1 else "shop.sure", {"count": count})
    return Plan(request, (call,), Phrase("shop.ordered"), read_back=sure, risk=Risk.PAY)


def repeat(request: Request, last: Order | None) -> Decision:
    """Ask what the same costs today."""
    if last is None:
        return Refusal(request, Phrase("orders.none"), "not_found")
    body = {key: value for key, value in last.body.items() if key not in MOMENT}
    call = CloudCall(last.service, last.method, body, undo="cancel")
    if last.service == "shop":
        call = CloudCall("shop", "reorder", {"order": last.id}, undo="cancel")
    read_back, done = Phrase(AGAIN[last.service]), Phrase(DONE[last.service])
    return Plan(request, (call,), done, read_back=read_back, risk=Risk.PAY)


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case FindProduct(product=""):
            return Question(request, Phrase("shop.what"), "product")
        case FindProduct():
            return Inquiry(request, CloudCall("shop", "search", {"words": request.product, "limit": 10}))
        case BuyProduct():
            return buy(request)
        case ReturnProduct():
            return cancelling(request, latest(context, "shop"), context, "return")
    bought = [order for order in context.orders if order.service in AGAIN and order.receipt is not None]
    return repeat(request, bought[-1] if bought else None)


def found(request: FindProduct, result: Any, context: Context) -> Decision:
    """Let one of at most three be chosen, by number or name; what is chosen is bought."""
    ceiling = limit(None, request.at_most, context)
    rows: list[Mapping[str, Any]] = [
        row for row in result["found"] if ceiling is None or int(row["price"]["minor"]) <= ceiling["minor"]
    ][:3]
    if not rows:
        return Refusal(request, Phrase("shop.none"), "not_found")
    names, slots = choices(rows, "name", context.language)
    return Question(BuyProduct(), Phrase(f"shop.which_{len(rows)}", slots), "product", names)


SKILL = Skill("shop", (FindProduct, BuyProduct, Reorder, ReturnProduct), plan, found)
