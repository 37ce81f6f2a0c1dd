"""The microphone: PortAudio puts bytes on a queue; a device that vanishes is waited for."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from assistant.core.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, Frame
from assistant.errors import DeviceError

_LOG = logging.getLogger(__name__)

BLOCK_SAMPLES = 341
"""21.3 ms, as PipeWire gives sound out (1,024 samples of 48 kHz). PortAudio waits for a block no longer than one lasts: asked for 20 ms
it wakes twice as often, half of that for nothing. Asked for more than its 21.3 ms PipeWire 0.3.65 changes its rhythm as streams
come and go, and stood still after a minute (22 ms: three runs of three, after 14 to 23 spoken sentences).
"""
QUEUE_BLOCKS = 2 * SAMPLE_RATE_HZ // BLOCK_SAMPLES
"""2 s: under load blocks come in bursts (p99 50 ms), and thinking may hold the ear up."""
GONE_AFTER_S = 1.0
"""A stream that is silent for so long has lost its device, whatever PortAudio says."""
FIRST_RETRY_S = 0.25
LAST_RETRY_S = 30.0
"""A search costs 50 to 100 ms of CPU. What changes is noticed anyway: `look`, and the files in `_PLACES`."""
CALM_S = 0.32
"""While nobody speaks frames are given out so many seconds at a time: a thread that wakes a few times costs less than one that wakes often."""
LOOK_S = 0.2
"""How often those files are looked at while there is no device."""
_PLACES = ("/dev/snd", "/run/pulse/native", "/run/pipewire/pipewire-0")
"""What changes when a sound card or a sound server comes or goes; those of a session stand under XDG_RUNTIME_DIR."""
_SILENCE = bytes(FRAME_BYTES)
_MEND = "plug it in, or name another one in [audio] input; `cabin check` lists them"


class MicrophoneState(StrEnum):
    """LIVE: frames come from the device; GONE: silence is given out until it is back; RESTING: hardly anything, until `resume`."""

    LIVE = "live"
    GONE = "gone"
    RESTING = "resting"


def _sounddevice() -> Any:
    """Return the sounddevice module; raise DeviceError where PortAudio is missing."""
    try:
        import sounddevice  # noqa: PLC0415 - starts PortAudio when imported
    except (ImportError, OSError) as error:
        raise DeviceError("PortAudio is not installed", "apt install libportaudio2") from error
    return sounddevice


def microphones() -> tuple[str, ...]:
    """Return the names of the capture devices; raise DeviceError where PortAudio is missing."""
    sd = _sounddevice()
    try:
        return tuple(device["name"] for device in sd.query_devices() if device["max_input_channels"] > 0)
    except sd.PortAudioError as error:
        raise DeviceError(f"the sound system does not answer: {error}", _MEND) from error


def rescan_devices() -> None:
    """Let PortAudio list the devices anew; ends every PortAudio stream of this process."""
    sd = _sounddevice()
    with suppress(sd.PortAudioError):
        sd._terminate()  # noqa: SLF001 - PortAudio lists devices only when it starts
    with suppress(sd.PortAudioError):
        sd._initialize()  # noqa: SLF001 - as above


class Microphone:
    """A FrameSource that outlives its device: while the device is gone it gives out silence in real time and tries again."""

    def __init__(
        self,
        device: str | int | None = None,
        *,
        state: Callable[[MicrophoneState], None] = lambda _: None,
        rescan: Callable[[], None] = rescan_devices,
        source: Callable[[], str] = lambda: "",
    ) -> None:
        """Name a device (None: the system's default); `state` is told every change, `rescan` is called before each new try.

        `source` is called before the device is opened and says what of a sound server it leads to, or raises DeviceError
        where that is no microphone; asked again after `look`, another answer opens the device anew.
        """
        self._device = device
        self._tell = state
        self._rescan = rescan
        self._source = source
        self._opened = ""
        """The source that is recorded."""
        self._queue: queue.SimpleQueue[tuple[bytes, float]] = queue.SimpleQueue()
        self._hurried = threading.Event()
        self._closed = threading.Event()
        self._resting = threading.Event()
        self._looked = threading.Event()
        self._state: MicrophoneState | None = None
        self._stream: Any = None

    def probe(self) -> None:
        """Open and close the device once; raise DeviceError with the mend."""
        stream = self._open()
        stream.close()

    def frames(self) -> Iterable[Frame]:
        """Yield 20 ms frames until closed: sound while the device lives, silence while it is gone."""
        wait_s = 0.0
        try:
            while not self._closed.is_set():
                changed = yield from self._away(wait_s)
                if self._resting.is_set():
                    yield from self._rest()
                    wait_s = 0.0
                elif self._closed.is_set():
                    return
                elif self._connect():
                    wait_s = FIRST_RETRY_S
                    self._looked.clear()
                    yield from self._live()
                else:
                    wait_s = FIRST_RETRY_S if changed else min(LAST_RETRY_S, max(FIRST_RETRY_S, wait_s * 2))
        finally:
            self._disconnect()

    def close(self) -> None:
        """End `frames`, from any thread."""
        self._closed.set()
        self.resume()
        self._nudge()

    def rest(self) -> None:
        """Let go of the device and give hardly a frame, all void, until `resume`; from any thread."""
        self._resting.set()
        self._nudge()

    def resume(self) -> None:
        """Take the device again; from any thread."""
        self._resting.clear()
        self._looked.set()

    def look(self) -> None:
        """Look for a device that is gone now, because something changed; from any thread."""
        self._looked.set()

    def hurry(self, now: bool) -> None:
        """Give each frame as soon as it is there, or several at a time; from any thread."""
        if now is not self._hurried.is_set():
            (self._hurried.set if now else self._hurried.clear)()

    def _nudge(self) -> None:
        """Let whoever waits for a frame look around."""
        self._queue.put((b"", time.monotonic()))

    def _rest(self) -> Iterable[Frame]:
        """Wait without the device; a void frame now and then says that nobody hangs."""
        self._disconnect()
        self._become(MicrophoneState.RESTING)
        while self._resting.is_set() and not self._closed.is_set():
            self._looked.wait(GONE_AFTER_S)
            self._looked.clear()
            yield Frame(_SILENCE, time.monotonic(), void=True)

    def _open(self) -> Any:
        """Return a started stream; raise DeviceError."""
        sd = _sounddevice()
        try:
            stream = sd.RawInputStream(
                samplerate=SAMPLE_RATE_HZ,
                blocksize=BLOCK_SAMPLES,
                device=self._device,
                channels=1,
                dtype="int16",
                callback=self._arrived,
            )
            stream.start()
        except (sd.PortAudioError, ValueError) as error:
            name = "the default microphone" if self._device is None else f"microphone {self._device!r}"
            raise DeviceError(f"{name} cannot be opened: {error}", _MEND) from error
        return stream

    def _arrived(self, data: Any, _frames: int, _time: Any, _status: Any) -> None:
        """Put one block on the queue; runs in PortAudio's thread and does nothing else: all it does costs most there."""
        if self._queue.qsize() < QUEUE_BLOCKS:
            self._queue.put((bytes(data), time.monotonic()))

    def _connect(self) -> bool:
        """Open the device, after a first failure with a fresh list of devices; tell whether it lives."""
        if self._state is MicrophoneState.GONE:
            self._rescan()
        try:
            self._opened = self._source()
            self._stream = self._open()
        except DeviceError as error:
            _LOG.debug("microphone: %s", error)
            self._become(MicrophoneState.GONE)
            return False
        return True

    def _disconnect(self) -> None:
        """Close the stream and forget what it left on the queue."""
        stream, self._stream = self._stream, None
        if stream is not None:
            sd = _sounddevice()
            with suppress(sd.PortAudioError):
                stream.close(ignore_errors=True)
        with suppress(queue.Empty):
            while True:
                self._queue.get_nowait()

    def _live(self) -> Iterable[Frame]:
        """Yield what the device hears until it is closed or gone."""
        begun = b""
        while not self._closed.is_set() and not self._resting.is_set():
            if self._queue.empty():
                self._hurried.wait(CALM_S)
            try:
                pcm, at = self._queue.get(timeout=GONE_AFTER_S)
            except queue.Empty:
                self._disconnect()
                self._become(MicrophoneState.GONE)
                return
            if self._looked.is_set() and self._misled():
                self._disconnect()
                self._become(MicrophoneState.GONE)
                return
            begun += pcm
            while len(begun) >= FRAME_BYTES:
                self._become(MicrophoneState.LIVE)
                yield Frame(begun[:FRAME_BYTES], at)
                begun = begun[FRAME_BYTES:]

    def _misled(self) -> bool:
        """Tell whether the open device leads to another source than it should by now."""
        self._looked.clear()
        try:
            return self._source() != self._opened
        except DeviceError as error:
            _LOG.debug("microphone: %s", error)
            return True

    def _away(self, seconds: float) -> Generator[Frame, None, bool]:
        """Yield silence in real time, so that an open turn can end; return early, with True, when devices may have changed."""
        start, before = time.monotonic(), _devices()
        every, last = round(LOOK_S * 1000 / FRAME_MS), round(seconds * 1000 / FRAME_MS)
        upto = 0
        for count in range(1, last + 1):
            if count > upto:
                upto = count if self._hurried.is_set() else min(last, count - 1 + round(CALM_S * 1000 / FRAME_MS))
                due = start + upto * FRAME_MS / 1000
                if self._closed.wait(max(0.0, due - time.monotonic())) or self._resting.is_set():
                    return False
            yield Frame(_SILENCE, start + count * FRAME_MS / 1000, void=True)
            if count % every == 0 and (self._looked.is_set() or _devices() != before):
                self._looked.clear()
                return True
        return False

    def _become(self, state: MicrophoneState) -> None:
        """Tell a change of state once."""
        if state is not self._state:
            self._state = state
            self._tell(state)


def _devices() -> tuple[tuple[int, int], ...]:
    """Return what changes when a sound card or a sound server comes or goes."""
    session = os.environ.get("XDG_RUNTIME_DIR", "/run/user/0")
    places = (*_PLACES, f"{session}/pulse/native", f"{session}/pipewire-0")
    return tuple(_stamp(Path(place)) for place in places)


def _stamp(place: Path) -> tuple[int, int]:
    try:
        found = place.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)
