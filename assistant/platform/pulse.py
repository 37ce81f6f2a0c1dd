"""The sound server (PipeWire or PulseAudio) as its clients see it; the only module that loads pulsectl."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from assistant.errors import DeviceError

log = logging.getLogger(__name__)

LISTEN_S: Final = 5.0
"""How often a listener that hears nothing looks whether it is still wanted."""
FACILITIES: Final = ("sink_input", "source")
_NOBODY: Final = 0xFFFFFFFF
_MEND: Final = "start PipeWire with pipewire-pulse, or PulseAudio"


@dataclass(frozen=True, slots=True)
class Stream:
    """One program's sound on its way to a loudspeaker."""

    index: int
    key: str
    """What the server remembers its volume by, from one song to the next."""
    role: str
    """`media.role`: music, phone, …; may be empty."""
    process: int
    """Process id of the program, 0 if it tells none."""
    inner: bool
    """Whether it belongs to the server itself: an echo canceller, a loopback."""
    volume: tuple[float, ...]
    """Per channel, 1.0 is 100 %, on PulseAudio's cubic scale."""


class Sound:
    """One connection, made when first needed and made anew when the server was gone; for one thread."""

    def __init__(self) -> None:
        """Connect to nothing yet; DeviceError where pulsectl or libpulse is missing."""
        self._library = _library()
        self._pulse: Any = None

    def streams(self) -> tuple[Stream, ...]:
        """Return what plays or is paused now. Raises DeviceError."""
        return tuple(_stream(info) for info in self._ask(lambda pulse: pulse.sink_input_list()))

    def set_volume(self, index: int, volume: tuple[float, ...]) -> None:
        """Set a stream's volume; one that has ended meanwhile is passed over. Raises DeviceError."""
        wanted = self._library.PulseVolumeInfo(list(volume)).to_struct()
        self._ask(lambda pulse: self._set_volume(pulse, index, wanted))

    def sources(self) -> tuple[dict[str, bool], str]:
        """Return what can be recorded and whether each is only what a loudspeaker plays, and the default. Raises DeviceError."""
        known = self._ask(lambda pulse: pulse.source_list())
        default = self._ask(lambda pulse: pulse.server_info()).default_source_name
        return {info.name: info.monitor_of_sink != _NOBODY for info in known}, default

    def listen(self, heard: Callable[[str], None], stopped: threading.Event) -> None:
        """Call `heard` with each of FACILITIES now, and whenever one comes, changes or goes, until stopped. Raises DeviceError."""

        def listening(pulse: Any) -> None:
            pulse.event_mask_set(*FACILITIES)
            pulse.event_callback_set(lambda event: heard(event.facility._value))  # noqa: SLF001 - an enumeration's own word
            for facility in FACILITIES:
                heard(facility)
            while not stopped.is_set():
                pulse.event_listen(timeout=LISTEN_S)

        self._ask(listening)

    def close(self) -> None:
        """Leave the server."""
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.close()

    def _ask(self, ask: Callable[[Any], Any]) -> Any:
        try:
            if self._pulse is None:
                self._pulse = self._library.Pulse("cabin", connect=False)
                self._pulse.connect()
            return ask(self._pulse)
        except (self._library.PulseError, self._library.PulseDisconnected) as error:
            self.close()
            raise DeviceError(f"the sound server does not answer: {error}", _MEND) from error

    def _set_volume(self, pulse: Any, index: int, wanted: Any) -> None:
        """Do what pulsectl 24.12.0 does, and let go of the operation, which it forgets: 96 bytes each time."""
        low = self._library._pulsectl.pa  # noqa: SLF001 - there is no other way to the operation
        operation = None
        try:
            with pulse._pulse_op_cb() as done:  # noqa: SLF001 - as above
                operation = low.context_set_sink_input_volume(pulse._ctx, index, wanted, done, None)  # noqa: SLF001 - as above
        except (self._library.PulseOperationFailed, low.CallError) as error:
            log.debug("stream %d keeps its volume: %s", index, error)
        finally:
            if operation is not None:
                low.operation_unref(operation)


def _stream(info: Any) -> Stream:
    told = info.proplist
    process = told.get("application.process.id", "")
    return Stream(
        info.index,
        told.get("module-stream-restore.id") or told.get("application.name") or info.name,
        told.get("media.role", "").lower(),
        int(process) if process.isdigit() else 0,
        "node.link-group" in told or info.client == _NOBODY,
        tuple(info.volume.values),
    )


def _library() -> Any:
    try:
        import pulsectl  # noqa: PLC0415 - loads libpulse
    except (ImportError, OSError) as error:
        raise DeviceError(
            f"pulsectl cannot be used: {error}", "pip install 'cabin-assistant[audio]' and apt install libpulse0"
        ) from error
    return pulsectl
