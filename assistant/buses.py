"""The D-Bus and what of the assistant is on it: the service for other programs, players, telephone, a car's bus."""

import importlib.util
import logging
from typing import TYPE_CHECKING

from assistant.config import Config
from assistant.core.ports import Devices, Vehicle
from assistant.errors import BusError, ConfigError, Trouble

if TYPE_CHECKING:
    from assistant.door import Door
    from assistant.platform.bus import Bus
    from assistant.platform.mpris import Mpris
    from assistant.platform.ofono import OFono
    from assistant.vehicle.model import Model

log = logging.getLogger(__name__)


class Buses:
    """Connects at the first use; where D-Bus is not installed or not running, the assistant goes on without."""

    def __init__(self, config: Config) -> None:
        """Connect to nothing yet."""
        self._config = config
        self._made: dict[str, Bus] = {}
        self._served = False

    def bus(self, where: str) -> "Bus":
        """Return the connection to a bus, made once; it may not be there yet. BusError if the libraries are missing."""
        if any(importlib.util.find_spec(name) is None for name in ("gi", "pydbus")):
            raise BusError(Trouble.ABSENT, "pydbus is not installed", "pip install 'cabin-assistant[dbus]'")
        from assistant.platform.bus import Bus  # noqa: PLC0415 - loads GLib

        if where not in self._made:
            self._made[where] = Bus(where)
        return self._made[where]

    def here(self) -> "Bus | None":
        """Return the bus on which Cabin is a service, if it is one there."""
        return self._made.get(self._config.dbus.bus) if self._served else None

    def vehicle(self, model: "Model") -> Vehicle:
        """Return the car behind the service that its model names; ConfigError for a model without one, BusError."""
        from assistant.vehicle.dbus import DbusCar, service  # noqa: PLC0415 - where it is chosen

        if model.dbus is None:
            raise ConfigError(
                f"the car model {model.name!r} has no table [dbus]", "add name, path and interface of the car's service"
            )
        return DbusCar(model.signals, service(model.dbus, model.signals, model.name), self.bus(self._config.dbus.bus))

    def devices(self, simulated: Devices, contacts: dict[str, str]) -> Devices:
        """Return the simulated head unit with the real parts that are configured; `contacts` maps names to numbers."""
        wanted = self._config.headunit
        if wanted.media == "simulator" and wanted.phone == "simulator":
            return simulated
        players = self._mpris() if wanted.media == "mpris" else None
        telephone = self._ofono(contacts) if wanted.phone == "ofono" else None
        from assistant.platform.headunit import JoinedHeadUnit  # noqa: PLC0415 - where it is chosen

        return JoinedHeadUnit(simulated, players, telephone)

    def appear(self, door: "Door") -> bool:
        """Serve other programs as org.cabin.Assistant1 as soon as there is a bus; False where that is off or cannot be."""
        wanted = self._config.dbus
        if wanted.enabled == "no":
            return False
        try:
            bus = self.bus(wanted.bus)
        except BusError as error:
            log.log(logging.WARNING if wanted.enabled == "yes" else logging.INFO, "not on the bus: %s", error)
            return False
        from assistant.platform.service import Service  # noqa: PLC0415 - loads GLib

        door.tell(Service(bus, door))
        self._served = True
        return True

    def story(self) -> str:
        """Say in one line whether other programs can talk to the assistant; BusError if it is wanted and cannot be."""
        wanted = self._config.dbus
        if wanted.enabled == "no":
            return "off, as configured"
        try:
            there = self.bus(wanted.bus).connected
        except BusError as error:
            if wanted.enabled == "yes":
                raise
            return f"none: {error}"
        if not there and wanted.enabled == "yes":
            raise BusError(Trouble.ABSENT, f"no {wanted.bus} bus", "start dbus-daemon, or set dbus.bus")
        return f"{wanted.bus} bus" + (
            "" if there else ": none runs here, so no program can talk to Cabin until one does"
        )

    def _mpris(self) -> "Mpris":
        bus = self.bus(self._config.dbus.players)
        from assistant.platform.mpris import Mpris  # noqa: PLC0415 - loads GLib

        return Mpris(bus)

    def _ofono(self, contacts: dict[str, str]) -> "OFono":
        bus = self.bus(self._config.dbus.bus)
        from assistant.platform.ofono import OFono  # noqa: PLC0415 - loads GLib

        return OFono(bus, contacts)

    def close(self) -> None:
        """Leave every bus."""
        for bus in self._made.values():
            bus.close()
        self._made.clear()
