"""What the car can tell about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Question, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.core.vehicle import Zone
from assistant.skills import Skill
from assistant.skills._car import family, for_zone, not_here, serving, unknown

ENGINE: Final = "Vehicle.Powertrain."
BATTERY: Final = f"{ENGINE}TractionBattery."
FUEL: Final = f"{ENGINE}FuelSystem."
WHEEL: Final = "Vehicle.Chassis.Axle.*.Wheel.*.Tire."
LOW_RANGE_KM: Final = 60
KPA_PER_BAR: Final = 100


class VehicleTopic(StrEnum):
    """What about the car."""

    RANGE = "range"
    FUEL = "fuel"
    FUEL_TYPE = "fuel_type"
    BATTERY = "battery"
    CHARGING = "charging"
    CONSUMPTION = "consumption"
    TYRES = "tyres"
    DOORS = "doors"
    LOCKS = "locks"
    BOOT = "boot"
    BONNET = "bonnet"
    ODOMETER = "odometer"
    TRIP = "trip"
    OUTSIDE = "outside"
    SPEED = "speed"
    SERVICE = "service"
    WASHER = "washer"
    HEADLIGHTS = "headlights"
    LANE_ASSIST = "lane_assist"
    COLLISION_WARNING = "collision_warning"
    EMERGENCY_BRAKE = "emergency_brake"
    DROWSINESS = "drowsiness"
    CRUISE = "cruise"
    OTHER_ASSISTANCE = "other_assistance"


@dataclass(frozen=True, slots=True)
class AskVehicle(Request):
    """Ask about the car: range, fuel, battery, tyres, doors, distance, speed, service, driver assistance."""

    labels = ("vehicle.query", "vehicle.service", "vehicle.setting")
    topic: VehicleTopic | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class AskUpkeep(Request):
    """Ask how or when to change oil, tyres or the battery, to jump-start, or for a date at the workshop."""

    labels = ("vehicle.service",)


SWITCHES: Final[Mapping[VehicleTopic, str]] = MappingProxyType(
    {
        VehicleTopic.LANE_ASSIST: "Vehicle.ADAS.LaneDepartureDetection.IsEnabled",
        VehicleTopic.COLLISION_WARNING: "Vehicle.ADAS.ObstacleDetection.IsEnabled",
        VehicleTopic.EMERGENCY_BRAKE: "Vehicle.ADAS.EBA.IsEnabled",
        VehicleTopic.DROWSINESS: "Vehicle.ADAS.DMS.IsEnabled",
        VehicleTopic.CRUISE: "Vehicle.ADAS.CruiseControl.IsEnabled",
        VehicleTopic.HEADLIGHTS: "Vehicle.Body.Lights.Beam.Low.IsOn",
    }
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number the car tells and how it is said."""

    signal: str
    key: str
    slot: str
    scale: float = 1.0
    digits: int = 0


FIGURES: Final[Mapping[VehicleTopic, Figure]] = MappingProxyType(
    {
        VehicleTopic.ODOMETER: Figure("Vehicle.TraveledDistance", "vehicle.odometer", "km", 1e-3),
        VehicleTopic.TRIP: Figure("Vehicle.TraveledDistanceSinceStart", "vehicle.trip", "km", 1e-3, 1),
        VehicleTopic.OUTSIDE: Figure("Vehicle.Exterior.AirTemperature", "vehicle.outside", "degrees", 1.0, 1),
        VehicleTopic.SPEED: Figure("Vehicle.Speed", "vehicle.speed", "kmh"),
        VehicleTopic.CONSUMPTION: Figure(f"{FUEL}AverageConsumption", "vehicle.consumption", "litres", 1.0, 1),
        VehicleTopic.BATTERY: Figure(f"{BATTERY}StateOfCharge.Displayed", "vehicle.battery", "percent"),
    }
)


def _number(context: Context, name: str, scale: float = 1.0, digits: int = 0) -> float | None:
    value = context.car.number(name)
    if value is None:
        return None
    scaled = round(value * scale, digits)
    return int(scaled) if scaled == int(scaled) else scaled


def _figure(request: AskVehicle, context: Context, figure: Figure) -> Decision:
    if figure.signal not in context.car.signals:
        return not_here(request)
    value = _number(context, figure.signal, figure.scale, figure.digits)
    return unknown(request) if value is None else Answer(request, Phrase(figure.key, {figure.slot: value}))


def _range(request: AskVehicle, context: Context) -> Decision:
    whole = _number(context, f"{ENGINE}Range", 1e-3)
    electric = _number(context, f"{BATTERY}Range", 1e-3)
    if whole is None:
        return unknown(request)
    if electric is not None and electric != whole:
        return Answer(request, Phrase("vehicle.range_both", {"km": whole, "electric_km": electric}))
    return Answer(request, Phrase("vehicle.range_low" if whole < LOW_RANGE_KM else "vehicle.range", {"km": whole}))


def _fuel(request: AskVehicle, context: Context) -> Decision:
    percent = _number(context, f"{FUEL}RelativeLevel")
    km = _number(context, f"{FUEL}Range", 1e-3)
    if f"{FUEL}RelativeLevel" not in context.car.signals:
        return _figure(request, context, FIGURES[VehicleTopic.BATTERY])
    if percent is None:
        return unknown(request)
    if km is None:
        return Answer(request, Phrase("vehicle.fuel", {"percent": percent}))
    low = bool(context.car.value(f"{FUEL}IsFuelLevelLow"))
    return Answer(request, Phrase("vehicle.fuel_low" if low else "vehicle.fuel_range", {"percent": percent, "km": km}))


def _charging(request: AskVehicle, context: Context) -> Decision:
    charging = context.car.value(f"{BATTERY}Charging.IsCharging")
    percent = _number(context, f"{BATTERY}StateOfCharge.Displayed")
    seconds = context.car.number(f"{BATTERY}Charging.TimeToComplete")
    if charging is None or percent is None:
        return unknown(request) if context.car.signals.get(f"{BATTERY}Charging.IsCharging") else not_here(request)
    if not charging:
        return Answer(request, Phrase("vehicle.not_charging", {"percent": percent}))
    if seconds is None:
        return Answer(request, Phrase("vehicle.charging", {"percent": percent}))
    return Answer(
        request, Phrase("vehicle.charging_until", {"percent": percent, "time": timedelta(seconds=round(seconds))})
    )


def _tyres(request: AskVehicle, context: Context) -> Decision:
    """Tell bars, and which tyre is low; the wheels of the zone, or all."""
    zone = request.zone or Zone.ALL
    pressures = {
        signal: value
        for signal in serving(context, f"{WHEEL}Pressure", zone)
        if (value := context.car.number(signal.name)) is not None
    }
    if not pressures:
        return unknown(request)
    low = [signal for signal in serving(context, f"{WHEEL}IsPressureLow", zone) if context.car.value(signal.name)]
    bars = sorted(round(value / KPA_PER_BAR, 1) for value in pressures.values())
    slots: dict[str, SlotValue] = {"low": bars[0], "high": bars[-1], "for_zone": for_zone(request.zone)}
    if low:
        return Answer(
            request, Phrase("vehicle.tyres_low", {**slots, "which": tuple(f"@wheel.{one.zone}" for one in low)})
        )
    return Answer(request, Phrase("vehicle.tyres_same" if bars[0] == bars[-1] else "vehicle.tyres", slots))


def _doors(request: AskVehicle, context: Context) -> Decision:
    leaf, all_key, some_key = "IsOpen", "vehicle.doors_closed", "vehicle.doors_open"
    if request.topic is VehicleTopic.LOCKS:
        leaf, all_key, some_key = "IsLocked", "vehicle.doors_locked", "vehicle.doors_unlocked"
    signals = serving(context, f"Vehicle.Cabin.Door.*.{leaf}", request.zone or Zone.ALL)
    values = {signal: context.car.value(signal.name) for signal in signals}
    if not values or None in values.values():
        return unknown(request)
    good = request.topic is VehicleTopic.LOCKS
    bad = tuple(f"@door.{signal.zone}" for signal, value in values.items() if value is not good)
    if bad:
        return Answer(request, Phrase(some_key, {"which": bad}))
    return Answer(request, Phrase(all_key, {"for_zone": for_zone(request.zone)}))


def _lids(request: AskVehicle, context: Context) -> Decision:
    boot = request.topic is VehicleTopic.BOOT
    value = context.car.value("Vehicle.Body.Trunk.Rear.IsOpen" if boot else "Vehicle.Body.Hood.IsOpen")
    if value is None:
        return unknown(request)
    return Answer(
        request, Phrase("vehicle.is_open" if value else "vehicle.is_closed", {"what": f"@lid.{request.topic}"})
    )


def _service(request: AskVehicle, context: Context) -> Decision:
    km = _number(context, "Vehicle.Service.DistanceToService")
    seconds = context.car.number("Vehicle.Service.TimeToService")
    if context.car.value("Vehicle.Service.IsServiceDue"):
        return Answer(request, Phrase("vehicle.service_due"))
    if km is None or seconds is None:
        return unknown(request)
    days = max(round(seconds / 86_400), 0)
    return Answer(request, Phrase("vehicle.service_in", {"km": max(round(km), 0), "days": days}))


def _washer(request: AskVehicle, context: Context) -> Decision:
    low = context.car.value("Vehicle.Body.Windshield.Front.WasherFluid.IsLevelLow")
    return (
        unknown(request)
        if low is None
        else Answer(request, Phrase("vehicle.washer_low" if low else "vehicle.washer_fine"))
    )


def _fuel_type(request: AskVehicle, context: Context) -> Decision:
    kind = context.car.value(f"{ENGINE}Type")
    return unknown(request) if kind is None else Answer(request, Phrase(f"vehicle.engine_{str(kind).lower()}"))


TOLD: Final[Mapping[VehicleTopic, Callable[[AskVehicle, Context], Decision]]] = MappingProxyType(
    {
        VehicleTopic.RANGE: _range,
        VehicleTopic.FUEL: _fuel,
        VehicleTopic.FUEL_TYPE: _fuel_type,
        VehicleTopic.CHARGING: _charging,
        VehicleTopic.TYRES: _tyres,
        VehicleTopic.DOORS: _doors,
        VehicleTopic.LOCKS: _doors,
        VehicleTopic.BOOT: _lids,
        VehicleTopic.BONNET: _lids,
        VehicleTopic.SERVICE: _service,
        VehicleTopic.WASHER: _washer,
    }
)


def ask(request: AskVehicle, context: Context) -> Decision:
    """Tell what the car last said about the topic; what it does not have or say is not invented."""
    topic = request.topic
    if topic is None:
        return Question(request, Phrase("vehicle.what"), "topic", ("range", "fuel", "tyres"))
    if topic in FIGURES:
        return _figure(request, context, FIGURES[topic])
    if topic in TOLD:
        return TOLD[topic](request, context)
    signals = family(context, SWITCHES[topic]) if topic in SWITCHES else ()
    if not signals:
        return not_here(request)
    value = context.car.value(signals[0].name)
    if value is None:
        return unknown(request)
    return Answer(request, Phrase("vehicle.is_on" if value else "vehicle.is_off", {"what": f"@assistance.{topic}"}))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    if isinstance(request, AskVehicle):
        return ask(request, context)
    return Refusal(request, Phrase("vehicle.upkeep"), "not_available")


SKILL = Skill("vehicle", (AskVehicle, AskUpkeep), plan)
