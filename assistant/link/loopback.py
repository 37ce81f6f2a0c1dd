"""A link without a network: the bridge in this process, or as a child that speaks one envelope a line."""

import contextlib
import logging
import subprocess
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import IO

from assistant.core.context import Connectivity
from assistant.link.wire import MAX_BYTES

log = logging.getLogger(__name__)

Handle = Callable[[bytes], Sequence[bytes]]
"""Takes one request, returns the replies (and any news) it caused; called from one thread only."""


class Loopback:
    """The bridge as a callable; up as soon as it is open."""

    def __init__(self, handle: Handle, heard: Callable[[bytes], None], changed: Callable[[Connectivity], None]) -> None:
        """Keep both ends; nothing runs before `open`."""
        self._handle, self._heard, self._changed = handle, heard, changed
        self._requests: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Start the thread in which the bridge works."""
        self._thread = threading.Thread(target=self._work, name="loopback", daemon=True)
        self._thread.start()

    def send(self, raw: bytes, message: str, life_s: int) -> bool:  # noqa: ARG002  the port's shape
        """Hand one request over; False before `open` and after `close`."""
        if self._thread is None:
            return False
        self._requests.put(raw)
        return True

    def close(self) -> None:
        """Let the request in work end, then stop."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._requests.put(None)
            thread.join(5)

    def _work(self) -> None:
        """Answer requests until closed."""
        self._changed(Connectivity.LINK)
        while (raw := self._requests.get()) is not None:
            try:
                replies = self._handle(raw)
            except Exception:  # whatever a bridge dies of, this one message has no answer and is sent again
                log.exception("the bridge failed on a message")
                continue
            for reply in replies:
                if self._thread is not None:
                    self._heard(reply)


class Child:
    """The bridge as a child process: one JSON envelope a line on its standard input and output.

    A child that dies is a link that is lost; it is started again after `again_s` seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        heard: Callable[[bytes], None],
        changed: Callable[[Connectivity], None],
        again_s: float = 2.0,
    ) -> None:
        """Keep the command; nothing runs before `open`."""
        self._command, self._heard, self._changed, self._again_s = tuple(command), heard, changed, again_s
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._requests: SimpleQueue[bytes | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=work, name=f"loopback {name}", daemon=True)
            for name, work in (("in", self._work), ("out", self._write))
        ]

    def open(self) -> None:
        """Start the child and keep it running."""
        for thread in self._threads:
            thread.start()

    def send(self, raw: bytes, message: str, life_s: int) -> bool:  # noqa: ARG002  the port's shape
        """Hand one request to the child; False if there is none."""
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                return False
            self._requests.put(raw)
        return True

    def close(self) -> None:
        """End the child: it is asked, two seconds later killed."""
        self._closed.set()
        with self._lock:
            child = self._child
        if child is not None:
            _end(child)
        self._requests.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)

    def _write(self) -> None:
        """Write requests to whichever child lives; one that cannot be written is asked for again by its sender."""
        while (raw := self._requests.get()) is not None:
            child = self._child
            if child is not None and child.stdin is not None:
                with contextlib.suppress(OSError, ValueError):
                    child.stdin.write(raw + b"\n")
                    child.stdin.flush()

    def _work(self) -> None:
        """Run children one after another until closed."""
        while not self._closed.is_set():
            child = self._start()
            if child is not None and child.stdout is not None:
                self._listen(child.stdout)
                _end(child)
            self._closed.wait(self._again_s)

    def _start(self) -> subprocess.Popen[bytes] | None:
        """Start one child, or None if the command cannot be run now."""
        with self._lock:
            try:
                self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            except OSError:
                self._child = None
            return self._child

    def _listen(self, stdout: IO[bytes]) -> None:
        """Pass every line on until the child ends."""
        self._changed(Connectivity.LINK)
        while line := stdout.readline(MAX_BYTES + 2):
            if not self._closed.is_set():
                self._heard(line.rstrip(b"\n"))
        if not self._closed.is_set():
            self._changed(Connectivity.OFFLINE)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, give it two seconds, then end it."""
    for push in (child.terminate, child.kill):
        push()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(2)
            break
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
