"""From an order with a price to what is read back, and from its changes to what is worth saying."""

from dataclasses import replace
from typing import Final

from assistant.core.context import Context
from assistant.core.money import Money
from assistant.core.order import Order, State
from assistant.core.plan import CloudCall, Plan, Risk
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.languages.pack import load
from assistant.skills._orders import facts, plain, refund, told
from assistant.skills.orders import AskOrder

NEWS: Final = frozenset(
    {State.IN_PROGRESS, State.DONE, State.REFUSED, State.FAILED, State.CANCELLED, State.EXPIRED, State.UNKNOWN}
)
"""States that are told of when nobody waits for them."""
LOUD: Final = {
    "ride": frozenset({"accepted", "arrived", "completed"}),
    "meal": frozenset({"ready", "picked_up", "delivered"}),
    "parcel": frozenset({"out_for_delivery", "delivered"}),
}
"""Stages of a service that are told of by themselves."""


def priced(plan: Plan | None, order: Order, context: Context) -> Plan:
    """Return the plan with its price: its read-back names payee, amount and refund rule, its step the digest of just that.

    Without a plan (the car was restarted meanwhile) the order alone says what it is.
    """
    assert order.quote is not None, "there is a price"
    wished = plan or _again(order)
    assert wished.read_back is not None, "a plan that pays has one"
    told_facts, payee = as_offered(order), plain(order.quote.payee)
    slots = {
        **told_facts,
        **wished.read_back.slots,
        "what": f"@{wished.read_back.key}",
        "payee": payee,
        "payee_zh": next((told_facts.get(f"{key}_zh") for key, fact in told_facts.items() if fact == payee), None)
        or payee,
        "amount": order.quote.amount,
        **refund(order.quote, context),
    }
    if order.service == "pay" and slots["refund"] == "@orders.refund_none":
        slots["refund"] = "@orders.refund_none_pay"
    steps = tuple(
        replace(step, order=order.id, digest=order.quote.digest) if isinstance(step, CloudCall) else step
        for step in wished.steps
    )
    done = Phrase(wished.done.key, {**slots, **wished.done.slots})
    key = "orders.read_back_pay" if order.service == "pay" else "orders.read_back"
    if order.receipt is not None:
        more = order.quote.amount - order.receipt.kept
        slots["difference"] = Money(abs(more.minor), more.currency)
        key = f"orders.read_change_{'more' if more.minor > 0 else 'less' if more.minor < 0 else 'same'}"
    return replace(wished, steps=steps, read_back=Phrase(key, slots), done=done)


def as_offered(order: Order) -> dict[str, SlotValue]:
    """Return what a service told of what the quote is for: after a change, where one is asked for."""
    told = facts(order)
    new = {name.removeprefix("new_"): fact for name, fact in told.items() if name.startswith("new_")}
    return {**told, **new} if order.receipt is not None else told


def too_dear(order: Order) -> Phrase | None:
    """Return what it would have cost, if that was the reason for not ordering it."""
    if order.reason != "over_ceiling" or order.quote is None:
        return None
    return Phrase("orders.over_ceiling", {"amount": order.quote.amount})


def news(before: Order | None, after: Order) -> Phrase | None:
    """Return what is worth saying about a change that nobody waits for."""
    stage = str(after.facts.get("service_state", ""))
    if (before is None or before.facts.get("service_state") != stage) and stage in LOUD.get(after.service, ()):
        return Phrase(f"{after.service}.news_{stage}", facts(after))
    if before is not None and before.state is after.state:
        return None
    if after.state not in NEWS or after.reason == "cancelled_by_you":
        return None
    if after.state is State.IN_PROGRESS:
        return Phrase("orders.news_in_progress", {"thing": f"@orders.thing_{after.service}"})
    undone = after.state is State.CANCELLED and after.reason == "part_failed"
    if undone or after.state in {State.REFUSED, State.FAILED, State.EXPIRED}:
        slots = {"thing": f"@orders.thing_{after.service}", "because": because(after.reason)}
        return Phrase(f"orders.news_{after.state.value}", slots)
    return told(after)


def fee_kept(order: Order) -> Phrase | None:
    """Return what to say of an order that was given back because another part failed, and cost something all the same."""
    if order.reason != "part_failed" or order.receipt is None or order.receipt.kept.minor <= 0:
        return None
    return Phrase("orders.fee_kept", {"thing": f"@orders.thing_{order.service}", "amount": order.receipt.kept})


def because(reason: str) -> str:
    """Return the slot that tells why; what we have no words for is not said."""
    key = f"reason.{word(reason)}"
    return f"@{key}" if key in load("en").phrases else ""


def unanswered(request: Request, reason: str) -> Phrase:
    """Return what is said where a question got no answer; a place that nobody knows is named, it may have been misheard."""
    place = str(getattr(request, "place", "")) if reason == "not_found" else ""
    return (
        Phrase("orders.no_such_place", {"place": place})
        if place
        else Phrase("orders.no_answer", {"because": because(reason)})
    )


def word(reason: str) -> str:
    """Return our word for a service's: what it does not sell is not what this car cannot do."""
    return {"not_available": "not_offered", "timeout": "no_answer"}.get(reason, reason)


def _again(order: Order) -> Plan:
    call = CloudCall(order.service, order.method, order=order.id)
    what = Phrase(f"orders.what_{order.service}", facts(order))
    return Plan(AskOrder(), (call,), Phrase("orders.done"), read_back=what, risk=Risk.PAY)
