"""How the assistant lives with the rest of the head unit: other programs' sound, telephone calls, the network, sleep."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from assistant.buses import Buses
from assistant.config import Config
from assistant.core.effect import Effect
from assistant.core.event import Button, Event, Pressed
from assistant.core.headunit import CallPhase
from assistant.core.ports import Device, Devices
from assistant.dialogue.speech import on_the_line
from assistant.dialogue.state import Dialogue, Phase
from assistant.errors import CabinError
from assistant.loop import Loop
from assistant.outside import Outside
from assistant.rest import Rest
from assistant.world import World

if TYPE_CHECKING:
    from assistant.hear.ear import Ear
    from assistant.platform.focus import Focus
    from assistant.platform.logind import Logind
    from assistant.platform.network import Network

log = logging.getLogger(__name__)


@runtime_checkable
class Telling(Protocol):
    """Devices that tell when they changed."""

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """What of the assistant the neighbours touch; `dialogue` is called on the loop's thread, `quiet` and `renamed` on any."""

    loop: Loop
    ear: "Ear | None"
    device: Device | None
    devices: Devices
    world: World
    outside: Outside
    dialogue: Callable[[], Dialogue]
    quiet: Callable[[], bool]
    renamed: Callable[[], None]
    """Takes note that the names in `devices` changed."""


class Neighbours:
    """Watches the loop; what is not there or not wanted is left out."""

    def __init__(self, config: Config, buses: Buses, house: House) -> None:
        """Meet the neighbours; before the loop runs."""
        self._house = house
        self._active = False
        self._call = CallPhase.NONE
        self._names = house.devices.names().get("contact", ())
        self._focus = self._meet_sound(config)
        self.network: Network | None = None
        self.sleep: Logind | None = None
        self._meet_bus(config, buses)
        house.loop.watch(self)
        if isinstance(house.devices, Telling):
            house.devices.watch(lambda: house.loop.call(self.look))

    def close(self) -> None:
        """Leave them as they were found."""
        if self._focus is not None:
            self._focus.close()
        if self.sleep is not None:
            self.sleep.release()

    def saw_event(self, event: Event, at: float) -> None:
        """Look around once the conversation has taken the event."""
        del event, at
        self._house.loop.call(self.look)

    def saw_effect(self, effect: Effect, at: float) -> None:
        """Take no note."""

    def look(self) -> None:
        """Do what the present moment asks for; on the loop's thread, after every event and once a second."""
        dialogue = self._house.dialogue()
        active = dialogue.phase is not Phase.IDLE or dialogue.aloud
        if self._focus is not None and active is not self._active:
            (self._focus.duck if active else self._focus.restore)()
        self._active = active
        self._look_at_telephone(dialogue)

    def _look_at_telephone(self, dialogue: Dialogue) -> None:
        """In a call no wake word is heeded; one that begins otherwise than by our own doing ends what we say."""
        context = self._house.world.context()
        before, self._call = self._call, context.headunit.call.phase
        if self._call is not before:
            if self._house.ear is not None:
                self._house.ear.mind_words(not on_the_line(context))
            dialled = self._call is CallPhase.ACTIVE and before is CallPhase.DIALLING
            ours = bool(dialogue.running) or self._call is CallPhase.DIALLING or dialled
            if self._call is not CallPhase.NONE and not ours:
                self._house.loop.post(Pressed(dialogue.turn, Button.CANCEL))
        names = context.names.get("contact", ())
        if names != self._names:
            self._names = names
            self._house.renamed()

    def _meet_sound(self, config: Config) -> "Focus | None":
        if config.audio.duck_db <= 0:
            return None
        from assistant.platform.focus import Focus  # noqa: PLC0415 - where it is chosen

        device = self._house.device
        file = config.runtime_dir() / "ducked.json"
        try:
            return Focus(file, config.audio.duck_db, device.look if device is not None else lambda: None)
        except CabinError as error:
            log.info("other programs stay as loud as they are: %s", error)
            return None

    def _meet_bus(self, config: Config, buses: Buses) -> None:
        bus = buses.here()
        if bus is None:
            return
        house = self._house
        if config.headunit.network == "auto":
            from assistant.platform.network import Network  # noqa: PLC0415 - loads GLib

            self.network = Network(bus, lambda up: house.outside.network(up=up))
        if config.headunit.sleep == "auto":
            from assistant.platform.logind import Logind  # noqa: PLC0415 - loads GLib

            rest = Rest(
                house.loop,
                house.device,
                house.dialogue,
                house.quiet,
                house.outside.committed,
                lambda: house.outside.network(up=True),
            )
            self.sleep = Logind(bus, rest.leave, rest.come_back)
