"""What the skills of services share: which orders there are, what cancelling costs, words of a service as slots."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from assistant.core.context import Context
from assistant.core.money import Money
from assistant.core.order import OVER, UNSENT, Order, State
from assistant.core.plan import Answer, CloudCall, Decision, Plan, Refusal, Risk
from assistant.core.quote import Quote
from assistant.core.request import Request
from assistant.core.text import Language, Phrase, SlotValue

CHANGEABLE: Final = frozenset({State.ACCEPTED, State.IN_PROGRESS, State.DONE})
LONGEST: Final = 80
"""Characters of a service's own words that are said."""


def latest(context: Context, *services: str) -> Order | None:
    """Return the last order of these services that a person may still ask about, None if there is none."""
    fits = [order for order in reversed(context.orders) if order.service in services]
    under_way = [one for one in fits if one.state not in OVER]
    had = [one for one in fits if one.state is State.DONE]
    return next(iter(under_way or had or fits), None)


def facts(order: Order) -> dict[str, SlotValue]:
    """Return what a service told, as slots: its words are said as they are, never looked up."""
    return {key: _slot(value) if isinstance(value, str) else value for key, value in order.facts.items()}


def _slot(words: str) -> SlotValue:
    """Return a day or a moment where the words are one, else the words."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", words):
            return date.fromisoformat(words)
        if re.match(r"\d{4}-\d\d-\d\dT", words):
            return datetime.fromisoformat(words)
    except ValueError:
        pass
    return plain(words)


def choices(
    rows: Sequence[Mapping[str, Any]], key: str, language: Language
) -> tuple[tuple[str, ...], dict[str, SlotValue]]:
    """Return what a service found by its names, and slots `name_1`, `price_1`, `departs_1` and so on to say it."""
    names, slots = [], dict[str, SlotValue]()
    for number, row in enumerate(rows, 1):
        own = row.get(f"{key}_{language}", row[key])
        names.append(plain(str(own)))
        slots[f"name_{number}"] = names[-1]
        slots[f"price_{number}"] = Money(int(row["price"]["minor"]), str(row["price"]["currency"]))
        slots[f"departs_{number}"] = _slot(str(row.get("departs", "")))
    return tuple(names), slots


def limit(ceiling: Money | None, at_most: float | None, context: Context) -> dict[str, Any] | None:
    """Return what it may cost at most as a service takes it; a number without a currency is of the person's own."""
    if ceiling is None and at_most is not None:
        currency = context.preferences.get("currency", "CNY")
        ceiling = Money(round(at_most * 10 ** Money(0, currency).digits), currency)
    return None if ceiling is None else {"minor": ceiling.minor, "currency": ceiling.currency}


def plain(words: str) -> str:
    """Return a service's own words without what would make them anything but words."""
    return " ".join(words.split())[:LONGEST].lstrip("@").strip()


def here_time(epoch_s: float, context: Context) -> datetime:
    """Return an instant of the bridge's clock as local time, rounded down to the minute."""
    ahead = timedelta(seconds=epoch_s - (context.bridge_now or 0.0))
    return (context.now + ahead).replace(second=0, microsecond=0)


def refund(quote: Quote, context: Context) -> dict[str, SlotValue]:
    """Return the slots `refund`, `fee`, `until` and `later` that tell the refund rule as of now."""
    now = context.bridge_now or 0.0
    steps = [step for step in quote.refund if step.until is None or now < step.until]
    fee = quote.fee(now)
    slots: dict[str, SlotValue] = {"fee": fee, "until": None, "later": None}
    if not steps or fee.minor >= quote.amount.minor > 0:
        return {**slots, "refund": "@orders.refund_none"}
    free = "free" if fee.minor == 0 else "costs"
    until = steps[0].until
    if until is None:
        return {**slots, "refund": f"@orders.refund_{free}"}
    later = quote.fee(until)
    if later.minor >= quote.amount.minor:
        then = "nothing"
    else:
        then = "less" if len(steps) < 2 or steps[1].until is None or later.minor == 0 else "less_then_nothing"
    last = _moment(steps[1].until, context) if then == "less_then_nothing" else None
    slots |= {"until": _moment(until, context), "later": later, "last": last}
    return {**slots, "refund": f"@orders.refund_{free}_until_{then}"}


def _moment(epoch_s: int | None, context: Context) -> SlotValue:
    """Return an instant as a person says it: today only the time."""
    if epoch_s is None:
        return None
    moment = here_time(epoch_s, context)
    return moment.time() if moment.date() == context.now.date() else moment


def refund_rule(request: Request, order: Order | None, context: Context) -> Decision:
    """Tell what cancelling an order costs, now and later."""
    if order is None or order.quote is None or (order.state in OVER and order.state is not State.DONE):
        return Answer(request, Phrase("orders.none"))
    thing: dict[str, SlotValue] = {"thing": f"@orders.thing_{order.service}"}
    return Answer(request, Phrase("orders.rule", refund(order.quote, context) | thing))


def cancelling(request: Request, order: Order | None, context: Context, how: str = "cancel") -> Decision:
    """Offer to cancel an order (or to return it: `how`), its refund rule first; refuse if there is nothing to cancel."""
    if order is None or (order.state in OVER and order.state is not State.DONE):
        return Refusal(request, Phrase("orders.none"), "not_found")
    thing: dict[str, SlotValue] = {"thing": f"@orders.thing_{order.service}"}
    if order.quote is not None and order.state not in UNSENT:
        slots = refund(order.quote, context) | thing
        fee = order.quote.fee(context.bridge_now or 0.0)
        kind = "all" if fee.minor >= order.quote.amount.minor > 0 else "fee" if fee.minor else "free"
    else:
        slots, kind = thing, "free"
    call = CloudCall(order.service, "cancel", order=order.id)
    sure, done = Phrase(f"orders.sure_{how}_{kind}", slots), Phrase(f"orders.{how}_done", slots)
    return Plan(request, (call,), done, read_back=sure, risk=Risk.CONFIRM)


def changing(request: Request, order: Order | None, body: Mapping[str, Any], sure: Phrase, done: Phrase) -> Decision:
    """Ask what an order would cost after a change; its new price and the difference are read back first."""
    if order is None or order.state not in CHANGEABLE:
        return Refusal(request, Phrase("orders.none"), "not_found")
    call = CloudCall(order.service, "change", body, order=order.id)
    return Plan(request, (call,), done, read_back=sure, risk=Risk.PAY)


def another_stop(request: Request, place: str, order: Order | None) -> Decision:
    """Ask what one more stop of the ride costs."""
    if order is None or order.state in OVER:
        return Refusal(request, Phrase("ride.none"), "not_found")
    slots: dict[str, SlotValue] = {"stop": place}
    body = {"add_stop": {"name": place}}
    return changing(request, order, body, Phrase("ride.sure_stop", slots), Phrase("ride.stop_added", slots))


def standing(request: Request, order: Order | None) -> Decision:
    """Say where an order stands, in the service's own stages where we have words for them."""
    if order is None:
        return Answer(request, Phrase("orders.none"))
    return Answer(request, told(order))


def told(order: Order) -> Phrase:
    """Return where an order stands; the dialogue's language packs hold every key."""
    slots = facts(order) | {"thing": f"@orders.thing_{order.service}"}
    stage = str(order.facts.get("service_state", ""))
    if order.state is State.IN_PROGRESS and stage in {"accepted", "arriving"} and "driver_km" in order.facts:
        return Phrase("ride.is_near", slots)
    if order.state is State.IN_PROGRESS and stage in STAGES.get(order.service, ()):
        return Phrase(f"{order.service}.is_{stage}", slots)
    return Phrase(f"orders.is_{order.state.value}", slots)


STAGES: Final = {
    "ride": ("scheduled", "processing", "accepted", "arriving", "arrived", "in_progress"),
    "meal": ("created", "cooking", "ready", "picked_up"),
}
"""The stages of a service that are told by name."""
