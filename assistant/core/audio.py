"""Sound as the house passes it on: 16 kHz, mono, signed 16-bit little-endian."""

from dataclasses import dataclass
from typing import Final

SAMPLE_RATE_HZ: Final = 16_000
FRAME_MS: Final = 20
FRAME_SAMPLES: Final = SAMPLE_RATE_HZ * FRAME_MS // 1000
FRAME_BYTES: Final = FRAME_SAMPLES * 2


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of microphone."""

    pcm: bytes
    """FRAME_BYTES of s16le."""
    at: float
    """Monotonic seconds at the frame's end."""
    void: bool = False
    """Whether it only marks time, because there is no device."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One stretch of speech, from a little before its first word to where it was cut."""

    pcm: bytes
    """s16le mono at SAMPLE_RATE_HZ."""
    started: float
    """Monotonic seconds of the first sample."""
    ended: float
    """Monotonic seconds of the last speech frame (not of the silence after it)."""
    seat: str | None = None
    """Zone value of the speaker where the microphone array tells it."""

    @property
    def seconds(self) -> float:
        """Length of the sound in seconds."""
        return len(self.pcm) / 2 / SAMPLE_RATE_HZ
