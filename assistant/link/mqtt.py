"""MQTT 5 over TLS with the vehicle's own certificate; comes back by itself, a little later each time, never in step with others.

A session of the broker (not of this client) keeps what the bridge says while the car is away. Nothing is queued here:
the order book is the queue, so each connection begins with a new client.
"""

import contextlib
import ipaddress
import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from assistant.core.context import Connectivity
from assistant.errors import LinkError
from assistant.link import topics
from assistant.link.backoff import pause_s

KEEPALIVE_S: Final = 15
CONNECT_S: Final = 10.0
SESSION_S: Final = 7 * 86_400
IN_FLIGHT: Final = 50
STEADY_S: Final = 30.0
"""A connection that held so long was a good one: the pauses begin anew."""
SANE_FROM: Final = 1_767_225_600
"""2026-01-01: a head unit whose clock is before this has none, and a certificate's dates mean nothing to it."""
_NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name."""
_FAILURE: Final = 0x80
"""MQTT 5: reason codes from here on are failures."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tls:
    """The vehicle's papers, as PEM files."""

    ca: Path
    certificate: Path
    """Its CN is the vehicle id."""
    key: Path


class MqttLink:
    """The way to the bridge over a broker."""

    def __init__(
        self,
        vehicle: str,
        host: str,
        port: int,
        tls: Tls | None,
        heard: Callable[[bytes], None],
        changed: Callable[[Connectivity], None],
    ) -> None:
        """Read the papers; LinkError with a mend if they cannot be used. Without papers only this machine is spoken to."""
        if not topics.is_vehicle(vehicle):
            raise LinkError(f"{vehicle!r} is not a vehicle id", "set link.vehicle: letters, digits and dashes")
        if tls is None and not _is_here(host):
            raise LinkError(
                f"{host} is not this machine, and there is no certificate", "set link.ca, certificate and key"
            )
        self._vehicle, self._host, self._port = vehicle, host, port
        self._tls = None if tls is None else _context(tls)
        self._heard, self._changed = heard, changed
        self._closed, self._gone = threading.Event(), threading.Event()
        self._renewed = threading.Event()
        """Cuts a pause short."""
        self._client: paho.Client | None = None
        self._thread = threading.Thread(target=self._keep, name="link", daemon=True)

    def open(self) -> None:
        """Begin to connect, and keep trying until closed."""
        self._thread.start()

    def send(self, raw: bytes, message: str, life_s: int) -> bool:
        """Publish one envelope; False if there is no connection or too much is under way."""
        client = self._client
        if client is None:
            return False
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.CorrelationData = message.encode()
        properties.ResponseTopic = topics.response(self._vehicle)
        properties.MessageExpiryInterval = life_s
        sent = client.publish(topics.request(self._vehicle), raw, qos=1, properties=properties)
        return sent.rc == paho.MQTT_ERR_SUCCESS

    def renew(self) -> None:
        """Connect anew, now: after a change of network an old connection may be dead without telling."""
        self._renewed.set()
        self._gone.set()

    def close(self) -> None:
        """Leave the broker and end the thread."""
        self._closed.set()
        self.renew()
        if self._thread.is_alive():
            self._thread.join(CONNECT_S + 2)

    def _keep(self) -> None:
        """Connect, stay, and come back after a jittered pause, until closed."""
        failures = 0
        while not self._closed.is_set():
            began = time.monotonic()
            self._stay()
            failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
            if self._renewed.wait(pause_s(failures, random.random())):  # noqa: S311  spreads a fleet, hides nothing
                self._renewed.clear()
                failures = 0

    def _stay(self) -> None:
        """Hold one connection until it is lost or the link is closed."""
        self._gone.clear()
        if self._closed.is_set():
            return
        client = self._new_client()
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = SESSION_S
        try:
            client.connect(self._host, self._port, KEEPALIVE_S, clean_start=False, properties=session)
        except (OSError, ValueError) as error:
            log.warning("no way to the broker %s:%s: %s", self._host, self._port, error)
            return
        client.loop_start()
        try:
            self._gone.wait()
        finally:
            was_up, self._client = self._client is not None, None
            client.on_message = None
            with contextlib.suppress(OSError):
                client.disconnect()
            client.loop_stop()
            if was_up and not self._closed.is_set():
                self._changed(Connectivity.OFFLINE)

    def _new_client(self) -> paho.Client:
        """Return a client that knows our papers and calls us back."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=self._vehicle, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(IN_FLIGHT)
        client.max_queued_messages_set(IN_FLIGHT)
        if self._tls is not None:
            _set_time_check(self._tls)
            client.tls_set_context(self._tls)
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _on_connect(self, client: paho.Client, _: object, __: object, reason: ReasonCode, ___: object) -> None:
        """Ask for our replies once the broker took us in."""
        if reason.value >= _FAILURE:
            log.warning("the broker refused %s: %s", self._vehicle, reason)
            self._gone.set()
            return
        client.subscribe(topics.response(self._vehicle), qos=1)

    def _on_subscribe(self, client: paho.Client, _: object, __: int, reasons: list[ReasonCode], ___: object) -> None:
        """Be up as soon as replies can reach us."""
        if any(reason.value >= _FAILURE for reason in reasons):
            log.warning("the broker lets %s not read its replies: %s", self._vehicle, reasons)
            self._gone.set()
            return
        self._client = client
        if not self._closed.is_set():
            self._changed(Connectivity.LINK)

    def _on_message(self, _: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        """Pass on what stands on our own topic."""
        if message.topic == topics.response(self._vehicle) and not self._closed.is_set():
            self._heard(bytes(message.payload))

    def _on_disconnect(self, _: paho.Client, __: object, ___: object, reason: ReasonCode, ____: object) -> None:
        """Let the keeper come back."""
        log.info("the broker is gone: %s", reason)
        self._gone.set()


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS 1.3 context of the papers; LinkError with a mend if a file is missing or broken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(tls.ca)
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise LinkError(
            f"the vehicle's certificate cannot be used: {error}", f"look at {tls.ca}, {tls.certificate} and {tls.key}"
        ) from error
    return context


def _set_time_check(context: ssl.SSLContext) -> None:
    """Look at certificates' dates only while this head unit has a date itself; chain and name are always looked at."""
    checked = context.verify_flags & ~_NO_CHECK_TIME
    context.verify_flags = ssl.VerifyFlags(checked if time.time() >= SANE_FROM else checked | _NO_CHECK_TIME)


def _no_delay(_: paho.Client, __: object, sock: Any) -> None:
    """Send small packets at once: without it a request and its answer take 40 ms more each."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
