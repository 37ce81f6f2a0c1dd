"""Recordings: a file becomes sound as the house passes it on, or plays the microphone."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.core.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, Frame
from assistant.errors import AudioFileError

LONGEST_S = 3600
"""A file longer than this is refused: it is held in memory."""

_ZERO_CROSSINGS = 16
"""One-sided length of the resampling filter, in periods of the slower rate."""
_STREAMED_SIZES = (0, 0xFFFF_FFFF)
"""What a WAV header holds when it was written to a pipe."""

Floats = npt.NDArray[np.float32]


def read_audio(path: Path) -> bytes:
    """Read a WAV or FLAC file of any rate, depth and channel count as 16 kHz mono s16le; raise AudioFileError."""
    if not path.is_file():
        raise AudioFileError(f"{path}: no such file", "give the path of a WAV or FLAC file")
    if path.stat().st_size == 0:
        raise AudioFileError(f"{path}: the file is empty", "record it again")
    _refuse_cut_wav(path)
    samples, rate_hz = _decode(path)
    if len(samples) < rate_hz * FRAME_MS // 1000:
        raise AudioFileError(f"{path}: holds less than {FRAME_MS} ms of sound", "record it again")
    mono = np.nan_to_num(samples.mean(axis=1, dtype=np.float32), posinf=1.0, neginf=-1.0)
    return to_pcm(resample(mono, rate_hz))


def to_pcm(samples: Floats) -> bytes:
    """Return float samples in -1..1 as s16le; louder ones are clipped."""
    return bytes(np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2").tobytes())


def resample(samples: Floats, rate_hz: int) -> Floats:
    """Return samples of `rate_hz` at SAMPLE_RATE_HZ; band-limited by a Kaiser-windowed sinc, one filter per output phase."""
    if rate_hz == SAMPLE_RATE_HZ:
        return samples
    common = gcd(rate_hz, SAMPLE_RATE_HZ)
    up, down = SAMPLE_RATE_HZ // common, rate_hz // common
    stretch = max(1.0, down / up)
    reach = int(np.ceil(_ZERO_CROSSINGS * stretch))
    taps = np.arange(-reach, reach + 1)
    count = len(samples) * up // down
    padded = np.pad(samples, (reach, reach + down))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(taps))
    result = np.empty(count, np.float32)
    for phase in range(min(up, count)):
        first, fraction = divmod(phase * down, up)
        offsets = (taps - fraction / up) / stretch
        shape = np.clip(offsets / _ZERO_CROSSINGS, -1, 1)
        kernel = np.sinc(offsets) * np.i0(8.0 * np.sqrt(1 - shape**2)) / (np.i0(8.0) * stretch)
        wanted = len(range(phase, count, up))
        result[phase::up] = windows[first::down][:wanted] @ kernel.astype(np.float32)
    return result


def _refuse_cut_wav(path: Path) -> None:
    """Raise AudioFileError if a RIFF header promises more bytes than the file has."""
    with path.open("rb") as file:
        header = file.read(12)
    if header[:4] != b"RIFF" or header[8:] != b"WAVE":
        return
    promised = int.from_bytes(header[4:8], "little")
    missing = promised + 8 - path.stat().st_size
    if promised not in _STREAMED_SIZES and missing > 1:
        raise AudioFileError(f"{path}: the file is cut, {missing} bytes are missing", "copy or record it again")


def _decode(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """Return samples [frames, channels] in -1..1 and the rate in Hz."""
    import soundfile  # noqa: PLC0415 - heavy, and not needed where only a microphone is used

    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > LONGEST_S * file.samplerate:
                raise AudioFileError(f"{path}: longer than {LONGEST_S // 60} minutes", "cut it into pieces")
            samples: Any = file.read(dtype="float32", always_2d=True)
            rate_hz = int(file.samplerate)
    except soundfile.LibsndfileError as error:
        reason = str(error.error_string).rstrip(".")
        raise AudioFileError(
            f"{path}: cut, or not audio that can be read: {reason}", "use a WAV or FLAC file"
        ) from error
    return samples, rate_hz


class Pace(StrEnum):
    """REAL: as fast as a microphone; FAST: as fast as the listener asks for frames, audio time is the clock."""

    REAL = "real"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip to be played and the silence around it."""

    name: str
    pcm: bytes
    silence_before_s: float = 0.5
    silence_after_s: float = 1.5


def _nothing() -> None:
    """Hold nothing back."""


class Playback:
    """A FrameSource that plays recordings as the microphone; `recordings` is pulled lazily, one at a time."""

    def __init__(
        self,
        recordings: Iterable[Recording],
        pace: Pace = Pace.REAL,
        *,
        ready: Callable[[], None] = _nothing,
        started: Callable[[Recording], None] = lambda _: None,
    ) -> None:
        """Call `started` before a recording's first frame and, at FAST pace, `ready` before each frame (it may block)."""
        self._recordings = recordings
        self._pace = pace
        self._ready = ready
        self._started = started
        self._closed = threading.Event()
        self._origin_s = time.monotonic()
        self._played = 0

    def now(self) -> float:
        """Return monotonic seconds; at FAST pace those of the sound given out so far."""
        return time.monotonic() if self._pace is Pace.REAL else self._origin_s + self._played * FRAME_MS / 1000

    def frames(self) -> Iterable[Frame]:
        """Yield every recording in 20 ms frames, each with its silence; the last frame of a clip is filled up with silence."""
        self._origin_s = time.monotonic() - self._played * FRAME_MS / 1000
        for recording in self._recordings:
            before, after = (_silence(s) for s in (recording.silence_before_s, recording.silence_after_s))
            fill = bytes(-len(recording.pcm) % FRAME_BYTES)
            pcm = before + recording.pcm + fill + after
            self._started(recording)
            for start in range(0, len(pcm), FRAME_BYTES):
                if not self._wait():
                    return
                self._played += 1
                yield Frame(pcm[start : start + FRAME_BYTES], self._origin_s + self._played * FRAME_MS / 1000)

    def close(self) -> None:
        """End `frames`, from any thread."""
        self._closed.set()

    def _wait(self) -> bool:
        """Wait until the next frame may be given out; False if closed."""
        if self._pace is Pace.FAST:
            self._ready()
            return not self._closed.is_set()
        due = self._origin_s + (self._played + 1) * FRAME_MS / 1000
        return not self._closed.wait(max(0.0, due - time.monotonic()))


def _silence(seconds: float) -> bytes:
    """Return whole frames of silence."""
    return bytes(round(seconds * 1000 / FRAME_MS) * FRAME_BYTES)
