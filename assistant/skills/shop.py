"""The shop: buying something, and the same once more."""

from dataclasses import dataclass
from typing import Annotated

from assistant.core.context import Context
from assistant.core.plan import CloudCall, Decision, Plan, Question, Refusal, Risk
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.skills import Skill
from assistant.skills._orders import latest


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


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    if isinstance(request, BuyProduct):
        if not request.product:
            return Question(request, Phrase("shop.what"), "product")
        line = {"product": request.product, "count": round(request.count or 1)}
        call = CloudCall("shop", "buy", {"lines": [line]}, undo="cancel")
        sure = Phrase("shop.sure", {"product": request.product, "count": round(request.count or 1)})
        return Plan(request, (call,), Phrase("shop.ordered"), read_back=sure, risk=Risk.PAY)
    last = latest(context, "shop", "meal")
    if last is None:
        return Refusal(request, Phrase("orders.none"), "not_found")
    if last.service == "shop":
        call = CloudCall("shop", "reorder", {"order": last.id}, undo="cancel")
        return Plan(request, (call,), Phrase("shop.ordered"), read_back=Phrase("shop.sure_again"), risk=Risk.PAY)
    call = CloudCall("meal", "order", dict(last.body), undo="cancel")
    return Plan(request, (call,), Phrase("meal.ordered"), read_back=Phrase("shop.sure_meal_again"), risk=Risk.PAY)


SKILL = Skill("shop", (BuyProduct, Reorder), plan)
