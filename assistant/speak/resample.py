"""Sound at another rate, as a stream: windowed sinc, so that nothing above half the lower rate folds back."""

from collections.abc import Callable
from functools import lru_cache
from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.core.audio import FRAME_BYTES, SAMPLE_RATE_HZ

ZERO_CROSSINGS: Final = 12


class Resampler:
    """Stream of s16le mono from one rate to another; output is late by ZERO_CROSSINGS samples of the lower rate until `flush`."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Prepare the filter; equal rates pass through."""
        shared = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // shared, from_hz // shared
        self._half = -(-ZERO_CROSSINGS * max(self._up, self._down) // self._up)
        self._kernels = _kernels(self._up, self._down, self._half)
        self._held = np.zeros(self._half - 1, np.float32)
        self._position = 0
        """Place of the next output sample, in 1/up input samples after the first whole window."""

    def feed(self, pcm: bytes) -> bytes:
        """Take any number of whole samples, return those that are ready."""
        if self._up == self._down:
            return pcm
        self._held = np.concatenate((self._held, np.frombuffer(pcm, "<i2").astype(np.float32)))
        ready = len(self._held) - 2 * self._half + 1
        count = max(0, -(-(ready * self._up - self._position) // self._down))
        if not count:
            return b""
        places = self._position + self._down * np.arange(count)
        starts, phases = places // self._up, places % self._up
        windows = np.lib.stride_tricks.sliding_window_view(self._held, 2 * self._half)[starts]
        sound = np.einsum("nt,nt->n", windows, self._kernels[phases])
        following = self._position + self._down * count
        used = min(following // self._up, ready)
        self._held = self._held[used:]
        self._position = following - used * self._up
        return bytes(np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes())

    def flush(self) -> bytes:
        """Return what is still inside the filter."""
        return b"" if self._up == self._down else self.feed(bytes(2 * self._half))


class Reference:
    """Hands on what is played, as 16 kHz frames of FRAME_BYTES, to whoever must not mistake it for a person."""

    def __init__(self, publish: Callable[[bytes], None] | None, sample_rate_hz: int) -> None:
        """Start one utterance; None: nobody wants it."""
        self._publish = publish
        self._resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
        self._rest = b""

    def feed(self, pcm: bytes) -> None:
        """Take what is being played now."""
        if self._publish is None:
            return
        self._rest += self._resampler.feed(pcm)
        while len(self._rest) >= FRAME_BYTES:
            self._publish(self._rest[:FRAME_BYTES])
            self._rest = self._rest[FRAME_BYTES:]

    def flush(self) -> None:
        """End the utterance; the last frame is filled with silence."""
        self.feed(self._resampler.flush())
        if self._rest and self._publish is not None:
            self._publish(self._rest.ljust(FRAME_BYTES, b"\0"))
            self._rest = b""


@lru_cache(maxsize=8)
def _kernels(up: int, down: int, half: int) -> NDArray[np.float32]:
    """Return one row of 2 * half weights for each fraction k/up of an input sample (Hann-windowed sinc)."""
    cutoff = min(1.0, up / down)
    offsets = np.arange(1 - half, half + 1)[None, :] - np.arange(up)[:, None] / up
    window = np.cos(np.pi * np.clip(offsets / half, -1, 1) / 2) ** 2
    kernels = np.sinc(cutoff * offsets) * window
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True), np.float32)
