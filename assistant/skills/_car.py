"""What the skills that act on the car share: which signals serve a zone, levels, steps and their undoing."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from assistant.core.context import Context
from assistant.core.plan import Plan, Refusal, Step, VehicleCommand
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.core.vehicle import Signal, Value, Zone


class OnOff(StrEnum):
    """A switch."""

    ON = "on"
    OFF = "off"


class Shift(StrEnum):
    """A wish relative to now, or to an end of the scale."""

    UP = "up"
    DOWN = "down"
    MAX = "max"
    MIN = "min"


class Extent(StrEnum):
    """How far a shift goes, in words."""

    LITTLE = "little"
    LOT = "lot"


FAN: Final = "Vehicle.Cabin.HVAC.Station.*.FanSpeed"
LEVELS: Final = 3
"""Levels of a percent signal whose car model names no step."""


@cache
def _family(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?"))


def family(context: Context, pattern: str) -> tuple[Signal, ...]:
    """Return the car's signals of a name in which `*` stands for the instance, e.g. `Row1.Driver`."""
    matcher = _family(pattern)
    return tuple(signal for name, signal in context.car.signals.items() if matcher.fullmatch(name))


def serving(context: Context, pattern: str, zone: Zone | None) -> tuple[Signal, ...]:
    """Return the signals of a family that serve the zone, the speaker's seat if none was said; shared ones serve everybody."""
    wanted = context.car.seats(zone or context.seat)
    return tuple(
        signal for signal in family(context, pattern) if signal.zone is None or context.car.seats(signal.zone) & wanted
    )


def levels(signal: Signal) -> int:
    """Return how many levels above off the signal has."""
    top = signal.maximum if signal.maximum is not None else 100
    return round(top / signal.step) if signal.step else LEVELS


def at_level(signal: Signal, level: float) -> int:
    """Return the signal's value at a level; negative levels mirror positive ones."""
    top = signal.maximum if signal.maximum is not None else 100
    return round(top * level / levels(signal))


def level_of(signal: Signal, value: float) -> int:
    """Return the level nearest to a value."""
    top = signal.maximum if signal.maximum is not None else 100
    return round(value / top * levels(signal))


def clipped(signal: Signal, value: float) -> float:
    """Return the nearest value that the signal allows."""
    low = signal.minimum if signal.minimum is not None else value
    high = signal.maximum if signal.maximum is not None else value
    return min(max(value, low), high)


def typed(signal: Signal, value: float) -> int | float:
    """Return a number in the signal's own type."""
    return round(value) if signal.kind == "int" else float(value)


def within(signal: Signal, value: float) -> bool:
    """Tell whether the signal's range holds the value."""
    return clipped(signal, value) == value


def at_end(context: Context, targets: Mapping[Signal, float]) -> bool:
    """Tell whether every signal already stands where the wish would move it."""
    return all(context.car.number(signal.name) == value for signal, value in targets.items())


def commands(targets: Mapping[Signal, Value]) -> tuple[VehicleCommand, ...]:
    """Return one step per signal."""
    return tuple(VehicleCommand(signal.name, value) for signal, value in targets.items())


def undo(context: Context, steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps that put back what the car says now; none if it never said one of them."""
    back: list[Step] = []
    for step in steps:
        old = context.car.value(step.signal) if isinstance(step, VehicleCommand) else None
        if not isinstance(step, VehicleCommand) or old is None:
            return ()
        back.append(VehicleCommand(step.signal, old))
    return tuple(back)


def act(request: Request, context: Context, targets: Mapping[Signal, Value], done: Phrase) -> Plan:
    """Return the plan that sets the signals and can put them back."""
    steps = commands(targets)
    return Plan(request, steps, done, undo=undo(context, steps))


def for_zone(zone: Zone | None) -> str:
    """Return the slot that says whom it is for, empty where nobody was named."""
    return "" if zone is None else f"@for.{zone.value}"


def not_here(request: Request, zone: Zone | None = None) -> Refusal:
    """Say that this car has no such thing (there)."""
    return Refusal(request, Phrase("car.not_available", {"for_zone": for_zone(zone)}), "not_available")


def out_of_range(request: Request, low: SlotValue, high: SlotValue) -> Refusal:
    """Say between which bounds it can be set."""
    return Refusal(request, Phrase("car.out_of_range", {"low": low, "high": high}), "out_of_range")


def unknown(request: Request) -> Refusal:
    """Say that the car has not told."""
    return Refusal(request, Phrase("car.unknown"), "unknown")
