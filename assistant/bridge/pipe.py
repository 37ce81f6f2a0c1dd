"""The bridge as a car's child process: one envelope a line on standard input, answers and news on standard output."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final

from assistant.bridge.outgoing import NotNowError
from assistant.link.wire import MAX_BYTES

WORKERS: Final = 4
MAX_LINE: Final = MAX_BYTES + 2


class Pipe:
    """Standard input and output instead of a broker; all that comes in is from one vehicle."""

    def __init__(
        self,
        vehicle: str,
        handle: Callable[[str, bytes], list[bytes]],
        source: BinaryIO = sys.stdin.buffer,
        sink: BinaryIO = sys.stdout.buffer,
    ) -> None:
        """Read requests from `source`, write answers and news to `sink`."""
        self._vehicle = vehicle
        self._handle = handle
        self._source = source
        self._sink = sink
        self._lock = threading.Lock()

    def deliver(self, vehicle: str, raw: bytes, sent: Callable[[], None]) -> None:
        """Write one message. Raises NotNowError for another vehicle's, which may be served elsewhere, and when nobody reads."""
        if vehicle != self._vehicle:
            raise NotNowError
        try:
            with self._lock:
                self._sink.write(raw + b"\n")
                self._sink.flush()
        except (OSError, ValueError) as error:
            raise NotNowError from error
        sent()

    def run(self) -> None:
        """Handle requests until the input ends."""
        with ThreadPoolExecutor(WORKERS, "requests") as workers:
            while line := self._source.readline(MAX_LINE):
                if line.endswith(b"\n"):
                    workers.submit(self._answer, line.rstrip(b"\r\n"))

    def _answer(self, raw: bytes) -> None:
        """Answer one request; one that is in no form to be answered is not."""
        for answer in self._handle(self._vehicle, raw):
            self.deliver(self._vehicle, answer, lambda: None)
