"""Seats: heating, ventilation, massage, movement and remembered positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Plan, Question, VehicleCommand
from assistant.core.request import Range, Request
from assistant.core.text import Phrase, SlotValue
from assistant.core.vehicle import Signal, Zone
from assistant.skills import Skill
from assistant.skills._car import (
    Extent,
    OnOff,
    Shift,
    act,
    at_end,
    at_level,
    clipped,
    for_zone,
    level_of,
    levels,
    not_here,
    out_of_range,
    serving,
    typed,
    undo,
    unknown,
)

WARMTH: Final = "Vehicle.Cabin.Seat.*.HeatingCooling"
MASSAGE: Final = "Vehicle.Cabin.Seat.*.MassageLevel"
STEPS_MOVED: Final = {None: 2, Extent.LITTLE: 1, Extent.LOT: 4}


class SeatFunction(StrEnum):
    """What a seat does for comfort."""

    HEATING = "heating"
    VENTILATION = "ventilation"
    MASSAGE = "massage"


class SeatPart(StrEnum):
    """What of a seat moves."""

    SEAT = "seat"
    BACKREST = "backrest"
    LUMBAR = "lumbar"


class SeatWay(StrEnum):
    """Which way it moves."""

    FORWARD = "forward"
    BACK = "back"
    UP = "up"
    DOWN = "down"


class MemoryAction(StrEnum):
    """What to do with a remembered position."""

    RECALL = "recall"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class SetSeatComfort(Request):
    """Switch, set, raise or lower the heating, ventilation or massage of a seat."""

    labels = ("seat.control",)
    function: SeatFunction | None = None
    on_off: OnOff | None = None
    level: Annotated[float | None, Range(0, 10, 1)] = None
    shift: Shift | None = None
    extent: Extent | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class MoveSeat(Request):
    """Move a seat, its backrest or its lumbar support a little."""

    labels = ("seat.control",)
    part: SeatPart = SeatPart.SEAT
    way: SeatWay | None = None
    extent: Extent | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class UseSeatMemory(Request):
    """Go to a remembered seat position, or remember the present one."""

    labels = ("seat.control",)
    action: MemoryAction = MemoryAction.RECALL
    slot: Annotated[float | None, Range(1, 3, 1)] = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class AskSeat(Request):
    """Ask whether the heating, ventilation or massage of a seat is on."""

    labels = ("vehicle.query", "climate.query")
    function: SeatFunction | None = None
    zone: Zone | None = None


SIGN: Final[Mapping[SeatFunction, int]] = MappingProxyType(
    {SeatFunction.HEATING: 1, SeatFunction.VENTILATION: -1, SeatFunction.MASSAGE: 1}
)
"""Ventilation is the negative half of the heating signal."""
MOVES: Final[Mapping[tuple[SeatPart, SeatWay], tuple[str, int]]] = MappingProxyType(
    {
        (SeatPart.SEAT, SeatWay.FORWARD): ("Position", -1),
        (SeatPart.SEAT, SeatWay.BACK): ("Position", 1),
        (SeatPart.SEAT, SeatWay.UP): ("Height", 1),
        (SeatPart.SEAT, SeatWay.DOWN): ("Height", -1),
        (SeatPart.BACKREST, SeatWay.FORWARD): ("Backrest.Recline", -1),
        (SeatPart.BACKREST, SeatWay.UP): ("Backrest.Recline", -1),
        (SeatPart.BACKREST, SeatWay.BACK): ("Backrest.Recline", 1),
        (SeatPart.BACKREST, SeatWay.DOWN): ("Backrest.Recline", 1),
        (SeatPart.LUMBAR, SeatWay.FORWARD): ("Backrest.LumbarSupport", 1),
        (SeatPart.LUMBAR, SeatWay.UP): ("Backrest.LumbarSupport", 1),
        (SeatPart.LUMBAR, SeatWay.BACK): ("Backrest.LumbarSupport", -1),
        (SeatPart.LUMBAR, SeatWay.DOWN): ("Backrest.LumbarSupport", -1),
    }
)
"""Signal below the seat, and which way its numbers grow."""


def able(context: Context, function: SeatFunction, zone: Zone | None) -> tuple[Signal, ...]:
    """Return the signals of the seats in the zone that have the function."""
    signals = serving(context, MASSAGE if function is SeatFunction.MASSAGE else WARMTH, zone)
    if function is SeatFunction.VENTILATION:
        return tuple(signal for signal in signals if (signal.minimum or 0) < 0)
    return signals


def level_now(context: Context, function: SeatFunction, signal: Signal) -> int | None:
    """Return the level of a function, 0 for off, None if the car never told."""
    value = context.car.number(signal.name)
    return None if value is None else max(level_of(signal, value) * SIGN[function], 0)


def _wanted_level(request: SetSeatComfort, signal: Signal, now: int) -> int:
    top = levels(signal)
    if request.level is not None:
        return round(request.level)
    if request.shift is not None:
        ends = {Shift.MAX: top, Shift.MIN: 1}
        step = 1 if request.shift is Shift.UP else -1
        return ends.get(request.shift, min(max(now + step, 0), top))
    if request.on_off is OnOff.OFF:
        return 0
    return now or min(2, top)


def set_comfort(request: SetSeatComfort, context: Context) -> Decision:
    """Set the function of every seat in the zone that has it; seats without it are left, none at all is refused."""
    if request.function is None:
        return Question(request, Phrase("seats.which_function"), "function", tuple(SeatFunction))
    signals = able(context, request.function, request.zone)
    if not signals:
        return not_here(request, request.zone)
    sign = SIGN[request.function]
    targets: dict[Signal, float] = {}
    for signal in signals:
        now = level_now(context, request.function, signal)
        if now is None and request.shift in {Shift.UP, Shift.DOWN}:
            return Question(request, Phrase("seats.which_level"), "level")
        level = _wanted_level(request, signal, now or 0)
        if level > levels(signal):
            return out_of_range(request, 0, levels(signal))
        idle = sign * (context.car.number(signal.name) or 0.0) <= 0
        if level or not idle or context.car.value(signal.name) is None:
            targets[signal] = at_level(signal, sign * level)
    slots: dict[str, SlotValue] = {"what": f"@seat_function.{request.function}", "for_zone": for_zone(request.zone)}
    if not targets:
        return Answer(request, Phrase("seats.is_off", slots))
    if request.shift is Shift.UP and at_end(context, targets):
        return Answer(request, Phrase("seats.at_most", slots))
    level = abs(level_of(signals[0], max(targets.values(), key=abs)))
    done = Phrase("seats.set" if level else "seats.off", {**slots, "level": level})
    return act(request, context, {signal: typed(signal, value) for signal, value in targets.items()}, done)


def move(request: MoveSeat, context: Context) -> Decision:
    """Move by a few presses of the seat's own button; the guard holds the driver's seat still while the car moves."""
    if request.way is None:
        return Question(request, Phrase("seats.which_way"), "way", ("forward", "back", "up"))
    leaf, sign = MOVES[request.part, request.way]
    signals = serving(context, f"Vehicle.Cabin.Seat.*.{leaf}", request.zone)
    if not signals:
        return not_here(request, request.zone)
    targets: dict[Signal, float] = {}
    for signal in signals:
        now = context.car.number(signal.name)
        if now is None:
            return unknown(request)
        targets[signal] = clipped(signal, now + sign * (signal.step or 10) * STEPS_MOVED[request.extent])
    slots: dict[str, SlotValue] = {
        "part": f"@seat_part.{request.part}",
        "way": f"@seat_way.{request.way}",
        "for_zone": for_zone(request.zone),
    }
    if at_end(context, targets):
        return Answer(request, Phrase("seats.no_further", slots))
    return act(
        request,
        context,
        {signal: typed(signal, value) for signal, value in targets.items()},
        Phrase("seats.moved", slots),
    )


def remember(request: UseSeatMemory, context: Context) -> Decision:
    """Recall or store a position; a recall is undone by moving every part back to where it was."""
    leaf = "Recall" if request.action is MemoryAction.RECALL else "Store"
    signals = serving(context, f"Vehicle.Cabin.Seat.*.Memory.{leaf}", request.zone)
    if not signals:
        return not_here(request, request.zone)
    if request.slot is None:
        return Question(request, Phrase("seats.which_slot"), "slot", ("1", "2", "3"))
    slot = round(request.slot)
    steps = tuple(VehicleCommand(signal.name, slot) for signal in signals)
    done = Phrase(
        "seats.recalled" if leaf == "Recall" else "seats.stored", {"slot": slot, "for_zone": for_zone(request.zone)}
    )
    if leaf == "Store":
        return Plan(request, steps, done)
    seats = [signal.name.removesuffix(".Memory.Recall") for signal in signals]
    parts = [f"{seat}.{part}" for seat in seats for part in ("Position", "Height", "Backrest.Recline")]
    now = [VehicleCommand(part, 0) for part in parts if part in context.car.signals]
    return Plan(request, steps, done, undo=undo(context, now))


def ask(request: AskSeat, context: Context) -> Decision:
    """Tell the level of a function."""
    if request.function is None:
        return Question(request, Phrase("seats.which_function"), "function", tuple(SeatFunction))
    signals = able(context, request.function, request.zone)
    if not signals:
        return not_here(request, request.zone)
    level = level_now(context, request.function, signals[0])
    if level is None:
        return unknown(request)
    slots: dict[str, SlotValue] = {"what": f"@seat_function.{request.function}", "for_zone": for_zone(request.zone)}
    return Answer(request, Phrase("seats.is_at", {**slots, "level": level}) if level else Phrase("seats.is_off", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case SetSeatComfort():
            return set_comfort(request, context)
        case MoveSeat():
            return move(request, context)
        case UseSeatMemory():
            return remember(request, context)
        case AskSeat():
            return ask(request, context)
    return unknown(request)


SKILL = Skill("seats", (SetSeatComfort, MoveSeat, UseSeatMemory, AskSeat), plan)
