"""The car as its signals: VSS names, their ranges, and what they last read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

Value = bool | int | float | str
KINDS: Mapping[str, type[bool | int | float | str]] = MappingProxyType(
    {"bool": bool, "int": int, "float": float, "string": str}
)


class Zone(StrEnum):
    """A place in the car as a person names it; sides are as seen by the driver."""

    DRIVER = "driver"
    PASSENGER = "passenger"
    REAR_LEFT = "rear_left"
    REAR_RIGHT = "rear_right"
    FRONT_LEFT = "front_left"
    FRONT_RIGHT = "front_right"
    FRONT = "front"
    REAR = "rear"
    LEFT = "left"
    RIGHT = "right"
    ALL = "all"


SEATS = frozenset({Zone.DRIVER, Zone.PASSENGER, Zone.REAR_LEFT, Zone.REAR_RIGHT})
DRIVER_SIDE = "Vehicle.Cabin.DriverPosition"


def seats(zone: Zone, driver_side: str = "LEFT") -> frozenset[Zone]:
    """Return the single seats a zone covers; `driver_side` is LEFT or RIGHT."""
    left, right = (Zone.DRIVER, Zone.PASSENGER) if driver_side == "LEFT" else (Zone.PASSENGER, Zone.DRIVER)
    groups = {
        Zone.FRONT_LEFT: {left},
        Zone.FRONT_RIGHT: {right},
        Zone.FRONT: {left, right},
        Zone.REAR: {Zone.REAR_LEFT, Zone.REAR_RIGHT},
        Zone.LEFT: {left, Zone.REAR_LEFT},
        Zone.RIGHT: {right, Zone.REAR_RIGHT},
        Zone.ALL: SEATS,
    }
    return frozenset(groups.get(zone, {zone}))


@dataclass(frozen=True, slots=True)
class Signal:
    """One VSS signal of this car model, as `config/vehicles/<model>.toml` describes it."""

    name: str
    """VSS path, e.g. Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature."""
    kind: str
    """`bool`, `int`, `float` or `string`."""
    unit: str = ""
    """VSS unit word, e.g. celsius, percent, km/h."""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    zone: Zone | None = None
    """The seat or the row it serves, if it serves one."""
    writable: bool = True

    def unfit(self, value: Value) -> str:
        """Return why it cannot hold the value, `wrong_type` or `out_of_range`; empty if it can."""
        if type(value) is not KINDS[self.kind] and not (self.kind == "float" and type(value) is int):
            return "wrong_type"
        if isinstance(value, int | float) and not isinstance(value, bool):
            low = -math.inf if self.minimum is None else self.minimum
            high = math.inf if self.maximum is None else self.maximum
            if not (math.isfinite(value) and low <= value <= high):
                return "out_of_range"
        return "out_of_range" if self.choices and value not in self.choices else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A signal's value and when the car last said it."""

    value: Value
    at: float
    """Monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Car:
    """A snapshot of everything the car told, and of what it can do."""

    signals: Mapping[str, Signal] = field(default_factory=lambda: MappingProxyType({}))
    readings: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))

    def value(self, name: str) -> Value | None:
        """Return the last value, or None if the car never said it."""
        reading = self.readings.get(name)
        return None if reading is None else reading.value

    def number(self, name: str) -> float | None:
        """Return the last value as a number, or None if unknown or not a number."""
        value = self.value(name)
        return float(value) if isinstance(value, int | float) else None

    def seats(self, zone: Zone) -> frozenset[Zone]:
        """Return the single seats a zone covers in this car; the driver sits on the left unless the car says otherwise."""
        return seats(zone, str(self.value(DRIVER_SIDE) or "LEFT"))

    def fresh(self, name: str, at: float, within_s: float = 1.0) -> bool:
        """Tell whether the signal was read no longer than `within_s` before `at`."""
        reading = self.readings.get(name)
        return reading is not None and at - reading.at <= within_s
