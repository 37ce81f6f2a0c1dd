"""A loudspeaker without a sound card: plays into a WAV file or nowhere, in real time or as fast as it can."""

import threading
import time
import wave
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

from assistant.core.audio import SAMPLE_RATE_HZ
from assistant.errors import DeviceError
from assistant.speak.resample import Reference, Resampler


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
        self._wav: wave.Wave_write | None = None
        if path is not None:
            try:
                self._file = path.open("wb")
            except OSError as error:
                raise DeviceError(f"{path}: {error.strerror}", "give a file in a folder that can be written") from None
            self._wav = wave.open(self._file, "wb")  # noqa: SIM115 - closed in `close`
            self._wav.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))

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
        if self._wav is not None:
            self._wav.close()
            self._file.close()
            self._wav = None

    def _keep(self, pcm: bytes) -> None:
        if self._wav is None:
            return
        try:
            self._wav.writeframesraw(pcm)
        except OSError as error:
            raise DeviceError(f"the answer cannot be written: {error.strerror}", "make room on the disk") from None
