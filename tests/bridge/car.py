"""A car's end of the wire for tests: makes requests, keeps what comes back, believes only newer revs."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from assistant.core.consent import Factor
from assistant.core.money import Money
from assistant.core.order import OVER, Snapshot, State
from assistant.core.quote import Quote
from assistant.core.uuid7 import uuid7
from assistant.link.wire import FROM_BRIDGE, Envelope, Op, decode, encode

TRIP = {"pickup": {"name": "Wulin Square"}, "destination": {"name": "杭州东站"}}


def name() -> str:
    """Return a new id."""
    return uuid7(int(time.time() * 1000), os.urandom(10))


def request(op: Op, body: dict[str, Any], order: str = "", id_: str = "", life_s: int = 3600) -> bytes:
    """Return a request as bytes."""
    now = int(time.time())
    return encode(Envelope(id_ or name(), op, body, now, now + life_s, order))


def consent(quote: Quote, factor: Factor = Factor.VOICE, **other: Any) -> dict[str, Any]:
    """Return the body of a yes to `quote`."""
    body = {
        "digest": quote.digest,
        "amount": quote.amount.minor,
        "currency": quote.amount.currency,
        "payee": quote.payee,
        "language": "en",
        "at": int(time.time()),
        "factor": factor.value,
        "said_sha256": "0" * 64,
    }
    return {**body, **other}


class Car:
    """One vehicle that sends through `send` and is told through `hear`."""

    def __init__(self, send: Callable[[str, bytes], list[bytes]], vehicle: str = "car1") -> None:
        self.vehicle = vehicle
        self._send = send
        self._changed = threading.Condition()
        self.snapshots: dict[str, list[Snapshot]] = {}
        """Per order, only those with a higher rev than all before."""
        self.answers: dict[str, Envelope] = {}

    def hear(self, raw: bytes) -> None:
        """Take one message of the bridge."""
        message = decode(raw, FROM_BRIDGE)
        with self._changed:
            self.answers[message.id] = message
            if message.op is Op.ORDER:
                seen = self.snapshots.setdefault(message.order, [])
                if not seen or message.rev > seen[-1].rev:
                    seen.append(Snapshot.from_json(message.order, message.rev, message.body))
            self._changed.notify_all()

    def ask(self, op: Op, body: dict[str, Any], order: str = "", id_: str = "") -> Envelope:
        """Send a request and return its answer."""
        raw = request(op, body, order, id_)
        return self.send(raw)

    def send(self, raw: bytes, timeout_s: float = 20.0) -> Envelope:
        """Send bytes and return the answer to them."""
        id_ = decode(raw, frozenset(Op)).id
        with self._changed:
            self.answers.pop(id_, None)
        for answer in self._send(self.vehicle, raw):
            self.hear(answer)
        with self._changed:
            assert self._changed.wait_for(lambda: id_ in self.answers, timeout_s), "no answer"
            return self.answers[id_]

    def quote(self, service: str, method: str, args: dict[str, Any], order: str = "") -> tuple[str, Envelope]:
        """Ask for a price; return the order's id and the answer."""
        order = order or name()
        return order, self.ask(Op.QUOTE, {"service": service, "method": method, "args": args}, order)

    def order(self, service: str, method: str, args: dict[str, Any], factor: Factor = Factor.VOICE) -> str:
        """Ask for a price and say yes to it."""
        order, _ = self.quote(service, method, args)
        self.agree(order, factor)
        return order

    def agree(self, order: str, factor: Factor = Factor.VOICE) -> Envelope:
        """Say yes to the quote as it stands."""
        quote = self.last(order).quote
        assert quote is not None
        return self.ask(Op.COMMIT, consent(quote, factor), order)

    def last(self, order: str) -> Snapshot:
        """Return the newest snapshot."""
        return self.snapshots[order][-1]

    def states(self, order: str) -> list[str]:
        """Return the states an order went through, without repeats."""
        states = [snapshot.state.value for snapshot in self.snapshots.get(order, [])]
        return [state for i, state in enumerate(states) if i == 0 or states[i - 1] != state]

    def wait(self, order: str, *states: State, timeout_s: float = 20.0, where: Any = None) -> Snapshot:
        """Return the newest snapshot once it is in one of `states` (by default, over)."""
        wanted = frozenset(states) or OVER

        def there() -> bool:
            seen = self.snapshots.get(order, [])
            return bool(seen) and seen[-1].state in wanted and (where is None or where(seen[-1]))

        with self._changed:
            assert self._changed.wait_for(there, timeout_s), self.states(order)
            return self.last(order)


def paid(snapshot: Snapshot) -> Money:
    """Return what an order cost in the end."""
    assert snapshot.receipt is not None
    charged, refunded = snapshot.receipt.charged, snapshot.receipt.refunded
    return charged - refunded if refunded else charged
