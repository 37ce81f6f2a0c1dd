"""One playback device through PortAudio; a sound system that hangs holds up only the thread in here."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final

import numpy as np

from assistant.errors import DeviceError

LATENCY_S: Final = 0.06
"""Sound held by the device: enough to bridge a busy moment of this process, little enough to start and to fall silent quickly."""
PATIENCE_S: Final = 2.0
"""A call into the sound system that takes longer has failed (a sound server that is half up never answers)."""
MEND: Final = "plug it in or set audio.output; `cabin check` lists the devices"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the device runs at."""

    rate_hz: int
    latency_s: float


class Device:
    """A device by name (empty: the system's default); opened when started, kept while it works. Every method raises DeviceError."""

    def __init__(self, name: str) -> None:
        """Load PortAudio; open nothing yet."""
        self._sounddevice = _sounddevice()
        self._name = name or None
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._late: Future[Any] | None = None
        self._stream: Any = None
        self._asked_hz = 0
        threading.Thread(target=self._serve, name="loudspeaker", daemon=True).start()

    def start(self, rate_hz: int) -> Opened:
        """Make the device ready for sound, at `rate_hz` if it can."""
        opened: Opened = self._call(lambda: self._start(rate_hz))
        return opened

    def give(self, pcm: bytes) -> int:
        """Hand over as much s16le mono at the opened rate as there is room for; return the bytes taken."""
        taken: int = self._call(lambda: self._give(pcm))
        return taken

    def stop(self) -> None:
        """Fall silent at once, drop what is not yet played, keep the device open."""
        self._call(lambda: self._stream is not None and self._stream.abort())

    def drop(self, then: Callable[[], None] = lambda: None) -> None:
        """Close the device, then run `then` before anything else touches PortAudio here."""

        def close() -> None:
            self._close()
            then()

        self._call(close)

    def _call(self, job: Callable[[], Any]) -> Any:
        """Run a job on the device's thread; PortAudio is never entered twice at a time."""
        if self._late is not None and not self._late.done():
            raise DeviceError("the sound system hangs", "restart the sound server (PipeWire, PulseAudio)")
        future: Future[Any] = Future()
        self._calls.put((job, future))
        try:
            return future.result(PATIENCE_S)
        except TimeoutError:
            self._late = future
            raise DeviceError(
                f"the sound system does not answer for {PATIENCE_S:g} s",
                "restart the sound server (PipeWire, PulseAudio)",
            ) from None

    def _serve(self) -> None:
        while True:
            job, future = self._calls.get()
            try:
                future.set_result(job())
            except self._sounddevice.PortAudioError as error:
                self._close()
                future.set_exception(DeviceError(f"the loudspeaker went away: {_words(error)}", MEND))
            except Exception as error:  # noqa: BLE001 - it is raised again in the thread that called
                future.set_exception(error)

    def _start(self, rate_hz: int) -> Opened:
        if self._stream is not None and self._asked_hz == rate_hz:
            try:
                self._stream.start()
            except self._sounddevice.PortAudioError as error:
                log.info("the loudspeaker is opened anew: %s", _words(error))
            else:
                return Opened(int(self._stream.samplerate), self._stream.latency)
        self._close()
        self._stream = self._open(rate_hz)
        self._asked_hz = rate_hz
        self._stream.start()
        return Opened(int(self._stream.samplerate), self._stream.latency)

    def _open(self, rate_hz: int) -> Any:
        """Open at our rate and mono, else at what the device can do."""
        portaudio = self._sounddevice
        try:
            own_hz = portaudio.query_devices(self._name, "output")["default_samplerate"]
        except (ValueError, portaudio.PortAudioError):
            raise DeviceError(f"no loudspeaker {self._name!r}" if self._name else "no loudspeaker", MEND) from None
        refusal = ""
        for hz, channels in ((rate_hz, 1), (own_hz, 1), (rate_hz, 2), (own_hz, 2)):
            try:
                return portaudio.RawOutputStream(
                    samplerate=hz, channels=channels, dtype="int16", device=self._name, latency=LATENCY_S
                )
            except (ValueError, portaudio.PortAudioError) as error:
                refusal = _words(error)
        raise DeviceError(f"the loudspeaker does not open: {refusal}", MEND)

    def _give(self, pcm: bytes) -> int:
        if self._stream is None:
            raise DeviceError("the loudspeaker was closed", MEND)
        room = min(self._stream.write_available, len(pcm) // 2) * 2
        if room:
            self._stream.write(_widened(pcm[:room], self._stream.channels))
        return int(room)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close(ignore_errors=True)
            self._stream = None


def speakers() -> tuple[str, ...]:
    """Return the names of the playback devices. Raises DeviceError."""
    sounddevice = _sounddevice()
    try:
        return tuple(device["name"] for device in sounddevice.query_devices() if device["max_output_channels"] > 0)
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"the sound system does not answer: {_words(error)}", MEND) from None


def _sounddevice() -> Any:
    try:
        import sounddevice  # noqa: PLC0415 - starts PortAudio when imported
    except (ImportError, OSError):
        raise DeviceError("PortAudio is not installed", "apt install libportaudio2") from None
    return sounddevice


def _widened(pcm: bytes, channels: int) -> bytes:
    return pcm if channels == 1 else np.repeat(np.frombuffer(pcm, "<i2"), channels).tobytes()


def _words(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
