"""Air: how much of it and where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Question
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.core.vehicle import Signal, Zone
from assistant.skills import Skill
from assistant.skills._car import (
    FAN,
    Extent,
    OnOff,
    Shift,
    act,
    at_end,
    at_level,
    for_zone,
    level_of,
    levels,
    not_here,
    out_of_range,
    serving,
    typed,
    unknown,
    within,
)

AIRFLOW: Final = "Vehicle.Cabin.HVAC.Station.*.AirDistribution"
STEP_FAN: Final = {None: 1, Extent.LITTLE: 1, Extent.LOT: 3}


class Airflow(StrEnum):
    """Where the air comes out."""

    WINDSCREEN = "windscreen"
    FACE = "face"
    FEET = "feet"
    FACE_AND_FEET = "face_and_feet"
    WINDSCREEN_AND_FEET = "windscreen_and_feet"
    WINDSCREEN_AND_FACE = "windscreen_and_face"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class SetFan(Request):
    """Set, raise, lower or switch the fan."""

    labels = ("climate.control",)
    level: Annotated[float | None, Range(0, 20, 1)] = None
    percent: Annotated[float | None, Range(0, 100, 1, "percent")] = None
    shift: Shift | None = None
    extent: Extent | None = None
    on_off: OnOff | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class SetAirflow(Request):
    """Send the air to face, feet or windscreen."""

    labels = ("climate.control", "seat.control")
    airflow: Airflow | None = None
    zone: Zone | None = None


DISTRIBUTION: Final[Mapping[Airflow, str]] = MappingProxyType(
    {
        Airflow.WINDSCREEN: "UP",
        Airflow.FACE: "MIDDLE",
        Airflow.FEET: "DOWN",
        Airflow.FACE_AND_FEET: "MIDDLE_DOWN",
        Airflow.WINDSCREEN_AND_FEET: "UP_DOWN",
        Airflow.WINDSCREEN_AND_FACE: "UP_MIDDLE",
        Airflow.EVERYWHERE: "UP_MIDDLE_DOWN",
    }
)


def _wanted_fan(request: SetFan, signal: Signal, now: float) -> float:
    if request.percent is not None:
        return request.percent
    if request.level is not None:
        return at_level(signal, request.level)
    if request.on_off is not None:
        return 0 if request.on_off is OnOff.OFF else max(now, at_level(signal, 3))
    step = STEP_FAN[request.extent]
    level = level_of(signal, now) + (step if request.shift is Shift.UP else -step)
    level = {Shift.MAX: levels(signal), Shift.MIN: 1}.get(request.shift or Shift.UP, level)
    return at_level(signal, min(max(level, 1), levels(signal)))


def set_fan(request: SetFan, context: Context) -> Decision:
    """Set the fan of the zone; a level the fan does not have is refused with the bounds."""
    signals = serving(context, FAN, request.zone)
    if not signals:
        return not_here(request, request.zone)
    if (request.level, request.percent, request.shift, request.on_off) == (None, None, None, None):
        return Question(request, Phrase("air.which_fan"), "level")
    now = {signal: context.car.number(signal.name) for signal in signals}
    relative = request.level is None and request.percent is None and request.shift in {Shift.UP, Shift.DOWN}
    if relative and None in now.values():
        return Question(request, Phrase("air.which_fan"), "level")
    targets = {signal: _wanted_fan(request, signal, value or 0.0) for signal, value in now.items()}
    for signal, target in targets.items():
        if not within(signal, target):
            return out_of_range(request, 0, levels(signal))
    if relative and at_end(context, targets):
        key = "air.fan_at_most" if request.shift is Shift.UP else "air.fan_at_least"
        return Answer(request, Phrase(key, {"for_zone": for_zone(request.zone)}))
    signal, target = next(iter(targets.items()))
    key = "air.fan_off" if target == 0 else "air.fan_set"
    done = Phrase(key, {"level": level_of(signal, target), "for_zone": for_zone(request.zone)})
    return act(request, context, {signal: typed(signal, target) for signal, target in targets.items()}, done)


def set_airflow(request: SetAirflow, context: Context) -> Decision:
    """Send the air where the vents of the zone can send it."""
    if request.airflow is None:
        return Question(request, Phrase("air.which_airflow"), "airflow", ("windscreen", "face", "feet"))
    signals = serving(context, AIRFLOW, request.zone)
    wanted = DISTRIBUTION[request.airflow]
    able = [signal for signal in signals if wanted in signal.choices]
    if not able:
        return not_here(request, request.zone)
    slots = {"what": f"@airflow.{request.airflow}", "for_zone": for_zone(request.zone)}
    return act(request, context, dict.fromkeys(able, wanted), Phrase("air.airflow_set", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case SetFan():
            return set_fan(request, context)
        case SetAirflow():
            return set_airflow(request, context)
    return unknown(request)


SKILL = Skill("air", (SetFan, SetAirflow), plan)
