"""Warmth: temperature, and what of the climate can be switched: air conditioning, defrosters, recirculation and so on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Question
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.core.vehicle import Signal, Value, Zone
from assistant.skills import Skill
from assistant.skills._car import (
    FAN,
    Extent,
    OnOff,
    Shift,
    act,
    at_end,
    clipped,
    for_zone,
    not_here,
    out_of_range,
    serving,
    typed,
    unknown,
    within,
)

TEMPERATURE: Final = "Vehicle.Cabin.HVAC.Station.*.Temperature"
COOLING: Final = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
RECIRCULATION: Final = "Vehicle.Cabin.HVAC.IsRecirculationActive"
FRONT_DEFROST: Final = "Vehicle.Cabin.HVAC.IsFrontDefrosterActive"
REAR_DEFROST: Final = "Vehicle.Cabin.HVAC.IsRearDefrosterActive"
AUTO: Final = "Vehicle.Cabin.HVAC.IsAutoActive"
SYNC: Final = "Vehicle.Cabin.HVAC.IsSyncActive"
MIRRORS: Final = "Vehicle.Body.Mirrors.*.IsHeatingOn"
WHEEL: Final = "Vehicle.Chassis.SteeringWheel.HeatingCooling"

FAHRENHEIT_ABOVE: Final = 40
"""A number of degrees above this can only be meant in Fahrenheit."""
STEP_CELSIUS: Final = {None: 1.0, Extent.LITTLE: 0.5, Extent.LOT: 3.0}


class ClimateFeature(StrEnum):
    """What can be switched."""

    CLIMATE = "climate"
    AIR_CONDITIONING = "air_conditioning"
    HEATER = "heater"
    AUTO = "auto"
    SYNC = "sync"
    RECIRCULATION = "recirculation"
    FRESH_AIR = "fresh_air"
    DEFROST = "defrost"
    FRONT_DEFROST = "front_defrost"
    REAR_DEFROST = "rear_defrost"
    MAX_DEFROST = "max_defrost"
    MAX_COOLING = "max_cooling"
    MIRROR_HEATING = "mirror_heating"
    WHEEL_HEATING = "wheel_heating"


@dataclass(frozen=True, slots=True)
class SetTemperature(Request):
    """Set, raise or lower the temperature of the air."""

    labels = ("climate.control",)
    degrees: Annotated[float | None, Range(10, 90, 0.5, "degrees")] = None
    shift: Shift | None = None
    by: Annotated[float | None, Range(0.5, 20, 0.5)] = None
    """Degrees to go up or down."""
    extent: Extent | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class SwitchClimate(Request):
    """Switch the climate, the air conditioning, a defroster, recirculation and the like on or off."""

    labels = ("climate.control", "vehicle.setting")
    feature: ClimateFeature | None = None
    on_off: OnOff | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class Lever:
    """One family of signals and what a feature does to it; None leaves it alone."""

    pattern: str
    on: Value | None
    off: Value | None
    at_least: bool = False
    """True if `on` is only reached for, never lowered to."""


FAN_ON: Final = Lever(FAN, 30, None, at_least=True)
LEVERS: Final[Mapping[ClimateFeature, tuple[Lever, ...]]] = MappingProxyType(
    {
        ClimateFeature.CLIMATE: (Lever(COOLING, on=True, off=False), Lever(FAN, 30, 0, at_least=True)),
        ClimateFeature.AIR_CONDITIONING: (Lever(COOLING, on=True, off=False), FAN_ON),
        ClimateFeature.HEATER: (
            Lever(COOLING, on=False, off=None),
            Lever(TEMPERATURE, 24.0, None, at_least=True),
            Lever(FAN, 30, 0, at_least=True),
        ),
        ClimateFeature.AUTO: (Lever(AUTO, on=True, off=False),),
        ClimateFeature.SYNC: (Lever(SYNC, on=True, off=False),),
        ClimateFeature.RECIRCULATION: (Lever(RECIRCULATION, on=True, off=False),),
        ClimateFeature.FRESH_AIR: (Lever(RECIRCULATION, on=False, off=True),),
        ClimateFeature.DEFROST: (Lever(FRONT_DEFROST, on=True, off=False), Lever(REAR_DEFROST, on=True, off=False)),
        ClimateFeature.FRONT_DEFROST: (Lever(FRONT_DEFROST, on=True, off=False),),
        ClimateFeature.REAR_DEFROST: (Lever(REAR_DEFROST, on=True, off=False),),
        ClimateFeature.MAX_DEFROST: (
            Lever(FRONT_DEFROST, on=True, off=False),
            Lever(REAR_DEFROST, on=True, off=False),
            Lever(FAN, 100, None),
        ),
        ClimateFeature.MAX_COOLING: (
            Lever(COOLING, on=True, off=False),
            Lever(TEMPERATURE, 16.0, None),
            Lever(FAN, 100, 30),
        ),
        ClimateFeature.MIRROR_HEATING: (Lever(MIRRORS, on=True, off=False),),
        ClimateFeature.WHEEL_HEATING: (Lever(WHEEL, 100, 0),),
    }
)
GLASS: Final = {Zone.FRONT: ClimateFeature.FRONT_DEFROST, Zone.REAR: ClimateFeature.REAR_DEFROST}
"""Which defroster is meant by a row."""
WHOLE_CAR: Final = (
    ClimateFeature.CLIMATE,
    ClimateFeature.HEATER,
    ClimateFeature.MIRROR_HEATING,
    ClimateFeature.MAX_COOLING,
)
"""Features that serve every seat where no zone was said."""


def celsius(degrees: float) -> float:
    """Return degrees Celsius to the half degree, taking what can only be Fahrenheit for Fahrenheit."""
    return round((degrees - 32) / 1.8 * 2) / 2 if degrees > FAHRENHEIT_ABOVE else degrees


def _wanted_degrees(request: SetTemperature, signal: Signal, now: float) -> float:
    if request.degrees is not None:
        return celsius(request.degrees)
    step = request.by if request.by is not None else STEP_CELSIUS[request.extent]
    ends = {Shift.MAX: signal.maximum, Shift.MIN: signal.minimum}
    wanted = ends.get(request.shift or Shift.MAX, now + (step if request.shift is Shift.UP else -step))
    return clipped(signal, now if wanted is None else wanted)


def set_temperature(request: SetTemperature, context: Context) -> Decision:
    """Set the temperature of the zone; out of range is refused with the bounds, never clipped."""
    signals = serving(context, TEMPERATURE, request.zone)
    if not signals:
        return not_here(request, request.zone)
    if request.degrees is None and request.shift is None:
        return Question(request, Phrase("climate.which_temperature"), "degrees")
    now = {signal: context.car.number(signal.name) for signal in signals}
    relative = request.degrees is None and request.shift in {Shift.UP, Shift.DOWN}
    if relative and None in now.values():
        return Question(request, Phrase("climate.which_temperature"), "degrees")
    targets = {signal: _wanted_degrees(request, signal, value or 0.0) for signal, value in now.items()}
    for signal, target in targets.items():
        if not within(signal, target):
            return out_of_range(request, signal.minimum, signal.maximum)
    where = for_zone(request.zone)
    if relative and at_end(context, targets):
        key = "climate.at_warmest" if request.shift is Shift.UP else "climate.at_coolest"
        return Answer(request, Phrase(key, {"degrees": next(iter(targets.values())), "for_zone": where}))
    if len(set(targets.values())) > 1:
        done = Phrase("climate.warmer" if request.shift is Shift.UP else "climate.cooler", {"for_zone": where})
    else:
        said = request.degrees if request.degrees is not None else next(iter(targets.values()))
        done = Phrase("climate.temperature_set", {"degrees": said, "for_zone": where})
    return act(request, context, dict(targets), done)


def _pulled(context: Context, lever: Lever, signal: Signal, wanted: Value) -> Value:
    now = context.car.number(signal.name)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return wanted
    if lever.at_least and wanted == lever.on and now is not None:
        wanted = max(wanted, now)
    return typed(signal, clipped(signal, wanted))


def switch(request: SwitchClimate, context: Context) -> Decision:
    """Pull the levers of a feature; where a zone was said, what serves the whole car stays on for the others."""
    if request.feature is None:
        return Question(request, Phrase("climate.which_feature"), "feature")
    if request.feature is ClimateFeature.DEFROST and request.zone in GLASS:
        return switch(replace(request, feature=GLASS[request.zone], zone=None), context)
    on = request.on_off is not OnOff.OFF
    everybody = Zone.ALL if request.feature in WHOLE_CAR else None
    targets: dict[Signal, Value] = {}
    zoned = False
    for lever in LEVERS[request.feature]:
        wanted = lever.on if on else lever.off
        signals = serving(context, lever.pattern, request.zone or everybody)
        zoned = zoned or any(signal.zone for signal in signals)
        if wanted is not None:
            targets |= {signal: _pulled(context, lever, signal, wanted) for signal in signals}
    if request.zone not in {None, Zone.ALL} and zoned and not on:
        targets = {signal: value for signal, value in targets.items() if signal.zone} or targets
    if not targets:
        return not_here(request, request.zone)
    slots = {"what": f"@feature.{request.feature}", "for_zone": for_zone(request.zone) if zoned else ""}
    return act(request, context, targets, Phrase("climate.switched_on" if on else "climate.switched_off", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case SetTemperature():
            return set_temperature(request, context)
        case SwitchClimate():
            return switch(request, context)
    return unknown(request)


SKILL = Skill("climate", (SetTemperature, SwitchClimate), plan)
