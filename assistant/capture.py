"""Which source of the sound server is recorded: the one without echo, where the head unit has one."""

import logging
import os
import threading
from collections.abc import Mapping
from typing import Final

from assistant.config import Config
from assistant.errors import CabinError, DeviceError

Sources = tuple[Mapping[str, bool], str]
"""Names of sources and whether each is only what a loudspeaker plays; and the default's name."""

log = logging.getLogger(__name__)

CLEAR: Final = "cabin_clear"
"""The source that config/pipewire/cabin-echo-cancel.conf makes."""
SERVED: Final = frozenset({"", "default", "pulse", "pipewire"})
"""PortAudio's devices that lead to a sound server, if there is one."""
PATIENCE_S: Final = 2.0
NONE: Final[Sources] = ({}, "")
_VARIABLE: Final = "PULSE_SOURCE"
"""What PulseAudio's and PipeWire's own client library looks at each time a recording begins."""
_given: Final = os.environ.get(_VARIABLE)


def choose(config: Config) -> str:
    """Let the next recording be made from the source that the configuration names; return what that is.

    The answer is "" where there is no sound server, none that can be asked, or a device of another kind. DeviceError where the server has no such
    source, or only the sound of its own loudspeakers: it would give us another one, and we would listen to that.
    """
    if config.audio.input not in SERVED:
        return ""
    known, default = _asked()
    wanted = config.hear.source
    name = wanted if wanted != "auto" else (CLEAR if CLEAR in known else "")
    _record(name)
    recorded = name or _given or default
    if known and recorded not in known:
        raise DeviceError(f"the sound server has no source {recorded!r}", f"it has {', '.join(known)}: set hear.source")
    if known and known[recorded]:
        raise DeviceError("the sound server has no microphone", "plug one in, or set hear.source")
    return recorded


def _record(name: str) -> None:
    """Tell the sound server's client library what to record; "" is what it was told from outside, else the default."""
    if name:
        os.environ[_VARIABLE] = name
    elif _given is not None:
        os.environ[_VARIABLE] = _given
    else:
        os.environ.pop(_VARIABLE, None)


def _asked() -> Sources:
    """Return what the sound server can record; nothing where there is none, or no way to ask it. DeviceError if it hangs."""
    from assistant.platform.pulse import Sound  # noqa: PLC0415 - loads libpulse

    told: list[Sources] = []

    def ask() -> None:
        try:
            sound = Sound()
            try:
                told.append(sound.sources())
            finally:
                sound.close()
        except CabinError as error:
            log.debug("%s", error)
            told.append(NONE)

    asking = threading.Thread(target=ask, name="sources", daemon=True)
    asking.start()
    asking.join(PATIENCE_S)
    if not told:
        raise DeviceError("the sound server does not answer", "restart PipeWire or PulseAudio")
    return told[0]


def story(config: Config) -> str:
    """Say in one line which source is recorded and why; DeviceError where there is none."""
    name = choose(config)
    if name == CLEAR:
        return f"{CLEAR}: the car's own sound is taken out"
    return f"{name or 'no sound server'}: our own voice is heard too; config/pipewire/cabin-echo-cancel.conf mends that"
