"""The loudspeaker of the head unit: short blocks, silent at once, back when the device is back."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from assistant.errors import DeviceError
from assistant.speak.device import MEND, Device, Opened
from assistant.speak.resample import Reference, Resampler

BLOCK_S: Final = 0.02
LOOK_S: Final = 0.005
"""How often a full device is asked whether it has room."""
STALL_S: Final = 2.0
"""A device that takes no sound for this long is gone."""


class Speaker:
    """A `core.ports.Loudspeaker`; the device is opened at the first sound, kept, and opened anew after a failure."""

    def __init__(self, device: str = "", reference: Callable[[bytes], None] | None = None) -> None:
        """Take a device by name (empty: the system's default) and who gets every 16 kHz frame as it is played.

        Raises DeviceError where PortAudio is missing.
        """
        self._device = Device(device)
        self._publish = reference
        self._hushed = threading.Event()
        self._lock = threading.Lock()

    def play(self, chunks: Iterable[bytes], sample_rate_hz: int, started: Callable[[float], None]) -> bool:
        """Play s16le mono to its last sample; False if hushed. Raises DeviceError."""
        self._hushed.clear()
        with self._lock:
            self._play(chunks, sample_rate_hz, started)
        return not self._hushed.is_set()

    def hush(self) -> None:
        """Drop what the device still holds and end `play`, from any thread."""
        self._hushed.set()

    def aside(self, action: Callable[[], None]) -> bool:
        """Do something that ends every PortAudio stream of the process (a search for devices); False, undone, while playing."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._device.drop(action)
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        """Hush and give the device back."""
        self.hush()
        with self._lock:
            self._device.drop()

    def _play(self, chunks: Iterable[bytes], sample_rate_hz: int, started: Callable[[float], None]) -> None:
        blocks = _blocks(chunks, sample_rate_hz)
        first = next(blocks, None)
        if first is None or self._hushed.is_set():
            return
        opened = self._device.start(sample_rate_hz)
        resampler = Resampler(sample_rate_hz, opened.rate_hz)
        reference = Reference(self._publish, sample_rate_hz)
        started(time.monotonic() + opened.latency_s)
        block: bytes | None = first
        while block is not None and not self._hushed.is_set():
            self._write(resampler.feed(block))
            reference.feed(block)
            block = next(blocks, None)
        self._write(resampler.flush() + _push(opened))
        reference.flush()
        self._device.stop()

    def _write(self, pcm: bytes) -> None:
        """Hand sound to the device as it has room, until it is all there or a hush comes."""
        deadline = time.monotonic() + STALL_S
        while pcm and not self._hushed.is_set():
            taken = self._device.give(pcm)
            pcm = pcm[taken:]
            if taken:
                deadline = time.monotonic() + STALL_S
            elif time.monotonic() > deadline:
                raise DeviceError(f"the loudspeaker took no sound for {STALL_S:g} s", MEND)
            if pcm:
                self._hushed.wait(LOOK_S)


def _push(opened: Opened) -> bytes:
    """Return the silence that pushes the last words out: PortAudio's stop drops what ALSA still holds."""
    return bytes(2 * int(opened.rate_hz * (opened.latency_s + BLOCK_S)))


def _blocks(chunks: Iterable[bytes], sample_rate_hz: int) -> Iterator[bytes]:
    """Cut the sound into blocks of at most BLOCK_S."""
    size = 2 * int(sample_rate_hz * BLOCK_S)
    for chunk in chunks:
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]
