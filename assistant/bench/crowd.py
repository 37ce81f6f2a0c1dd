"""Cars with a connection each, thousands of them: bare MQTT 5 on one loop, which comes back with the car's own full jitter.

As a car does, each pings until the bridge answers, then asks where its order stands until it has heard. TLS is left out (a handshake is
the processors' affair, not the broker's or the bridge's).
"""

import asyncio
import itertools
import random
import struct
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from assistant.bench.fleet import ask
from assistant.link import connectivity, topics
from assistant.link.backoff import pause_s
from assistant.link.connectivity import Pulse
from assistant.link.wire import FROM_BRIDGE, Op, WireError, decode

T = TypeVar("T")

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90, 0xC0
KEEPALIVE_S: Final = 60
SESSION_S: Final = 600
AGAIN_S: Final = 20.0
"""How long a car waits for news of its order before it asks again."""
CONNECT_S: Final = 30.0
"""Longer than a car waits: here all of them share one processor with the broker."""


@dataclass(slots=True)
class Seat:
    """One car; times are monotonic seconds, 0 for not yet."""

    vehicle: str
    order: str
    up: float = 0.0
    """When the broker last took it in."""
    ponged: float = 0.0
    """When the bridge last answered a ping on this connection; 0 for not yet."""
    heard: float = 0.0
    """When it last heard of its order."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def told(self, timeout_s: float) -> None:
        """Wait for the bridge to say something."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.news.wait()
        self.news.clear()


class Crowd:
    """Cars that stay connected until `close`."""

    def __init__(self, port: int, orders: Sequence[tuple[str, str]]) -> None:
        """Let a car for each (vehicle, order) connect to the broker on this machine's `port`."""
        self.port = port
        self.seats = [Seat(vehicle, order) for vehicle, order in orders]
        self.connects: Counter[int] = Counter()
        """Connections taken in, by monotonic second."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="crowd", daemon=True)
        self._thread.start()
        self._tasks = self._wait(self._begin())

    def heard_since(self, moment: float, timeout_s: float) -> int:
        """Wait until every car has heard of its order after `moment`; return how many have not."""
        ends = time.monotonic() + timeout_s
        while (deaf := sum(seat.heard < moment for seat in self.seats)) and time.monotonic() < ends:
            time.sleep(0.2)
        return deaf

    def close(self) -> None:
        """Let all of them leave."""
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _begin(self) -> list[asyncio.Task[None]]:
        return [self._loop.create_task(self._drive(seat)) for seat in self.seats]

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=20)

    async def _drive(self, seat: Seat) -> None:
        """Connect, stay, and come back after a jittered pause, for ever."""
        for failures in itertools.count(1):
            await asyncio.sleep(pause_s(failures if seat.up == 0 else 1, random.random()))  # noqa: S311  spreads a fleet
            seat.up = 0.0
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self._stay(seat)

    async def _stay(self, seat: Seat) -> None:
        """Hold one connection until it is lost. Raises OSError, IncompleteReadError, TimeoutError."""
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(CONNECT_S):
                writer.write(_connect(seat.vehicle))
                await _packet(reader)
                writer.write(_subscribe(topics.response(seat.vehicle)))
                await _packet(reader)
            seat.up, seat.ponged = time.monotonic(), 0.0
            self.connects[int(seat.up)] += 1
            asking = self._loop.create_task(_ask(writer, seat))
            try:
                while True:
                    _take(seat, writer, *await _packet(reader))
            finally:
                asking.cancel()
        finally:
            writer.close()

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


async def _ask(writer: asyncio.StreamWriter, seat: Seat) -> None:
    """Ask until it is answered, then keep the connection alive."""
    pulse = connectivity.linked(Pulse())
    while not seat.ponged:
        now = time.monotonic()
        life_s = connectivity.ping_life_s(pulse, now)
        writer.write(_publish(topics.request(seat.vehicle), ask(Op.PING, {"head": "", "length": 0}), life_s))
        pulse = connectivity.pinged(pulse, now)
        await seat.told(connectivity.ping_at(pulse) - time.monotonic())
    while seat.heard < seat.up:
        writer.write(_publish(topics.request(seat.vehicle), ask(Op.STATUS, {}, seat.order), int(AGAIN_S)))
        await seat.told(AGAIN_S)
    while True:
        writer.write(bytes((PINGREQ, 0)))
        await asyncio.sleep(KEEPALIVE_S / 2)


def _take(seat: Seat, writer: asyncio.StreamWriter, kind: int, body: bytes) -> None:
    """Take one packet; a message is acknowledged, and news of the car's order is what it waits for."""
    if kind & 0xF0 != PUBLISH:
        return
    at = 2 + int.from_bytes(body[:2], "big")
    if kind & 0x06:
        writer.write(bytes((PUBACK, 2)) + body[at : at + 2])
        at += 2
    size, at = _length(body, at)
    with suppress(WireError):
        told = decode(body[at + size :], FROM_BRIDGE)
        if told.op is Op.PONG:
            seat.ponged = time.monotonic()
        if told.op is Op.ORDER and told.order == seat.order:
            seat.heard = time.monotonic()
        seat.news.set()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the next packet's first byte and its body."""
    kind = (await reader.readexactly(1))[0]
    size, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return kind, await reader.readexactly(size)


def _length(body: bytes, at: int) -> tuple[int, int]:
    """Return a variable length and where it ends."""
    size, shift = 0, 0
    while True:
        size |= (body[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if body[at - 1] < 0x80:
            return size, at


def _framed(kind: int, body: bytes) -> bytes:
    """Return a packet."""
    size, head = len(body), bytearray((kind,))
    while True:
        size, low = divmod(size, 128)
        head.append(low | (0x80 if size else 0))
        if not size:
            return bytes(head) + body


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw


def _connect(client: str) -> bytes:
    """Ask for the session that the broker keeps of this car."""
    session = struct.pack("!BBI", 5, 0x11, SESSION_S)
    return _framed(CONNECT, _text("MQTT") + struct.pack("!BBH", 5, 0, KEEPALIVE_S) + session + _text(client))


def _subscribe(topic: str) -> bytes:
    return _framed(SUBSCRIBE, struct.pack("!HB", 1, 0) + _text(topic) + b"\1")


def _publish(topic: str, payload: bytes, life_s: int) -> bytes:
    """Send what the broker may drop once it means nothing any more."""
    return _framed(PUBLISH | 0x02, _text(topic) + struct.pack("!HBBI", 1, 5, 0x02, life_s) + payload)
