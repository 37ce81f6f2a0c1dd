"""A car behind a D-Bus service, as the car model's TOML describes it.

    [dbus]
    name = "org.example.Car1"            # of the service
    path = "/org/example/Car1"
    interface = "org.example.Car1"
    [dbus.names]                         # where the car calls a signal otherwise
    "Vehicle.Cabin.Light.IsDomeOn" = "DomeLight"

| member of the interface      | what it must do                                                                              |
|------------------------------|----------------------------------------------------------------------------------------------|
| Set(a{sv})                   | take all values or none, and return before they are reached; `….Error.Refused` with the name  |
|                              | of the signal as its message is a no                                                          |
| Get() → a{sv}                | every value the car knows                                                                     |
| Changed(a{sv})               | what changed; what must be fresh to act on (speed, gear, brake) at least twice a second        |

Values are b, x (any whole number when read), d and s, for bool, int, float and string.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, Protocol

from assistant.core.plan import Outcome, VehicleCommand
from assistant.core.vehicle import KINDS, Car, Signal, Value
from assistant.errors import BusError, ConfigError, Trouble, VehicleError
from assistant.vehicle.verify import Readings, RefusedError

log = logging.getLogger(__name__)

TYPES: Final[Mapping[str, str]] = MappingProxyType({"bool": "b", "int": "x", "float": "d", "string": "s"})
KEYS: Final = ("name", "path", "interface", "names")
DOTTED: Final = re.compile(r"[A-Za-z_-][\w-]*(\.[A-Za-z_-][\w-]*)+")
PATH: Final = re.compile(r"(/\w+)+")


class Bus(Protocol):
    """The connection; errors are BusError."""

    def call(
        self, to: tuple[str, str], method: str, kinds: str = "", *arguments: object, timeout_s: float = ...
    ) -> tuple[Any, ...]:
        """Call a method; return what comes back."""
        ...

    def listen(
        self, sender: str, signal: str, heard: Callable[[str, str, tuple[Any, ...]], None], arg0: str | None = None
    ) -> None:
        """Hear a signal, also after a reconnection."""
        ...

    def on_back(self, back: Callable[[], None]) -> None:
        """Call `back` whenever there is a connection."""
        ...

    @staticmethod
    def packed(values: Mapping[str, tuple[str, object]]) -> dict[str, Any]:
        """Return an a{sv} of name → (D-Bus type, value)."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """The car's own program on the bus."""

    name: str
    path: str
    interface: str
    names: Mapping[str, str]
    """VSS name → the car's, where they differ."""


def service(table: Mapping[str, Any], signals: Mapping[str, Signal], where: str) -> Service:
    """Check the table [dbus] of a car model; ConfigError names the key and the mend."""
    for key in table:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            raise ConfigError(f"{where}: unknown key dbus.{key}", f"did you mean {near[0]!r}?" if near else str(KEYS))
    for key, shape in (("name", DOTTED), ("path", PATH), ("interface", DOTTED)):
        if not isinstance(table.get(key), str) or not shape.fullmatch(table[key]):
            raise ConfigError(
                f"{where}: dbus.{key} is {table.get(key)!r}", "the head of assistant/vehicle/dbus.py shows one"
            )
    names = table.get("names", {})
    if not isinstance(names, Mapping):
        raise ConfigError(f"{where}: dbus.names is not a table", "write it as [dbus.names]")
    for name, theirs in names.items():
        if name not in signals:
            near = get_close_matches(name, signals, n=1)
            raise ConfigError(
                f"{where}: dbus.names: the car has no signal {name!r}",
                f"did you mean {near[0]!r}?" if near else "add it under [signals]",
            )
        if not isinstance(theirs, str) or not theirs:
            raise ConfigError(f"{where}: dbus.names: {name} is {theirs!r}", "give the car's name for it")
    theirs = [names.get(name, name) for name in signals]
    if twice := {name for name in theirs if theirs.count(name) > 1}:
        raise ConfigError(f"{where}: dbus.names: {min(twice)!r} stands for two signals", "give each its own")
    return Service(table["name"], table["path"], table["interface"], MappingProxyType(dict(names)))


class DbusCar:
    """`core.ports.Vehicle`; the bus belongs to who made it."""

    def __init__(
        self,
        signals: Mapping[str, Signal],
        service: Service,
        bus: Bus,
        *,
        timeout_s: float = 2.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listen to the car, and read all of it each time the bus or the service comes."""
        self._signals = signals
        self._service = service
        self._bus = bus
        self._timeout_s = timeout_s
        self._readings = Readings(signals, clock)
        self._ours = {service.names.get(name, name): name for name in signals}
        self._at = (service.name, service.path)
        bus.listen(service.name, f"{service.interface}.Changed", lambda _s, _p, told: self._heard(told[0]))
        bus.listen(
            "org.freedesktop.DBus", "org.freedesktop.DBus.NameOwnerChanged", lambda *_: self._read(), arg0=service.name
        )
        bus.on_back(self._read)

    def car(self) -> Car:
        """Return the last known state, at once."""
        return self._readings.car()

    def write(self, commands: Sequence[VehicleCommand]) -> tuple[Outcome, ...]:
        """Set all signals or none, wait for the read-back, tell what became of each."""
        return self._readings.write(commands, self._send, self._timeout_s)

    def close(self) -> None:
        """Do nothing: the bus is closed by who made it."""

    def _send(self, values: Mapping[str, Value]) -> None:
        theirs = {
            self._service.names.get(name, name): (TYPES[self._signals[name].kind], value)
            for name, value in values.items()
        }
        try:
            self._bus.call(self._at, f"{self._service.interface}.Set", "a{sv}", self._bus.packed(theirs))
        except BusError as error:
            if error.name == f"{self._service.interface}.Error.Refused":
                said = error.message.rpartition(" ")[2]
                raise RefusedError(self._ours.get(said, next(iter(values)))) from error
            if error.trouble is Trouble.DENIED:
                raise RefusedError(next(iter(values))) from error
            raise VehicleError(str(error), error.mend) from error

    def _read(self) -> None:
        try:
            self._heard(self._bus.call(self._at, f"{self._service.interface}.Get")[0])
        except BusError as error:
            log.info("the car is not on the bus: %s", error)

    def _heard(self, told: Mapping[str, Any]) -> None:
        """Take values the car said; one of another type than the model says is left out."""
        values: dict[str, Value] = {}
        for theirs, value in told.items():
            name = self._ours.get(theirs)
            if name is None:
                continue
            kind = KINDS[self._signals[name].kind]
            if kind is float and type(value) is int:
                values[name] = float(value)
            elif type(value) is kind:
                values[name] = value
            else:
                log.warning("the car says %s is %r, which is not a %s", theirs, value, kind.__name__)
        self._readings.put(values)
