"""The bridge's end of MQTT 5: one of `$share/bridge`, PUBACK only once all is committed."""

import logging
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from assistant.bridge.outgoing import NotNowError
from assistant.bridge.pieces import Client
from assistant.errors import UsageError
from assistant.link import topics

_log = logging.getLogger(__name__)

KEEPALIVE_S: Final = 15
SESSION_S: Final = 10
"""How long the broker keeps requests for a bridge that is away: long enough for a restart, and no longer, because it goes
on giving its share of new requests to a bridge that will not come back. What is lost then, the cars send again."""
UNACKED: Final = 200
"""Requests the broker may have under way to us, and answers we to it. mosquitto 2.0.11 gives out more: one that expires while it
waits there widens its window; so answers have a window of their own, and what expires here is dropped."""
LEAVE_S: Final = 2.0
"""How long a bridge that leaves waits for the broker to take what it said last."""
WORKERS: Final = 8
PAUSE_S: Final = 0.005
READS: Final = 64
"""Questions that are answered together, at most."""
_ASKS: Final = re.compile(rb'"op":"(?:ping|status)"')
"""What probably only asks; whatever else has such words in it is handled like all the rest in the end."""
NEWS_LIFE_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Broker:
    """Where and as whom to connect."""

    url: str
    """`mqtt://host:port` or `mqtts://host:port`."""
    client: str
    cert: str = ""
    key: str = ""
    ca: str = ""


def check(broker: Broker) -> None:
    """Refuse an address or papers that cannot be used. Raises UsageError."""
    if _address(broker.url)[2]:
        _tls(broker)


class Consumer:
    """Takes requests from the broker and gives answers and news to it."""

    def __init__(
        self,
        broker: Broker,
        handle: Callable[[str, bytes], list[bytes]],
        read: Callable[[Sequence[tuple[str, bytes]]], Sequence[bytes | None]],
    ) -> None:
        """`handle` returns the answers once everything is committed; `read` those to many that only ask, None for what must be handled."""
        self._handle = handle
        self._read = read
        self._host, self._port, secure = _address(broker.url)
        self._requests: queue.SimpleQueue[paho.MQTTMessage | None] = queue.SimpleQueue()
        self._questions: queue.SimpleQueue[tuple[str, paho.MQTTMessage] | None] = queue.SimpleQueue()
        self._unsent: dict[int, Callable[[], None]] = {}
        self._early: set[int] = set()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._leaving = False
        self._workers = [threading.Thread(target=self._work, name="requests", daemon=True) for _ in range(WORKERS)]
        self._reader = threading.Thread(target=self._work_off, name="questions", daemon=True)
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=broker.client, protocol=paho.MQTTv5, manual_ack=True
        )
        if secure:
            self._client.tls_set_context(_tls(broker))
        self._client.max_inflight_messages_set(UNACKED)
        self._client.reconnect_delay_set(1, 30)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = lambda _client, _data, message: self._take(message)
        self._client.on_publish = lambda _client, _data, mid, _code, _properties: self._published(mid)
        self._client.on_socket_open = _no_delay

    def open(self, timeout_s: float) -> bool:
        """Connect and go on trying; tell whether requests come in after `timeout_s` seconds."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = UNACKED
        for worker in (self._reader, *self._workers):
            worker.start()
        self._client.connect_async(self._host, self._port, KEEPALIVE_S, clean_start=False, properties=properties)
        self._client.loop_start()
        return self._ready.wait(timeout_s)

    def deliver(self, vehicle: str, raw: bytes, sent: Callable[[], None]) -> None:
        """Publish to a vehicle; `sent` is called once the broker has it. Raises NotNowError while there is no broker."""
        if not self._client.is_connected() or not self._publish(vehicle, raw, _lasting(), sent):
            raise NotNowError

    def close(self) -> None:
        """Take no more requests, finish those that were taken, leave."""
        self._leaving = True
        self._client.unsubscribe(topics.ALL_REQUESTS)
        self._questions.put(None)
        self._reader.join(timeout=10)
        for _ in self._workers:
            self._requests.put(None)
        for worker in self._workers:
            worker.join(timeout=10)
        ends = time.monotonic() + LEAVE_S
        while self._unsent and time.monotonic() < ends:
            time.sleep(0.01)
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, message: paho.MQTTMessage) -> None:
        """Queue a request; one without a promise of delivery is none, and nothing would bound how many there are."""
        if not message.qos:
            return
        vehicle = topics.vehicle_of(message.topic)
        if vehicle is not None and _ASKS.search(message.payload):
            self._questions.put((vehicle, message))
        else:
            self._requests.put(message)

    def _work_off(self) -> None:
        """Answer questions, all that have come at a time; what cannot be answered like that goes to the workers."""
        while (first := self._questions.get()) is not None:
            while len(self._unsent) >= UNACKED and not self._leaving:
                time.sleep(PAUSE_S)
            some = [first]
            while len(some) < READS and not self._questions.empty():
                one = self._questions.get()
                if one is None:
                    self._questions.put(None)
                    break
                some.append(one)
            some = [one for one in some if not self._dropped(one[1])]
            try:
                answers = self._read([(vehicle, bytes(message.payload)) for vehicle, message in some])
            except Exception:  # noqa: BLE001  many messages must not fail with one
                _log.exception("not read", extra={"fields": {"questions": len(some)}})
                answers = [None] * len(some)
            for (vehicle, message), raw in zip(some, answers, strict=True):
                if raw is None:
                    self._requests.put(message)
                else:
                    self._reply(vehicle, message, raw)

    def _dropped(self, message: paho.MQTTMessage) -> bool:
        """Let the broker forget a question whose time has passed, as its car has asked again; tells whether it was one."""
        life_s = getattr(message.properties, "MessageExpiryInterval", None)
        stale = life_s is not None and time.monotonic() - message.timestamp > life_s
        if stale:
            self._done(message)
        return stale

    def _work(self) -> None:
        """Handle requests one after another.

        One that fails for good is acknowledged too: the broker would only hold it, and in the end give out no others; its
        car, which got no answer, asks again.
        """
        while (message := self._requests.get()) is not None:
            vehicle, answers = topics.vehicle_of(message.topic), list[bytes]()
            try:
                if vehicle is not None:
                    answers = self._handle(vehicle, bytes(message.payload))
            except Exception:  # noqa: BLE001  one message must not end the thread
                _log.exception("not handled", extra={"fields": {"topic": message.topic}})
            if vehicle is not None and answers:
                self._reply(vehicle, message, answers[0])
            else:
                self._done(message)

    def _reply(self, vehicle: str, message: paho.MQTTMessage, raw: bytes) -> None:
        """Answer a request, and acknowledge it once the broker has the answer: else answers would pile up here while more is asked."""
        properties = _lasting(getattr(message.properties, "CorrelationData", None))
        self._publish(vehicle, raw, properties, lambda: self._done(message))

    def _done(self, message: paho.MQTTMessage) -> None:
        """Let the broker forget a request."""
        self._client.ack(message.mid, message.qos)

    def _publish(self, vehicle: str, raw: bytes, properties: Properties, sent: Callable[[], None]) -> bool:
        """Publish to a vehicle; `sent` is called once the broker has it. Tells whether it is on its way."""
        info = self._client.publish(topics.response(vehicle), raw, qos=1, properties=properties)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            return False
        with self._lock:
            early = info.mid in self._early
            self._early.discard(info.mid)
            if not early:
                self._unsent[info.mid] = sent
        if early:
            sent()
        return True

    def _connected(
        self, client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        """Subscribe again: a broker that lost its memory lost the subscription too."""
        if code.is_failure:
            _log.error("broker refuses", extra={"fields": {"reason": str(code)}})
            return
        client.subscribe(topics.ALL_REQUESTS, qos=1)

    def _subscribed(
        self, _client: object, _data: object, _mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        """Note that requests come in from now on."""
        if any(code.is_failure for code in codes):
            _log.error("broker refuses the subscription", extra={"fields": {"reason": str(codes[0])}})
            return
        self._ready.set()

    def _disconnected(self, *_: object) -> None:
        """Forget what was under way: it is told again when it is found unsent."""
        self._ready.clear()
        with self._lock:
            self._unsent.clear()
            self._early.clear()
        if not self._leaving:
            _log.warning("broker lost")

    def _published(self, mid: int) -> None:
        """Note that the broker has a message."""
        with self._lock:
            sent = self._unsent.pop(mid, None)
            if sent is None:
                self._early.add(mid)
                if len(self._early) > 10 * UNACKED:
                    self._early.clear()
        if sent is not None:
            sent()


_DAY: Final = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
_DAY.MessageExpiryInterval = NEWS_LIFE_S


def _lasting(correlation: bytes | None = None) -> Properties:
    """Return the properties of a message that means something for a day; nobody changes them."""
    if correlation is None:
        return _DAY
    properties = copy(_DAY)  # making them anew takes 40 µs
    properties.CorrelationData = correlation
    return properties


def _address(url: str) -> tuple[str, int, bool]:
    """Return host, port and whether TLS is wanted; UsageError for another kind of URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"not a broker: {url!r}", "mqtts://host:8883") from error
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.path not in {"", "/"}:
        raise UsageError(f"not a broker: {url!r}", "mqtts://host:8883")
    secure = parts.scheme == "mqtts"
    if not secure and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise UsageError("a broker elsewhere needs TLS", "mqtts://host:8883 with --cert, --key and --ca")
    return parts.hostname, port or (8883 if secure else 1883), secure


def _tls(broker: Broker) -> ssl.SSLContext:
    """Return TLS 1.3 with our certificate; UsageError if a file cannot be used."""
    if not (broker.cert and broker.key and broker.ca):
        raise UsageError("mqtts needs --cert, --key and --ca")
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(broker.ca)
        context.load_cert_chain(broker.cert, broker.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"a certificate cannot be used: {error}", "check --cert, --key and --ca") from error
    return context


def _no_delay(_client: object, _data: object, sock: Any) -> None:
    """Send small packets at once: 96 ms become 0.4."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
