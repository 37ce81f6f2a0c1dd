"""What people say instead of a command ("I'm cold", "turn it up"), and what they ask about the climate."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Plan, Question
from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.core.vehicle import Value, Zone
from assistant.skills import Skill
from assistant.skills._car import FAN, Extent, OnOff, Shift, for_zone, level_of, not_here, serving, unknown
from assistant.skills.air import AIRFLOW, DISTRIBUTION, SetFan, set_fan
from assistant.skills.climate import (
    AUTO,
    COOLING,
    FRONT_DEFROST,
    MIRRORS,
    REAR_DEFROST,
    RECIRCULATION,
    SYNC,
    TEMPERATURE,
    WHEEL,
    ClimateFeature,
    SetTemperature,
    SwitchClimate,
    set_temperature,
    switch,
)
from assistant.skills.volume import SetVolume, VolumeDirection, plan_set

INSIDE: Final = "Vehicle.Cabin.HVAC.AmbientAirTemperature"
COMPLAINT_CELSIUS: Final = 2.0
"""How far a complaint moves the temperature."""


class Feeling(StrEnum):
    """What is wrong with the air."""

    COLD = "cold"
    HOT = "hot"
    STUFFY = "stuffy"
    HUMID = "humid"
    FOGGY = "foggy"
    FOGGY_REAR = "foggy_rear"
    FROSTED_MIRRORS = "frosted_mirrors"
    WINDY = "windy"


class ClimateTopic(StrEnum):
    """What of the climate is asked about."""

    TEMPERATURE = "temperature"
    INSIDE = "inside"
    FAN = "fan"
    AIRFLOW = "airflow"
    AIR_CONDITIONING = "air_conditioning"
    HEATER = "heater"
    AUTO = "auto"
    SYNC = "sync"
    RECIRCULATION = "recirculation"
    FRONT_DEFROST = "front_defrost"
    REAR_DEFROST = "rear_defrost"
    MIRROR_HEATING = "mirror_heating"
    WHEEL_HEATING = "wheel_heating"


class Adjustable(StrEnum):
    """What "it" may be."""

    TEMPERATURE = "temperature"
    FAN = "fan"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class ComplainClimate(Request):
    """Say that it is too cold, hot, stuffy or foggy."""

    labels = ("climate.complaint", "vehicle.setting")
    feeling: Feeling | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class AskClimate(Request):
    """Ask how warm it is, or whether something of the climate is on."""

    labels = ("climate.query", "vehicle.query")
    topic: ClimateTopic | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class AdjustIt(Request):
    """Turn "it" up or down without saying what."""

    labels = ("climate.control", "volume.control")
    adjustable: Adjustable | None = None
    shift: Shift | None = None
    extent: Extent | None = None


SWITCHES: Final[Mapping[ClimateTopic, str]] = MappingProxyType(
    {
        ClimateTopic.AIR_CONDITIONING: COOLING,
        ClimateTopic.AUTO: AUTO,
        ClimateTopic.SYNC: SYNC,
        ClimateTopic.RECIRCULATION: RECIRCULATION,
        ClimateTopic.FRONT_DEFROST: FRONT_DEFROST,
        ClimateTopic.REAR_DEFROST: REAR_DEFROST,
        ClimateTopic.MIRROR_HEATING: MIRRORS,
        ClimateTopic.WHEEL_HEATING: WHEEL,
    }
)
MENDS: Final[Mapping[Feeling, ClimateFeature]] = MappingProxyType(
    {
        Feeling.HUMID: ClimateFeature.AIR_CONDITIONING,
        Feeling.FOGGY: ClimateFeature.FRONT_DEFROST,
        Feeling.FOGGY_REAR: ClimateFeature.REAR_DEFROST,
        Feeling.FROSTED_MIRRORS: ClimateFeature.MIRROR_HEATING,
    }
)


def complain(request: ComplainClimate, context: Context) -> Decision:
    """Do the one thing that mends it, and say what was done."""
    match request.feeling:
        case None:
            return Question(request, Phrase("comfort.what_is_wrong"), "feeling", ("cold", "hot", "stuffy"))
        case Feeling.COLD | Feeling.HOT as feeling:
            way = Shift.UP if feeling is Feeling.COLD else Shift.DOWN
            wish = SetTemperature(shift=way, by=COMPLAINT_CELSIUS, zone=request.zone)
            return _asked_as(request, set_temperature(wish, context))
        case Feeling.STUFFY:
            return _asked_as(request, switch(SwitchClimate(ClimateFeature.FRESH_AIR, OnOff.ON), context))
        case Feeling.WINDY:
            return _asked_as(request, set_fan(SetFan(shift=Shift.DOWN, zone=request.zone), context))
        case feeling:
            return _asked_as(request, switch(SwitchClimate(MENDS[feeling], OnOff.ON), context))


def _asked_as(request: Request, decision: Decision) -> Decision:
    """Return the decision of another request as the answer to this one; a question keeps its own request and field."""
    match decision:
        case Plan(steps=steps, done=done, undo=undo):
            return Plan(request, steps, done, undo=undo)
        case Answer(phrase=phrase):
            return Answer(request, phrase)
        case _:
            return decision


def ask(request: AskClimate, context: Context) -> Decision:
    """Tell what the car last said of the topic."""
    match request.topic:
        case None | ClimateTopic.TEMPERATURE:
            return _tell_temperature(request, context)
        case ClimateTopic.INSIDE:
            inside = context.car.number(INSIDE)
            return (
                unknown(request) if inside is None else Answer(request, Phrase("comfort.inside", {"degrees": inside}))
            )
        case ClimateTopic.FAN | ClimateTopic.HEATER:
            return _tell_fan(request, context)
        case ClimateTopic.AIRFLOW:
            return _tell_airflow(request, context)
        case ClimateTopic.FRONT_DEFROST if request.zone is Zone.REAR:
            return _asked_as(request, ask(AskClimate(ClimateTopic.REAR_DEFROST), context))
        case topic:
            values = [
                context.car.value(signal.name) for signal in serving(context, SWITCHES[topic], request.zone or Zone.ALL)
            ]
            return _tell_switch(request, topic, values)


def _tell_switch(request: AskClimate, topic: ClimateTopic, values: list[Value | None]) -> Decision:
    if not values:
        return not_here(request, request.zone)
    if None in values:
        return unknown(request)
    return Answer(request, Phrase("comfort.is_on" if any(values) else "comfort.is_off", {"what": f"@feature.{topic}"}))


def _tell_temperature(request: AskClimate, context: Context) -> Decision:
    signals = serving(context, TEMPERATURE, request.zone)
    degrees = sorted(
        {context.car.number(signal.name) or 0.0 for signal in signals if context.car.value(signal.name) is not None}
    )
    inside = context.car.number(INSIDE)
    where = for_zone(request.zone)
    if not signals:
        return not_here(request, request.zone)
    if not degrees:
        return unknown(request)
    if len(degrees) > 1:
        return Answer(
            request, Phrase("comfort.set_between", {"low": degrees[0], "high": degrees[-1], "for_zone": where})
        )
    if inside is None:
        return Answer(request, Phrase("comfort.set_to", {"degrees": degrees[0], "for_zone": where}))
    return Answer(
        request, Phrase("comfort.set_and_inside", {"degrees": degrees[0], "inside": inside, "for_zone": where})
    )


def _tell_fan(request: AskClimate, context: Context) -> Decision:
    signals = serving(context, FAN, request.zone)
    if not signals:
        return not_here(request, request.zone)
    value = context.car.number(signals[0].name)
    if value is None:
        return unknown(request)
    key = "comfort.fan_at" if value else "comfort.fan_is_off"
    return Answer(request, Phrase(key, {"level": level_of(signals[0], value), "for_zone": for_zone(request.zone)}))


def _tell_airflow(request: AskClimate, context: Context) -> Decision:
    signals = serving(context, AIRFLOW, request.zone)
    if not signals:
        return not_here(request, request.zone)
    names = {value: airflow for airflow, value in DISTRIBUTION.items()}
    airflow = names.get(str(context.car.value(signals[0].name)))
    if airflow is None:
        return unknown(request)
    return Answer(
        request, Phrase("comfort.airflow_is", {"what": f"@airflow.{airflow}", "for_zone": for_zone(request.zone)})
    )


def adjust(request: AdjustIt, context: Context) -> Decision:
    """Take "it" for the music while it plays, else ask."""
    chosen = request.adjustable or (Adjustable.VOLUME if context.headunit.media.playing else None)
    match chosen:
        case None:
            return Question(request, Phrase("comfort.adjust_what"), "adjustable", tuple(Adjustable))
        case Adjustable.TEMPERATURE:
            return _asked_as(
                request, set_temperature(SetTemperature(shift=request.shift, extent=request.extent), context)
            )
        case Adjustable.FAN:
            return _asked_as(request, set_fan(SetFan(shift=request.shift, extent=request.extent), context))
        case Adjustable.VOLUME:
            way = VolumeDirection.DOWN if request.shift is Shift.DOWN else VolumeDirection.UP
            return _asked_as(request, plan_set(SetVolume(direction=way), context))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case ComplainClimate():
            return complain(request, context)
        case AskClimate():
            return ask(request, context)
        case AdjustIt():
            return adjust(request, context)
    return unknown(request)


SKILL = Skill("comfort", (ComplainClimate, AskClimate, AdjustIt), plan)
