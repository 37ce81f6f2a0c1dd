"""Cars on a real broker: every answer and all news come in over MQTT."""

import threading
import time
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from assistant.core.order import OVER, Snapshot
from assistant.link import topics
from assistant.link.wire import Op, decode
from tests.bridge.car import Car, consent, name, request


class Radio:
    """One connection that serves many cars; it comes back when the broker does."""

    def __init__(self, port: int) -> None:
        self.cars: dict[str, Car] = {}
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"radio-{name()}", protocol=MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("v/+/rsp", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _client, _data, message: self._heard(message.topic, bytes(message.payload))
        self._client.reconnect_delay_set(1, 1)
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", port, keepalive=5, clean_start=False, properties=session)
        self._client.loop_start()
        assert self._ready.wait(20)

    def car(self, vehicle: str) -> Car:
        """Return a car that speaks over this connection."""
        self.cars[vehicle] = Car(self._send, vehicle)
        return self.cars[vehicle]

    def publish(self, vehicle: str, raw: bytes) -> None:
        """Send without waiting for an answer."""
        self._client.publish(topics.request(vehicle), raw, qos=1)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _send(self, vehicle: str, raw: bytes) -> list[bytes]:
        self.publish(vehicle, raw)
        return []

    def _heard(self, topic: str, raw: bytes) -> None:
        vehicle = topics.vehicle_of(topic)
        if vehicle in self.cars:
            self.cars[vehicle].hear(raw)


class Errand:
    """One order that a stubborn car wants: it asks again by the same ids until it knows how it ended, as an outbox does."""

    def __init__(self, car: Car, radio: Radio, service: str, method: str, args: dict[str, Any]) -> None:
        self.order = name()
        self._car, self._radio = car, radio
        self._quote = request(Op.QUOTE, {"service": service, "method": method, "args": args}, self.order)
        self._commit: bytes = b""
        self._digest = ""

    @property
    def last(self) -> Snapshot | None:
        """Return the newest snapshot."""
        seen = self._car.snapshots.get(self.order)
        return seen[-1] if seen else None

    @property
    def settled(self) -> bool:
        """Tell whether it is bought or over."""
        last = self.last
        return last is not None and (last.state in OVER or last.receipt is not None)

    def push(self) -> None:
        """Send whatever it waits for, once more."""
        last = self.last
        if last is None:
            self._radio.publish(self._car.vehicle, self._quote)
        elif last.state == "quoted" and last.quote is not None:
            if last.quote.digest != self._digest:
                self._digest = last.quote.digest
                self._commit = request(Op.COMMIT, consent(last.quote), self.order)
            self._radio.publish(self._car.vehicle, self._commit)
        else:
            self._radio.publish(self._car.vehicle, request(Op.STATUS, {}, self.order))


def settle_all(errands: list[Errand], timeout_s: float, every_s: float = 1.0) -> None:
    """Push errands until all are settled."""
    ends = time.monotonic() + timeout_s
    while (open_ := [errand for errand in errands if not errand.settled]) and time.monotonic() < ends:
        for errand in open_:
            errand.push()
        time.sleep(every_s)
    assert not open_, [(errand.order, errand.last and errand.last.state) for errand in open_]


def problems(car: Car) -> list[str]:
    """Return the reasons of all problems that a car was told."""
    return [str(answer.body["reason"]) for answer in car.answers.values() if answer.op is Op.PROBLEM]


__all__ = ["Errand", "Radio", "decode", "problems", "settle_all"]
