"""A clock for deadlines that wall-clock jumps cannot touch: seconds that only count forward, over reboots too.

While the car runs it is the kernel's boot clock. What passed while the car was off is not known until the bridge tells
its time; then the ledger's clock steps forward by it, once a boot. Nothing ever expires on the head unit's own calendar.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_OFF_S: Final = 400 * 86_400.0
"""A longer pause is taken for a fault and not stepped over."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The clock as the ledger keeps it between runs."""

    boot: str
    boot_s: float
    now: float
    offset_s: float | None
    """Bridge's epoch seconds minus ours."""
    settled: bool
    """Whether the pause before this boot has been stepped over."""


def boot_id() -> str:
    """Return the kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def boot_seconds() -> float:
    """Return seconds since boot, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """Ledger seconds, and the bridge's calendar as far as it is known."""

    def __init__(self, saved: Saved | None, boot: str, read: Callable[[], float]) -> None:
        """Go on from where the last run stood; `read` gives seconds since `boot`."""
        self._boot, self._read = boot, read
        same = saved is not None and saved.boot == boot
        self._offset_s = None if saved is None else saved.offset_s
        self._settled = saved is None or (saved.settled if same else False)
        self._base = 0.0 if saved is None else saved.now - (saved.boot_s if same else read())
        if saved is None:
            self._base = -read()
        self._known = same and self._settled and self._offset_s is not None

    def now(self) -> float:
        """Return ledger seconds; never less than before."""
        return self._base + self._read()

    def bridge_now(self) -> float | None:
        """Return epoch seconds of the bridge, or None until it has told them since boot."""
        return self.now() + self._offset_s if self._known and self._offset_s is not None else None

    def learn(self, bridge_now: float) -> None:
        """Take the bridge's epoch seconds as of now; steps over the time the car was off, once a boot."""
        fresh = bridge_now - self.now()
        if not self._settled and self._offset_s is not None and 0 < fresh - self._offset_s <= MAX_OFF_S:
            self._base += fresh - self._offset_s
            fresh = self._offset_s
        self._offset_s, self._settled, self._known = fresh, True, True

    def saved(self) -> Saved:
        """Return what to keep for the next run."""
        boot_s = self._read()
        return Saved(self._boot, boot_s, self._base + boot_s, self._offset_s, self._settled)
