"""Audio focus: while the assistant listens or speaks, other programs play more softly; afterwards exactly as before.

What was turned down is written to a file before it is turned down, so that a daemon that was killed puts it right when
it starts again. A volume that somebody else changed meanwhile is theirs and stays. A stream that ended while it was soft
is remembered: sound servers give a program its last volume again, and that would be ours.
"""

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from assistant.errors import DeviceError
from assistant.platform.pulse import Sound, Stream

log = logging.getLogger(__name__)

LINGER_S: Final = 0.4
"""The music stays soft for so long after the end of a turn: the next one often follows at once."""
AGAIN_S: Final = 1.0
"""How long to wait before a sound server that is not there is looked for again."""
KEPT_ROLES: Final = frozenset({"phone", "a11y", "alert", "alarm", "emergency", "warning"})
"""Streams with these roles are never turned down."""
REMEMBERED_S: Final = 3.0
"""So long after a stream begins its sound server may still give it its last volume."""
MOST: Final = 64
_NEAR: Final = 1e-4


class _Order(StrEnum):
    """What the thread is asked for."""

    DUCK = "duck"
    RESTORE = "restore"
    LOOK = "look"
    END = "end"


@dataclass(frozen=True, slots=True)
class _Soft:
    """A stream that was turned down."""

    key: str
    index: int
    before: tuple[float, ...]
    soft: tuple[float, ...]

    def is_of(self, stream: Stream) -> bool:
        """Tell whether this stream, or the next one of its program, still plays as softly as we made it."""
        return stream.key == self.key and _equal(stream.volume, self.soft)


class Focus:
    """Turns others down by `decibel`; methods return at once, from any thread."""

    def __init__(self, file: Path, decibel: float, sources: Callable[[], None] = lambda: None) -> None:
        """Put right what the file says was left soft; `sources` is told, on a thread of ours, when a microphone came or went.

        DeviceError where the library of the sound server is missing.
        """
        self._file = file
        self._share = 10 ** (-decibel / 60)
        self._sources = sources
        self._soft = list(_read(file))
        self._seen: dict[str, float] = {}
        """Monotonic seconds at which the next stream of a program that is owed its volume began."""
        self._ducked = False
        self._sound, self._ears = Sound(), Sound()
        self._orders: SimpleQueue[_Order] = SimpleQueue()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=f"focus {name}", daemon=True)
            for name, work in (("work", self._work), ("listen", self._listen))
        ]
        if self._soft:
            self._orders.put(_Order.LOOK)
        for thread in self._threads:
            thread.start()

    def duck(self) -> None:
        """Turn the others down."""
        self._orders.put(_Order.DUCK)

    def restore(self) -> None:
        """Let the others play as before, unless `duck` follows within LINGER_S."""
        self._orders.put(_Order.RESTORE)

    def close(self) -> None:
        """Restore, and leave the sound server."""
        self._closed.set()
        self._orders.put(_Order.END)
        self._threads[0].join(2.0)

    def _work(self) -> None:
        """Serve orders until the end; while the server is away, what is owed stays owed."""
        while True:
            order = self._next()
            if order is _Order.DUCK:
                self._ducked = True
            elif order in {_Order.RESTORE, _Order.END}:
                self._ducked = False
            try:
                self._settle()
            except DeviceError as error:
                log.debug("audio focus: %s", error)
            if order is _Order.END:
                self._sound.close()
                return

    def _next(self) -> _Order:
        """Return the next order; a restore only if nothing else follows it soon."""
        order = self._orders.get()
        while order is _Order.RESTORE:
            try:
                order = self._orders.get(timeout=LINGER_S)
            except Empty:
                return order
            if order is _Order.LOOK:
                order = _Order.RESTORE
        return order

    def _settle(self) -> None:
        """Make every stream as loud as it should be now."""
        if not self._ducked and not self._soft:
            return
        streams = [stream for stream in self._sound.streams() if _other(stream)]
        if self._ducked:
            self._turn_down(streams)
        else:
            self._put_back(streams)

    def _turn_down(self, streams: list[Stream]) -> None:
        there = {(stream.index, stream.key) for stream in streams}
        known = {(soft.index, soft.key) for soft in self._soft}
        fresh: list[_Soft] = []
        for stream in streams:
            unheard = not any(stream.volume)  # also a stream so new that the server has not told its volume yet
            if unheard or (stream.index, stream.key) in known or stream.role in KEPT_ROLES:
                continue
            owed = next((soft for soft in self._soft if soft.is_of(stream)), None)
            before = stream.volume if owed is None else owed.before
            softer = tuple(round(each * self._share, 6) for each in before)
            fresh.append(_Soft(stream.key, stream.index, before, softer))
        if not fresh:
            return
        paid = {soft.key for soft in fresh}
        kept = [soft for soft in self._soft if soft.key not in paid or (soft.index, soft.key) in there]
        self._keep([*kept, *fresh])
        for each in fresh:
            self._sound.set_volume(each.index, each.soft)

    def _put_back(self, streams: list[Stream]) -> None:
        """Restore what is as soft as we made it; what is not there now stays owed, what others changed is dropped."""
        owed = []
        for soft in self._soft:
            there = [stream for stream in streams if stream.key == soft.key]
            ours = [stream for stream in there if soft.is_of(stream)]
            for stream in ours:
                self._sound.set_volume(stream.index, soft.before)
            if not ours and not self._over(soft, there):
                owed.append(soft)
        if owed != self._soft:
            self._keep(owed)

    def _over(self, soft: _Soft, there: list[Stream]) -> bool:
        """Tell whether a stream is no longer as we left it: changed by somebody, or a new one that was not given our volume."""
        if not there or any(stream.index == soft.index for stream in there):
            return bool(there)
        return time.monotonic() - self._seen.setdefault(soft.key, time.monotonic()) > REMEMBERED_S

    def _keep(self, soft: list[_Soft]) -> None:
        self._soft = soft[-MOST:]
        self._seen = {key: at for key, at in self._seen.items() if any(each.key == key for each in self._soft)}
        text = json.dumps([asdict(each) for each in self._soft])
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self._file.with_suffix(".new")
            fresh.write_text(text, "utf-8")
            fresh.replace(self._file)
        except OSError as error:
            log.warning("after a crash the music would stay soft: %s", error)

    def _listen(self) -> None:
        """Hear of streams and microphones that come and go, for as long as there is a server; come back when it does."""
        while not self._closed.is_set():
            with contextlib.suppress(DeviceError):
                self._ears.listen(self._heard, self._closed)
            self._closed.wait(AGAIN_S)

    def _heard(self, facility: str) -> None:
        if facility == "source":
            self._sources()
        elif self._ducked or self._soft:
            self._orders.put(_Order.LOOK)


def _other(stream: Stream) -> bool:
    return stream.process != os.getpid() and not stream.inner


def _equal(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return len(one) == len(other) and all(abs(a - b) < _NEAR for a, b in zip(one, other, strict=True))


def _read(file: Path) -> Iterator[_Soft]:
    """Yield what a former life left soft; a file that is damaged says nothing."""
    try:
        for row in json.loads(file.read_text("utf-8")):
            volumes = [tuple(float(each) for each in row[name]) for name in ("before", "soft")]
            yield _Soft(str(row["key"]), int(row["index"]), *volumes)
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read: %s", file, error)
