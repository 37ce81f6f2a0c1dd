"""What the bridge says, applied to the order book: each message once, and only what can follow."""

import re
from typing import Final

from assistant.core.order import Snapshot, State, advance
from assistant.courier.notice import Alarm, Answered, ErasureDone, Notice, OrderChanged
from assistant.courier.post import Post
from assistant.courier.watch import given_up, record_state
from assistant.ledger.audit import Head
from assistant.ledger.change import Message
from assistant.ledger.store import Ledger
from assistant.link.wire import FROM_BRIDGE, Envelope, Fault, Op, WireError, decode

REFUSALS_KEPT_S: Final = 60.0
"""A refused message is audited at most once in so long for each kind of fault: a flood must not fill the disk."""
FORGOTTEN_S: Final = 3_600.0
"""How long to wait before asking again about an order the bridge has forgotten."""
_WORD: Final = re.compile(r"[a-z][a-z_]{0,39}")


def hear(raw: bytes, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Apply one message; nothing that is not whole, ours and in time has any effect but a line in the audit."""
    try:
        envelope = decode(raw, FROM_BRIDGE, ledger.clock.bridge_now())
        match envelope.op:
            case Op.PONG:
                return _pong(envelope, ledger, post)
            case Op.ORDER:
                return _order(envelope, ledger, post)
            case Op.ANSWER:
                return _answer(envelope, post)
            case Op.ERASED:
                return _erased(envelope, ledger, post)
            case _:
                return _problem(envelope, ledger, post)
    except WireError as error:
        _refused(error.fault, ledger, post)
        return ()


def _pong(envelope: Envelope, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Learn the bridge's time, and compare the audit chain with the head the bridge keeps."""
    now, kept, length = (envelope.body.get(key) for key in ("now", "head", "length"))
    if envelope.id not in post.pings:
        raise WireError(Fault.FOREIGN, "a pong to no ping of ours")
    if (
        not isinstance(now, int | float)
        or isinstance(now, bool)
        or type(length) is not int
        or not isinstance(kept, str)
    ):
        raise WireError(Fault.MALFORMED, "not a pong")
    post.ponged()
    ledger.clock.learn(float(now))
    ours = ledger.hash_at(length)
    if length > ledger.head().length or (ours is not None and ours != kept):
        if post.alarmed:
            return ()
        post.alarmed = True
        with ledger.change() as change:
            change.record("audit_differs", {"length": str(length), "hash": kept[:64]})
        return (Alarm("audit_differs"),)
    if ours is not None and length > post.anchored:
        post.anchored = length
        with ledger.change() as change:
            change.anchor(Head(length, kept))
    return ()


def _order(envelope: Envelope, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Apply a snapshot, and take the message it answers out of the outbox."""
    order = ledger.order(envelope.order)
    if order is None:
        raise WireError(Fault.FOREIGN, "an order that is not ours")
    try:
        snapshot = Snapshot.from_json(envelope.order, envelope.rev, envelope.body)
    except ValueError as error:
        raise WireError(Fault.MALFORMED, f"not an order: {error}") from error
    asked = post.asked.pop(envelope.id, None)
    after = advance(order, snapshot, asked=asked is not None and asked.op == Op.STATUS)
    if after is order and ledger.waiting(envelope.id) is None:
        return ()
    with ledger.change() as change:
        change.answered(envelope.id)
        if after is not order:
            change.put(after)
            record_state(change, after)
    post.forget(envelope.id)
    return () if after is order else (OrderChanged(order, after),)


def _answer(envelope: Envelope, post: Post) -> tuple[Notice, ...]:
    """Pass on the answer to a question that still waits for one."""
    result = envelope.body.get("result")
    if isinstance(result, list):
        result = {"found": result}
    if not isinstance(result, dict):
        raise WireError(Fault.MALFORMED, "not an answer")
    asked = post.asked.pop(envelope.id, None)
    return () if asked is None or asked.op != Op.ASK else (Answered(envelope.id, result),)


def _erased(envelope: Envelope, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Pass on that the bridge has erased its copy."""
    receipt = envelope.body.get("receipt")
    if not isinstance(receipt, str):
        raise WireError(Fault.MALFORMED, "not an erasure")
    waiting = ledger.waiting(envelope.id)
    if waiting is None or waiting.op != Op.ERASE:
        return ()
    with ledger.change() as change:
        change.answered(envelope.id)
        change.record("erased_by_bridge", {"receipt": receipt[:64]})
    post.forget(envelope.id)
    return (ErasureDone(receipt),)


def _problem(envelope: Envelope, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Take a refused message for what it is: the message, not the order, was refused."""
    reason = envelope.body.get("reason")
    if not isinstance(reason, str) or _WORD.fullmatch(reason) is None:
        raise WireError(Fault.MALFORMED, "not a problem")
    asked = post.asked.pop(envelope.id, None)
    if asked is not None:
        if asked.op == Op.ASK:
            return (Answered(envelope.id, None, reason),)
        return _forgotten(asked.order, ledger, post) if reason == "unknown_order" else ()
    waiting = ledger.waiting(envelope.id)
    if waiting is None or reason == "busy" or _may_still_arrive(waiting, ledger):
        return ()
    post.forget(envelope.id)
    return given_up(waiting, reason, ledger, post)


def _may_still_arrive(message: Message, ledger: Ledger) -> bool:
    """Tell whether it is a yes of which another copy may still be under way: one refused copy proves nothing before its time is past."""
    order = ledger.order(message.order) if message.op == Op.COMMIT else None
    return order is not None and order.state is State.SENT


def _forgotten(order_id: str, ledger: Ledger, post: Post) -> tuple[Notice, ...]:
    """Say that the bridge does not know an order it once quoted: only people can find out what became of it."""
    with ledger.change() as change:
        change.record("forgotten_by_bridge", {"order": order_id})
    post.status_at[order_id] = post.now + FORGOTTEN_S
    return (Alarm("order_forgotten"),)


def _refused(fault: Fault, ledger: Ledger, post: Post) -> None:
    """Write down that a message was refused, but not each one of a flood."""
    if post.now >= post.refused_at.get(fault, post.now):
        post.refused_at[fault] = post.now + REFUSALS_KEPT_S
        with ledger.change() as change:
            change.record("message_refused", {"fault": fault.value})
