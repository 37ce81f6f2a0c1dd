"""What time does to orders and messages: repeats, expiries, fresh prices for wishes, questions about what is unknown."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from assistant.core.context import Connectivity
from assistant.core.order import Order, State, move
from assistant.courier.notice import Alarm, Answered, Notice, OrderChanged, Reached
from assistant.courier.post import Post
from assistant.ledger.change import Change, Message
from assistant.ledger.store import Ledger
from assistant.link.outgoing import call_body, plain_body
from assistant.link.wire import Op

NO_ANSWER: Final = "no_answer"
"""Why an order is UNKNOWN although the bridge never said so: its yes was sent and nothing came back."""
QUOTE_S: Final = 30.0
STATUS_LIFE_S: Final = 10.0
STATUS_UNKNOWN_S: Final = 10.0
"""How often to ask about an order nobody knows about; the first time after so long, so that no yes is still on its way."""
STATUS_LIVE_S: Final = 60.0
TIDY_S: Final = 3_600.0
_LIVE: Final = (State.ACCEPTED, State.IN_PROGRESS, State.CANCELLING)
_WAITING: Final = (State.WISHED, State.QUOTING, State.QUOTED, State.CONSENTED)


def watch(ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Let time pass; everything the returned notices say is written."""
    if post.ping_due:
        post.ping()
    notices = [*_reach(ledger, post), *_unanswered(post), *_late_messages(ledger, post), *_late_orders(ledger, post)]
    if post.connectivity is Connectivity.ONLINE:
        notices += [*_wishes(ledger, post)]
        _ask_status(ledger, post)
        flush(ledger, post)
    if post.now >= post.tidy_at:
        post.tidy_at = post.now + TIDY_S
        ledger.tidy()
    return tuple(notices)


def flush(ledger: Ledger, post: Post) -> None:
    """Send what the outbox holds and whose pause is over; a yes is written as SENT before its first try."""
    if post.connectivity is not Connectivity.ONLINE:
        return
    for message in ledger.outbox():
        if message.op == Op.COMMIT:
            order = ledger.order(message.order)
            if order is not None and order.state is State.CONSENTED:
                with ledger.change() as change:
                    change.put(move(order, State.SENT))
        post.try_again(message)


def quote(change: Change, post: Post, order: Order) -> Order:
    """Ask for the price of an order that is wished; returns it as it stands now."""
    quoting = move(order, State.QUOTING)
    change.put(quoting)
    body = call_body(order.service, order.method, order.body)
    change.post(post.message(Op.QUOTE, order.id, body, min(QUOTE_S, order.due - post.now)))
    return quoting


def rewished(order: Order, reason: str = "") -> Order:
    """Return the order as a wish again: no price, no yes."""
    return replace(move(order, State.WISHED, reason), quote=None, consent=None)


def record_state(change: Change, order: Order) -> None:
    """Write where an order stands into the audit."""
    facts = {"order": order.id, "state": order.state.value, "rev": str(order.rev), "reason": order.reason[:64]}
    if order.quote is not None:
        facts["digest"] = order.quote.digest
    if order.receipt is not None:
        facts["charged"] = str(order.receipt.charged)
    change.record("state", facts)


def given_up(message: Message, reason: str, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Take a message out of the outbox that will not be answered any more, and draw the consequence for its order."""
    order = ledger.order(message.order) if message.order else None
    after = None if order is None else _without(message, order, reason)
    with ledger.change() as change:
        change.answered(message.id)
        change.record("given_up", {"op": message.op, "order": message.order, "reason": reason})
        if after is not None and after is not order:
            change.put(after)
            record_state(change, after)
    if after is order and order is not None:
        return ()
    if order is None or after is None:
        return (Alarm(f"{message.op}_{reason}"),) if message.op == Op.ERASE else ()
    if after.state is State.UNKNOWN:
        post.status_at[order.id] = post.now + STATUS_UNKNOWN_S
    return (OrderChanged(order, after),)


def _without(message: Message, order: Order, reason: str) -> Order:
    """Return the order now that its message got no answer."""
    match message.op, order.state:
        case (Op.QUOTE, State.QUOTING) if reason in {NO_ANSWER, "expired"}:
            return rewished(order)
        case (Op.QUOTE, State.QUOTING):
            return move(order, State.CANCELLED, reason)
        case (Op.COMMIT, State.CONSENTED):
            return rewished(order, "consent_too_late")
        case (Op.COMMIT, State.SENT):
            return move(order, State.UNKNOWN, NO_ANSWER)
        case (Op.COMMIT, _) if order.bound != message.body.get("digest"):
            return replace(order, consent=None, reason=reason)
        case (Op.COMMIT, _):
            return order
        case _:
            return replace(order, reason=reason)


def _reach(ledger: Ledger, post: Post) -> Iterator[Notice]:
    """Tell when the connectivity has changed; coming online, every live order is asked about at once.

    One that has just become unknown still waits: its yes may be under way to a bridge whose clock is behind.
    """
    reach = post.connectivity
    if reach is not post.said:
        if reach is Connectivity.ONLINE:
            soon = post.now + STATUS_UNKNOWN_S
            unknown = {order.id for order in ledger.orders(State.UNKNOWN)}
            post.status_at = {key: at for key, at in post.status_at.items() if key in unknown and at <= soon}
        post.said = reach
        yield Reached(reach)


def _unanswered(post: Post) -> Iterator[Notice]:
    """Give up questions whose time is past."""
    for message in [message for message in post.asked.values() if message.due <= post.now]:
        del post.asked[message.id]
        if message.op == Op.ASK:
            yield Answered(message.id, None, "timeout")


def _late_messages(ledger: Ledger, post: Post) -> Iterator[Notice]:
    """Give up messages whose time is past."""
    for message in ledger.outbox():
        if message.due <= post.now:
            post.forget(message.id)
            yield from given_up(message, NO_ANSWER, ledger, post)


def _late_orders(ledger: Ledger, post: Post) -> Iterator[Notice]:
    """Expire wishes that are no longer wanted, and drop prices that no longer hold."""
    bridge_now = ledger.clock.bridge_now()
    for order in ledger.orders(*_WAITING):
        if order.due <= post.now:
            after = move(order, State.EXPIRED, "wish_expired")
        elif (
            order.state is State.QUOTED and bridge_now is not None and order.quote and order.quote.expires <= bridge_now
        ):
            after = rewished(order, "quote_expired")
        else:
            continue
        with ledger.change() as change:
            change.silence(order.id)
            change.put(after)
            record_state(change, after)
        yield OrderChanged(order, after)


def _wishes(ledger: Ledger, post: Post) -> Iterator[Notice]:
    """Ask for a fresh price of every wish that was kept."""
    for order in ledger.orders(State.WISHED):
        with ledger.change() as change:
            after = quote(change, post, order)
        yield OrderChanged(order, after)


def _ask_status(ledger: Ledger, post: Post) -> None:
    """Ask the bridge where orders stand that are unknown or have been silent."""
    for order in ledger.orders(State.UNKNOWN, *_LIVE):
        if post.now < post.status_at.get(order.id, 0.0):
            continue
        message = post.message(Op.STATUS, order.id, plain_body(Op.STATUS, {}), STATUS_LIFE_S)
        if post.send(message):
            post.asked[message.id] = message
            every_s = STATUS_UNKNOWN_S if order.state is State.UNKNOWN else STATUS_LIVE_S
            post.status_at[order.id] = post.now + every_s
