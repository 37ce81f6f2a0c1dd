"""A loudspeaker without a sound card: plays into a WAV file or nowhere, in real time or as fast as it can."""

import logging
import struct
import threading
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from io import FileIO
from pathlib import Path

from assistant.core.audio import SAMPLE_RATE_HZ
from assistant.errors import DeviceError
from assistant.speak.resample import Reference, Resampler

log = logging.getLogger(__name__)


class Pace(StrEnum):
    """REAL_TIME takes as long as the sound is; FAST takes no longer than its making."""

    REAL_TIME = "real_time"
    FAST = "fast"


class Silent:
    """A `core.ports.Loudspeaker` that nobody hears."""

    def __init__(
        self, path: Path | None = None, pace: Pace = Pace.REAL_TIME, reference: Callable[[bytes], None] | None = None
    ) -> None:
        """Collect what is said in a 16 kHz mono WAV file, if `path` is given. Raises DeviceError."""
        self._pace = pace
        self._publish = reference
        self._hushed = threading.Event()
        self._file: FileIO | None = None
        self._length_bytes = 0
        if path is not None:
            try:
                self._file = path.open("wb", buffering=0)
                self._file.write(_header(0))
            except OSError as error:
                raise DeviceError(f"{path}: {error.strerror}", "give a file in a folder that can be written") from None

    def play(self, chunks: Iterable[bytes], sample_rate_hz: int, started: Callable[[float], None]) -> bool:
        """Take the sound, at its own pace or at once; False if hushed. Raises DeviceError."""
        self._hushed.clear()
        resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
        reference = Reference(self._publish, sample_rate_hz)
        end = 0.0
        for chunk in chunks:
            if self._hushed.is_set():
                break
            if not end:
                end = time.monotonic()
                started(end)
            self._keep(resampler.feed(chunk))
            reference.feed(chunk)
            end += len(chunk) / 2 / sample_rate_hz
            if self._pace is Pace.REAL_TIME:
                self._hushed.wait(max(0.0, end - time.monotonic()))
        self._keep(resampler.flush())
        reference.flush()
        return not self._hushed.is_set()

    def hush(self) -> None:
        """End `play`, from any thread."""
        self._hushed.set()

    def close(self) -> None:
        """Finish the file."""
        self.hush()
        if self._file is None:
            return
        try:
            self._file.seek(0)
            self._file.write(_header(self._length_bytes))
        except OSError as error:
            log.warning("the file of answers is not finished: %s", error.strerror)
        self._file.close()
        self._file = None

    def _keep(self, pcm: bytes) -> None:
        if self._file is None:
            return
        while pcm:
            try:
                written = self._file.write(pcm)
            except OSError as error:
                raise DeviceError(f"the answer cannot be written: {error.strerror}", "make room on the disk") from None
            self._length_bytes += written
            pcm = pcm[written:]


def _header(length_bytes: int) -> bytes:
    """Return a RIFF header for 16 kHz mono s16le."""
    rate = SAMPLE_RATE_HZ
    sound = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", length_bytes)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(sound) + length_bytes, b"WAVE") + sound
