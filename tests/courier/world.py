"""A courier with a real order book, a radio that can be told to misbehave, and a small bridge that keeps the protocol."""

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.core.consent import Agreed, Consent, Heard, ReadBack, agree
from assistant.core.context import Connectivity
from assistant.core.limits import Limits
from assistant.core.money import Money
from assistant.core.order import Order, Receipt, Snapshot, State
from assistant.core.quote import Item, Quote, Refund
from assistant.core.uuid7 import uuid7
from assistant.courier import Courier, Notice, OrderChanged
from assistant.ledger.store import Ledger
from assistant.link.wire import FROM_CAR, Envelope, Op, decode, encode

EPOCH = 1_790_000_000
LIMITS = Limits(Money(5_000, "CNY"), Money(20_000, "CNY"))


class Bridge:
    """Orders by id, each bought at most once; a `rev` a change; the same message twice gets the same state."""

    def __init__(self, names: random.Random) -> None:
        self.orders: dict[str, Snapshot] = {}
        self.bought: dict[str, int] = {}
        self.chance = names
        self.now = float(EPOCH)
        self.price = 2_350
        self.quote_s = 120
        self.head: tuple[int, str] = (0, "")
        self.heard: list[Envelope] = []
        self.erased = 0
        self.news: list[bytes] = []

    def handle(self, raw: bytes) -> list[bytes]:
        """Answer one message."""
        said = decode(raw, FROM_CAR, self.now)
        self.heard.append(said)
        op, body = self.answer(said)
        rev = self.orders[said.order].rev if op is Op.ORDER else 0
        return [self.envelope(op, said.id, said.order, rev, body)]

    def envelope(self, op: Op, key: str, order: str, rev: int, body: Mapping[str, Any]) -> bytes:
        return encode(Envelope(key, op, body, int(self.now), int(self.now) + 600, order, rev))

    def answer(self, said: Envelope) -> tuple[Op, Mapping[str, Any]]:
        """Return the answer's op and body."""
        if said.op is Op.PING:
            if said.body["length"] >= self.head[0]:
                self.head = (said.body["length"], said.body["head"])
            return Op.PONG, {"now": self.now, "length": self.head[0], "head": self.head[1]}
        if said.op is Op.ASK:
            return Op.ANSWER, {"result": {"asked": said.body["method"]}}
        if said.op is Op.ERASE:
            self.erased += 1
            return Op.ERASED, {"receipt": "E-1", "rows": 3}
        if said.op is not Op.QUOTE and said.order not in self.orders:
            return Op.PROBLEM, {"reason": "unknown_order"}
        return Op.ORDER, self.moved(said).to_json()

    def moved(self, said: Envelope) -> Snapshot:
        """Return the order after a message about it."""
        held = self.orders.get(said.order)
        if held is None or (said.op is Op.QUOTE and held.state is State.QUOTED):
            return self.set(said.order, State.QUOTED, quote=self.quote())
        if said.op is Op.COMMIT:
            return self.commit(held, Agreed.from_json(said.order, said.body))
        if said.op is Op.CANCEL and held.state not in {State.CANCELLED, State.REFUSED}:
            return self.set(said.order, State.CANCELLED, reason="cancelled_by_you")
        if said.op is Op.APPROVE:
            return self.set(said.order, held.state, approved=said.body["digest"])
        if said.op is Op.CHANGE:
            return self.set(said.order, held.state, quote=replace(self.quote(), payee="Didi XL"))
        return held

    def commit(self, held: Snapshot, agreed: Agreed) -> Snapshot:
        """Buy it, once, if the yes is to the price as it stands."""
        if held.bound == agreed.digest:
            return held
        if held.quote is None or not agreed.binds(held.order, held.quote) or held.state is State.CANCELLED:
            return held
        if held.quote.amount.minor != self.price and held.state is State.QUOTED:
            return self.set(held.order, State.QUOTED, quote=self.quote())
        if held.state is not State.QUOTED:
            return self.set(held.order, held.state, bound=agreed.digest)
        self.bought[held.order] = self.bought.get(held.order, 0) + 1
        return self.set(held.order, State.ACCEPTED, bound=agreed.digest)

    def quote(self) -> Quote:
        amount = Money(self.price, "CNY")
        return Quote("Didi", amount, (Item("ride", self.price),), (Refund(0),), int(self.now) + self.quote_s)

    def set(self, order: str, state: State, **changes: Any) -> Snapshot:
        """Change an order; its rev grows."""
        held = self.orders.get(order, Snapshot(order, 0, state))
        self.orders[order] = replace(held, state=state, rev=held.rev + 1, **changes)
        return self.orders[order]

    def tell(self, order: str, state: State, **changes: Any) -> bytes:
        """Change an order and return the news of it."""
        if state is State.DONE:
            quote = self.orders[order].quote
            assert quote is not None
            changes["receipt"] = Receipt("R-1", quote.amount, int(self.now))
        held = self.set(order, state, **changes)
        return self.envelope(Op.ORDER, uuid7(1, self.chance.randbytes(10)), order, held.rev, held.to_json())


class Radio:
    """The link: what is sent waits until it is delivered, or is lost."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[bytes] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def send(self, raw: bytes, message: str, life_s: int) -> bool:  # noqa: ARG002  the port's shape
        if self.up:
            self.sent.append(raw)
        return self.up


class World:
    """All of it, with a clock moved by hand."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.at = 1_000.0
        self.boot = "boot-1"
        self.chance = random.Random(seed)
        self.bridge = Bridge(self.chance)
        self.radio = Radio()
        self.notices: list[Notice] = []
        self.start()

    def start(self) -> None:
        """Start the car's process (again)."""
        self.ledger = Ledger(self.folder / "orders.sqlite", self.boot, lambda: self.at)
        self.courier = Courier(
            self.ledger, self.radio, LIMITS, lambda: uuid7(int(self.at), self.chance.randbytes(10)), self.chance.random
        )

    def kill(self) -> None:
        """Lose everything that was only in memory."""
        self.ledger.close()
        self.radio.sent.clear()
        self.start()

    def deliver(self) -> None:
        """Let every message reach the bridge and every answer the car, until there is silence."""
        while self.radio.sent:
            for reply in self.bridge.handle(self.radio.sent.pop(0)):
                self.hear(reply)

    def hear(self, raw: bytes) -> None:
        self.notices += self.courier.hear(raw)

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass for everybody, then deliver."""
        self.at += seconds
        self.bridge.now += seconds
        self.notices += self.courier.tick()

    def pass_time(self, seconds: int, *, deliver: bool = True) -> None:
        for _ in range(seconds):
            self.tick()
            if deliver:
                self.deliver()

    def online(self) -> None:
        """Bring the link up and hear the bridge."""
        self.radio.up = True
        self.notices += self.courier.linked(Connectivity.LINK)
        self.deliver()
        assert self.courier.connectivity is Connectivity.ONLINE

    def offline(self) -> None:
        self.radio.up = False
        self.radio.sent.clear()
        self.notices += self.courier.linked(Connectivity.OFFLINE)

    def wish(self, within_s: float = 3_600) -> Order:
        return self.courier.wish("ride", "book", {"seats": 2, "destination": {"name": "station"}}, within_s)

    def order(self, order: Order | str) -> Order:
        found = self.ledger.order(order if isinstance(order, str) else order.id)
        assert found is not None
        return found

    def quoted(self) -> Order:
        """Wish and receive a price."""
        order = self.wish()
        self.deliver()
        order = self.order(order)
        assert order.awaits_consent
        return order

    def yes(self, order: Order) -> Consent:
        """Return a yes to the order's price as it stands in this copy."""
        assert order.quote is not None
        read = ReadBack(order.id, order.quote.digest, "23.50 to Didi?", 1, 10.0)
        consent = agree(order.quote, read, Heard("yes", 1, 11.0), self.bridge.now)
        assert isinstance(consent, Consent)
        return consent

    def states(self, order: Order) -> list[State]:
        """Return the states the house was told of, in order."""
        return [n.after.state for n in self.notices if isinstance(n, OrderChanged) and n.after.id == order.id]
