"""Sleep and shutdown, as logind tells of them: each waits a little until we let go (systemd.io/INHIBITOR_LOCKS)."""

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from assistant.errors import BusError
from assistant.platform.bus import Bus, watch_names

log = logging.getLogger(__name__)

NAME: Final = "org.freedesktop.login1"
MANAGER: Final = ("org.freedesktop.login1", "/org/freedesktop/login1")
INTERFACE: Final = "org.freedesktop.login1.Manager"
LONGEST_S: Final = 5.0
"""InhibitDelayMaxSec= of logind.conf where it does not tell its own; it goes on after that in any case."""


class Logind:
    """Holds a delay inhibitor for sleep and shutdown whenever it can; methods may be called from any thread."""

    def __init__(self, bus: Bus, leaving: Callable[["Logind"], None], back: Callable[[], None]) -> None:
        """Begin to hold. `leaving` and `back` are called on the bus's thread; between them comes `release`."""
        self._bus = bus
        self._leaving = leaving
        self._back = back
        self._lock = threading.Lock()
        self._held: int | None = None
        self._away = False
        self.longest_s = LONGEST_S
        """How long logind waits for us."""
        for signal in ("PrepareForSleep", "PrepareForShutdown"):
            bus.listen(NAME, f"{INTERFACE}.{signal}", lambda _s, _p, told: self._prepare(begins=bool(told[0])))
        watch_names(bus, lambda name, _old, new: self._hold() if name == NAME and new else None)
        bus.on_back(self._hold)

    @property
    def holds(self) -> bool:
        """Tell whether sleep waits for us."""
        return self._held is not None

    def release(self) -> None:
        """Let sleep or shutdown go on."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def _prepare(self, *, begins: bool) -> None:
        if begins:
            self._away = True
            self._leaving(self)
            return
        was_away, self._away = self._away, False
        self._hold()
        if was_away:
            self._back()

    def _hold(self) -> None:
        """Take the inhibitor, and let go of the last one only then; on a unit without logind nothing waits for us."""
        asked = ("sleep:shutdown", "Cabin", "orders and what is being said are brought to an end", "delay")
        try:
            held = self._bus.call_for_file(MANAGER, f"{INTERFACE}.Inhibit", "ssss", *asked)
        except BusError as error:
            log.info("nothing waits for us before sleep: %s", error)
            return
        with self._lock:
            before, self._held = self._held, held
        if before is not None:
            os.close(before)
        try:
            self.longest_s = self._bus.get(MANAGER, f"{INTERFACE}.InhibitDelayMaxUSec") / 1e6
        except BusError:
            self.longest_s = LONGEST_S
