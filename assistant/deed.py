"""A yes as evidence, and what became of it: done only with the bridge's own word, unknown said as unknown."""

from datetime import datetime

from assistant.core.consent import Consent, Heard, NoConsent, ReadBack, agree
from assistant.core.effect import Yes
from assistant.core.order import Order, State
from assistant.core.plan import CloudCall, Outcome, Plan, Status
from assistant.offer import word
from assistant.speak.words import render


def outside(plan: Plan) -> bool:
    """Tell whether a plan is all outside the car."""
    return bool(plan.steps) and all(isinstance(step, CloudCall) for step in plan.steps)


def evidence(call: CloudCall, yes: Yes | None, order: Order | None, bridge_now: float | None) -> Consent | NoConsent:
    """Return the yes bound to the digest that was read back, or why it is none; `bridge_now` is epoch seconds of the bridge."""
    if yes is None or order is None or order.quote is None or bridge_now is None:
        return NoConsent.OTHER_QUOTE
    said = render(yes.read_back, yes.language, datetime.now().astimezone().date())
    read = ReadBack(order.id, call.digest, said, 0, yes.read_at)
    return agree(order.quote, read, Heard(yes.heard, 0, yes.at, language=yes.language), bridge_now)


def became(call: CloudCall, order: Order) -> Outcome | None:
    """Return the outcome as the order stands now; None while it is open."""
    if order.state is State.UNKNOWN:
        return Outcome(call, Status.UNKNOWN, reason="no_answer")
    return _bought(call, order) if call.digest else _cancelled(call, order)


def _bought(call: CloudCall, order: Order) -> Outcome | None:
    """Done is a receipt for exactly the quote that was agreed to."""
    if order.state in {State.IN_PROGRESS, State.DONE}:
        if order.receipt is not None and order.bound == call.digest:
            return Outcome(call, Status.DONE, receipt=order.receipt.reference, reason=word(order.reason))
        return Outcome(call, Status.REFUSED, reason=word(order.reason)) if order.reason and not order.agreed else None
    if order.awaits_consent:
        return Outcome(call, Status.REFUSED, reason=word(order.reason) or "price_changed")
    if order.state in {State.REFUSED, State.CANCELLED, State.EXPIRED, State.WISHED}:
        return Outcome(call, Status.REFUSED, reason=word(order.reason))
    return Outcome(call, Status.FAILED, reason=word(order.reason)) if order.state is State.FAILED else None


def _cancelled(call: CloudCall, order: Order) -> Outcome | None:
    """Done is the bridge's word that it is cancelled, or an order that never left the car."""
    if order.state is State.CANCELLED:
        back = order.receipt.refunded if order.receipt is not None else None
        return Outcome(call, Status.DONE, receipt=str(back) if back is not None else "cancelled")
    if order.state in {State.REFUSED, State.FAILED, State.EXPIRED}:
        return Outcome(call, Status.REFUSED, reason=word(order.reason))
    refused = order.state in {State.IN_PROGRESS, State.DONE} and order.reason
    return Outcome(call, Status.REFUSED, reason=word(order.reason)) if refused else None
