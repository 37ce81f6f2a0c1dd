"""The bridge as a child process: a line in is `<request topic> <envelope>`, a line out `<response topic> <envelope>`."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final

from assistant.link import topics
from assistant.link.wire import MAX_BYTES

WORKERS: Final = 4
MAX_LINE: Final = MAX_BYTES + 200


class Pipe:
    """Standard input and output instead of a broker."""

    def __init__(
        self,
        handle: Callable[[str, bytes], list[bytes]],
        source: BinaryIO = sys.stdin.buffer,
        sink: BinaryIO = sys.stdout.buffer,
    ) -> None:
        """Read requests from `source`, write answers and news to `sink`."""
        self._handle = handle
        self._source = source
        self._sink = sink
        self._lock = threading.Lock()

    def deliver(self, vehicle: str, raw: bytes, sent: Callable[[], None]) -> None:
        """Write one message."""
        with self._lock:
            self._sink.write(topics.response(vehicle).encode() + b" " + raw + b"\n")
            self._sink.flush()
        sent()

    def run(self) -> None:
        """Handle requests until the input ends."""
        with ThreadPoolExecutor(WORKERS, "requests") as workers:
            while line := self._source.readline(MAX_LINE):
                if line.endswith(b"\n"):
                    workers.submit(self._answer, line)

    def _answer(self, line: bytes) -> None:
        """Answer one line; noise is not answered."""
        topic, _, raw = line.rstrip(b"\r\n").partition(b" ")
        vehicle = topics.vehicle_of(topic.decode(errors="replace"))
        if vehicle is None or topic.decode(errors="replace") != topics.request(vehicle):
            return
        for answer in self._handle(vehicle, raw):
            self.deliver(vehicle, answer, lambda: None)
