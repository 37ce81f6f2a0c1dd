"""Simulated cars on a real broker: each wants one coffee, says yes to its price, and asks again until it has a receipt."""

import math
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from assistant.core.consent import Factor
from assistant.core.order import OVER, Snapshot, State
from assistant.core.quote import Quote
from assistant.core.uuid7 import uuid7
from assistant.errors import CabinError
from assistant.link import topics
from assistant.link.wire import FROM_BRIDGE, Envelope, Op, WireError, decode, encode

WISH: Final = {"service": "meal", "method": "order", "args": {"lines": [{"dish": "latte"}]}}
AGAIN_S: Final = 2.0
"""How long an answer may take before the same message goes out again."""
IN_FLIGHT: Final = 1000


@dataclass(slots=True)
class Errand:
    """One order of one car; times are monotonic seconds, 0 for not yet."""

    order: str
    vehicle: str
    message: bytes
    """What waits for an answer."""
    sent: float
    committed: float = 0.0
    accepted: float = 0.0
    done: float = 0.0
    last: Snapshot | None = None

    @property
    def settled(self) -> bool:
        """Tell whether it has a receipt or has ended without one."""
        return bool(self.done) or (self.last is not None and self.last.state in OVER)


class Fleet:
    """Cars that share one connection, which comes back when the broker does."""

    def __init__(self, port: int, *, outbox: bool = True) -> None:
        """Connect; without `outbox` a message is sent once and forgotten when the broker has it. Raises CabinError."""
        self._outbox = outbox
        self._name = f"{time.time_ns():x}"
        self.errands: dict[str, Errand] = {}
        self._open: dict[str, Errand] = {}
        """Those that are not settled."""
        self._changed = threading.Condition()
        ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"fleet-{self._name}", protocol=MQTTv5)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.on_connect = lambda client, *_: client.subscribe("v/+/rsp", qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = lambda _client, _data, message: self._heard(message)
        self._client.on_socket_open = _no_delay
        self._client.reconnect_delay_set(1, 1)
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 600
        self._client.connect("127.0.0.1", port, keepalive=5, clean_start=False, properties=session)
        self._client.loop_start()
        if not ready.wait(20):
            raise CabinError("the broker does not answer", "the machine may be too busy: try again")

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def wish(self) -> Errand:
        """Let a car that has not ordered before ask for a price; the rest follows by itself."""
        order, vehicle = _name(), f"bench-{self._name}-{len(self.errands)}"
        errand = Errand(order, vehicle, ask(Op.QUOTE, WISH, order), time.monotonic())
        with self._changed:
            self.errands[order] = self._open[order] = errand
        self._publish(errand)
        return errand

    def cancel(self, errand: Errand) -> None:
        """Let a car take its order back; `again` until it has."""
        errand.message = ask(Op.CANCEL, {}, errand.order)
        self.again(errand)

    def again(self, errand: Errand) -> None:
        """Send a car's message once more if it is time: what lay at the broker for a dead bridge is lost."""
        if time.monotonic() - errand.sent >= AGAIN_S:
            errand.sent = time.monotonic()
            self._publish(errand)

    def hold(self, most: int, timeout_s: float) -> bool:
        """Wait until at most `most` orders are open, asking again for those without an answer; tell whether it came so."""
        ends = time.monotonic() + timeout_s
        while True:
            with self._changed:
                if len(self._open) <= most:
                    return True
                self._changed.wait(0.2)
                open_ = list(self._open.values())
            now = time.monotonic()
            if now >= ends:
                return False
            if self._outbox:
                self._push(open_, now)

    def _push(self, errands: list[Errand], now: float) -> None:
        """Send again what was not answered."""
        for errand in errands:
            if now - errand.sent >= AGAIN_S:
                errand.sent = now
                if errand.accepted:
                    errand.message = ask(Op.STATUS, {}, errand.order)
                self._publish(errand)

    def _publish(self, errand: Errand) -> None:
        """Send an errand's message."""
        self._client.publish(topics.request(errand.vehicle), errand.message, qos=1)

    def _heard(self, message: MQTTMessage) -> None:
        """Take one message of the bridge; what is not an order's news changes nothing."""
        try:
            told = decode(bytes(message.payload), FROM_BRIDGE)
        except WireError:
            return
        errand = self.errands.get(told.order)
        if told.op is not Op.ORDER or errand is None:
            return
        if errand.last is None or told.rev > errand.last.rev:
            with self._changed:
                self._follow(errand, Snapshot.from_json(told.order, told.rev, told.body))
                if errand.settled and self._open.pop(errand.order, None) is not None:
                    self._changed.notify_all()

    def _follow(self, errand: Errand, now: Snapshot) -> None:
        """Say yes to a price, and note when the order was accepted and done."""
        before, errand.last, at = errand.last, now, time.monotonic()
        if now.state is State.QUOTED and now.quote is not None:
            if before is None or before.quote != now.quote:
                errand.message = ask(Op.COMMIT, _yes(now.quote), errand.order)
                errand.sent = errand.committed = at
                self._publish(errand)
            return
        errand.accepted = errand.accepted or at
        if now.receipt is not None:
            errand.done = errand.done or at


def figures(seconds: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds (nearest rank); NaN-free: an empty list gives zeros."""
    ranked = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ranked[max(0, math.ceil(share * len(ranked)) - 1)], 1) if ranked else 0.0

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99)}


def _yes(quote: Quote) -> dict[str, Any]:
    """Return the body of a yes to a price."""
    return {
        "digest": quote.digest,
        "amount": quote.amount.minor,
        "currency": quote.amount.currency,
        "payee": quote.payee,
        "language": "en",
        "at": int(time.time()),
        "factor": Factor.VOICE.value,
        "said_sha256": "0" * 64,
    }


def _no_delay(_client: object, _data: object, sock: Any) -> None:
    """Send small packets at once."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _name() -> str:
    """Return a new id."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def ask(op: Op, body: dict[str, Any], order: str = "") -> bytes:
    """Return a message that means something for ten minutes."""
    now = int(time.time())
    return encode(Envelope(_name(), op, body, now, now + 600, order))
