"""Before sleep or shutdown: what goes on is brought to an end, the microphone is let go of, then sleep may come."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from assistant.core.event import Button, Pressed
from assistant.core.ports import Device
from assistant.dialogue.state import Dialogue, Phase
from assistant.loop import Loop

log = logging.getLogger(__name__)

LOOK_S: Final = 0.05
MARGIN_S: Final = 0.5
"""We are done this long before nobody waits for us any more."""
OPEN: Final = frozenset(
    {Phase.LISTENING, Phase.CONFIRMING, Phase.CHOOSING, Phase.READING, Phase.ASKING, Phase.CONSULTING}
)
"""Phases that wait for a person or a price; they are given up at once, and that buys nothing."""


class Sleep(Protocol):
    """Who tells of sleep and waits a little for us: logind."""

    longest_s: float
    """How long it waits."""

    def release(self) -> None:
        """Let it happen."""
        ...


class Rest:
    """Called by `Sleep` from a thread of its own: `leave` before, `come_back` after."""

    def __init__(
        self,
        loop: Loop,
        device: Device | None,
        dialogue: Callable[[], Dialogue],
        quiet: Callable[[], bool],
        committed: Callable[[], bool],
        back: Callable[[], None],
    ) -> None:
        """Take the parts: `dialogue` and `committed` are called on the loop's thread, `quiet` on any, `back` after every sleep."""
        self._loop, self._device, self._dialogue = loop, device, dialogue
        self._quiet, self._committed, self._back = quiet, committed, back
        self._times = 0

    def leave(self, sleep: Sleep) -> None:
        """Bring everything to an end, then release the sleep; returns at once."""
        self._times += 1
        threading.Thread(target=self._leave, args=(sleep, self._times), name="rest", daemon=True).start()

    def come_back(self) -> None:
        """Listen again."""
        self._times += 1
        if self._device is not None:
            self._device.resume()
        self._back()

    def _leave(self, sleep: Sleep, times: int) -> None:
        began = time.monotonic()
        deadline = began + sleep.longest_s - MARGIN_S
        if self._device is not None:
            self._device.rest()
        self._on_loop(lambda: self._give_up(OPEN))
        while time.monotonic() < deadline and times == self._times and not self._over():
            time.sleep(LOOK_S)
        self._on_loop(lambda: self._give_up(frozenset(Phase) - {Phase.IDLE}))
        if times == self._times:
            log.info("ready for sleep after %.1f s", time.monotonic() - began)
            sleep.release()

    def _give_up(self, phases: frozenset[Phase]) -> bool:
        """Press the cancel button in one of these phases: an order under way goes on, and what was read back is not bought."""
        dialogue = self._dialogue()
        if dialogue.phase in phases:
            self._loop.post(Pressed(dialogue.turn, Button.CANCEL))
        return True

    def _over(self) -> bool:
        """Tell whether nothing is said or done any more, and no yes is on its way."""
        return self._quiet() and self._on_loop(
            lambda: self._dialogue().phase is Phase.IDLE and not self._dialogue().running and self._committed()
        )

    def _on_loop(self, look: Callable[[], bool]) -> bool:
        """Return what is seen from the loop's thread; False if it does not answer."""
        seen: list[bool] = []
        done = threading.Event()

        def run() -> None:
            seen.append(look())
            done.set()

        self._loop.call(run)
        return done.wait(1.0) and seen[0]
