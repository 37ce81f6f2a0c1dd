"""The last gate before anything happens: it judges effects (signals and values), never the words that led to them.

What is not in the tables below cannot happen, whoever asks and however: lights outside, doors, steering, brakes, gears, driver
assistance and driving modes are in none of them. The same judgement is asked twice: when a plan is made, and right before it is done.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from assistant.core.context import Context
from assistant.core.plan import CloudCall, LocalCall, Step, VehicleCommand
from assistant.core.vehicle import Signal, Value, Zone

SPEED: Final = "Vehicle.Speed"
GEAR: Final = "Vehicle.Powertrain.Transmission.SelectedGear"
CHILD_LOCK: Final = "Vehicle.Cabin.IsWindowChildLockEngaged"
GEAR_PARK: Final = 126
SPEED_FRESH_S: Final = 1.0
"""A speed older than this says nothing; then the car counts as moving, faster than any limit."""


class Motion(StrEnum):
    """In which motion of the car an effect is allowed; PARKED is standstill with the gear in park."""

    ANY = "any"
    STANDSTILL = "standstill"
    PARKED = "parked"


class Speaker(StrEnum):
    """Who may ask; OWN is the front seats for everything, a back seat for its own seat only."""

    ANYBODY = "anybody"
    OWN = "own"
    FRONT = "front"
    DRIVER = "driver"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numbers allowed, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SpeedLimit:
    """Above this speed only these numbers are allowed."""

    above_kmh: float
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Permission:
    """One family of signals that may be set; `*` in its pattern stands for one element of the path."""

    pattern: str
    bounds: Bounds | None = None
    words: str = ""
    """Pattern of the words allowed, for signals that hold words."""
    motion: Motion = Motion.ANY
    speaker: Speaker = Speaker.ANYBODY
    limit: SpeedLimit | None = None
    child_lock: bool = False
    """Whether an engaged child lock keeps the back seats from it."""


PERCENT: Final = Bounds(0, 100)
GLASS: Final = SpeedLimit(100, Bounds(0, 30))
ROOF: Final = SpeedLimit(100, Bounds(-100, 0))
"""Above 100 km/h the roof may tilt or close, not slide open."""
UPRIGHT: Final = SpeedLimit(0, Bounds(-10, 35))
"""Nobody lies under a belt in a moving car."""
CABIN: Final = "Vehicle.Cabin."
SEAT: Final = "Vehicle.Cabin.Seat."

PERMISSIONS: Final = (
    # climate
    Permission(f"{CABIN}HVAC.Station.*.*.Temperature", Bounds(14, 32), speaker=Speaker.OWN),
    Permission(f"{CABIN}HVAC.Station.*.*.FanSpeed", PERCENT, speaker=Speaker.OWN),
    Permission(
        f"{CABIN}HVAC.Station.*.*.AirDistribution", words="(UP|MIDDLE|DOWN)(_(UP|MIDDLE|DOWN))*", speaker=Speaker.OWN
    ),
    Permission(f"{CABIN}HVAC.IsAirConditioningActive"),
    Permission(f"{CABIN}HVAC.IsRecirculationActive"),
    Permission(f"{CABIN}HVAC.IsAutoActive"),
    Permission(f"{CABIN}HVAC.IsSyncActive"),
    Permission(f"{CABIN}HVAC.IsFrontDefrosterActive", speaker=Speaker.FRONT),
    Permission(f"{CABIN}HVAC.IsRearDefrosterActive", speaker=Speaker.FRONT),
    Permission("Vehicle.Body.Mirrors.*.IsHeatingOn", speaker=Speaker.FRONT),
    Permission(
        "Vehicle.Chassis.SteeringWheel.HeatingCooling", PERCENT, speaker=Speaker.FRONT
    ),  # warmth of the rim, nothing else
    # glass and shades
    Permission(f"{CABIN}Door.*.*.Window.Position", PERCENT, speaker=Speaker.OWN, limit=GLASS, child_lock=True),
    Permission(f"{CABIN}Door.*.*.Window.Switch", words="INACTIVE"),
    Permission(f"{CABIN}Sunroof.Position", Bounds(-100, 100), limit=ROOF, child_lock=True),
    Permission(f"{CABIN}Sunroof.Switch", words="INACTIVE"),
    Permission(f"{CABIN}Sunroof.Shade.Position", PERCENT, child_lock=True),
    Permission(f"{CABIN}Sunroof.Shade.Switch", words="INACTIVE"),
    Permission(f"{CABIN}RearShade.Position", PERCENT, child_lock=True),
    Permission(CHILD_LOCK, speaker=Speaker.FRONT),
    # seats
    Permission(f"{SEAT}*.*.HeatingCooling", Bounds(-100, 100), speaker=Speaker.OWN),
    Permission(f"{SEAT}*.*.MassageLevel", PERCENT, speaker=Speaker.OWN),
    Permission(f"{SEAT}Row1.DriverSide.Position", Bounds(0, 400), motion=Motion.STANDSTILL, speaker=Speaker.DRIVER),
    Permission(f"{SEAT}Row1.DriverSide.Height", Bounds(0, 150), motion=Motion.STANDSTILL, speaker=Speaker.DRIVER),
    Permission(
        f"{SEAT}Row1.DriverSide.Backrest.Recline", Bounds(-10, 60), motion=Motion.STANDSTILL, speaker=Speaker.DRIVER
    ),
    Permission(
        f"{SEAT}Row1.DriverSide.Backrest.LumbarSupport", PERCENT, motion=Motion.STANDSTILL, speaker=Speaker.DRIVER
    ),
    Permission(f"{SEAT}Row1.DriverSide.Memory.Recall", Bounds(1, 3), motion=Motion.PARKED, speaker=Speaker.DRIVER),
    Permission(f"{SEAT}Row1.DriverSide.Memory.Store", Bounds(1, 3), speaker=Speaker.DRIVER),
    Permission(f"{SEAT}Row1.PassengerSide.Position", Bounds(0, 400), speaker=Speaker.FRONT),
    Permission(f"{SEAT}Row1.PassengerSide.Height", Bounds(0, 150), speaker=Speaker.FRONT),
    Permission(f"{SEAT}Row1.PassengerSide.Backrest.Recline", Bounds(-10, 60), speaker=Speaker.FRONT, limit=UPRIGHT),
    Permission(f"{SEAT}Row1.PassengerSide.Backrest.LumbarSupport", PERCENT, speaker=Speaker.FRONT),
    Permission(
        f"{SEAT}Row1.PassengerSide.Memory.Recall", Bounds(1, 3), motion=Motion.STANDSTILL, speaker=Speaker.FRONT
    ),
    Permission(f"{SEAT}Row1.PassengerSide.Memory.Store", Bounds(1, 3), speaker=Speaker.FRONT),
    # lights inside, screen
    Permission(f"{CABIN}Light.IsDomeOn"),
    Permission(f"{CABIN}Light.Spotlight.*.*.IsLightOn"),
    Permission(f"{CABIN}Light.Spotlight.*.*.Intensity", Bounds(1, 100)),
    Permission(f"{CABIN}Light.AmbientLight.*.*.IsLightOn"),
    Permission(f"{CABIN}Light.AmbientLight.*.*.Intensity", Bounds(1, 100)),
    Permission(f"{CABIN}Light.AmbientLight.*.*.Color", words="#[0-9A-F]{6}"),
    Permission(f"{CABIN}Infotainment.HMI.Brightness", Bounds(5, 100), speaker=Speaker.FRONT),
    Permission(f"{CABIN}Infotainment.HMI.DayNightMode", words="DAY|NIGHT", speaker=Speaker.FRONT),
)

CALLS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "media": frozenset(
            {"play", "pause", "resume", "next", "previous", "seek", "set_source", "play_item", "add_to_playlist"}
            | {"shuffle", "repeat", "like"}
        ),
        "volume": frozenset({"set", "mute", "unmute"}),
        "phone": frozenset({"dial", "hang_up", "answer", "reject"}),
        "navigation": frozenset({"start", "stop", "add_stop", "remove_stop", "avoid", "mute", "unmute"}),
        "timer": frozenset({"set", "cancel"}),
        "pin": frozenset({"set", "remove", "enter"}),
        "assistant": frozenset(
            {"set_language", "set_voice", "set_speed", "set_name", "mute_microphone", "reset_settings", "delete_data"}
        ),
    }
)
"""What the head unit and the assistant itself may be asked, `<who>.<what>`."""
ARGUMENTS: Final[Mapping[str, Bounds]] = MappingProxyType(
    {"volume.set": PERCENT, "assistant.set_speed": Bounds(50, 200)}
)
"""Bounds of the argument `percent`."""
AT_STANDSTILL: Final = frozenset({"pin.set", "pin.remove", "pin.enter"})
"""What asks for a driver's thought and is for no passer-by's ear: only while the car stands."""
SERVICES: Final = frozenset({"ride", "meal", "hotel", "travel", "parcel", "shop", "pay", "places", "routes", "weather"})
"""Who may be asked outside the car; what may leave the car for each is the link's own list."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The step may be done, now."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The step must not be done; `reason` is the word of a phrase `reason.<word>`."""

    reason: str


Verdict = Allowed | Denied


def judge(step: Step, context: Context) -> Verdict:
    """Tell whether the step may happen as things stand in `context`."""
    match step:
        case VehicleCommand(signal=name, value=value):
            reason = _judge_signal(name, value, context)
        case LocalCall(name=name, args=args):
            reason = _judge_call(name, args) or ("driving" if name in AT_STANDSTILL and speed_kmh(context) > 0 else "")
        case CloudCall(service=service):
            reason = "" if service in SERVICES else "forbidden"
    return Denied(reason) if reason else Allowed()


def permission(name: str) -> Permission | None:
    """Return the permission that covers a signal, None if none does."""
    return next((one for one, pattern in _COMPILED if pattern.fullmatch(name)), None)


_COMPILED: Final = tuple(
    (one, re.compile(re.escape(one.pattern).replace(r"\*", "[A-Za-z0-9]+"), re.ASCII)) for one in PERMISSIONS
)


def speed_kmh(context: Context) -> float:
    """Return the speed, forwards or backwards; infinite if the car does not say it freshly."""
    reading = context.car.readings.get(SPEED)
    speed = context.car.number(SPEED)
    if reading is None or speed is None or not math.isfinite(speed) or abs(context.at - reading.at) > SPEED_FRESH_S:
        return math.inf
    return abs(speed)


def _judge_signal(name: str, value: Value, context: Context) -> str:
    rule = permission(name)
    signal = context.car.signals.get(name)
    if rule is None:
        return "forbidden"
    if signal is None or not signal.writable:
        return "not_available"
    return (
        signal.unfit(value)
        or _judge_value(rule, value)
        or _judge_speaker(rule, signal, context)
        or _judge_motion(rule, value, context)
    )


def _judge_value(rule: Permission, value: Value) -> str:
    """Judge by the table alone, so that a car model with too wide a range changes nothing."""
    if isinstance(value, bool):
        return "" if rule.bounds is None and not rule.words else "wrong_type"
    if isinstance(value, str):
        return "" if rule.words and re.fullmatch(rule.words, value) else "out_of_range"
    if rule.bounds is None:
        return "wrong_type"
    return "" if rule.bounds.low <= value <= rule.bounds.high else "out_of_range"


def _judge_speaker(rule: Permission, signal: Signal, context: Context) -> str:
    speaker = context.car.seats(context.seat)
    if speaker <= {Zone.DRIVER}:
        return ""
    in_front = speaker <= context.car.seats(Zone.FRONT)
    locked = CHILD_LOCK in context.car.signals and context.car.value(CHILD_LOCK) is not False
    if rule.child_lock and not in_front and locked:
        return "child_lock"
    own = signal.zone is None or speaker <= context.car.seats(signal.zone)
    may = {
        Speaker.ANYBODY: True,
        Speaker.OWN: in_front or own,
        Speaker.FRONT: in_front,
        Speaker.DRIVER: False,
    }
    return "" if may[rule.speaker] else "not_permitted"


def _judge_motion(rule: Permission, value: Value, context: Context) -> str:
    speed = speed_kmh(context)
    if rule.motion is not Motion.ANY and speed > 0:
        return "driving"
    if rule.motion is Motion.PARKED and context.car.value(GEAR) != GEAR_PARK:
        return "not_parked"
    limit = rule.limit
    if limit is not None and speed > limit.above_kmh and isinstance(value, int | float):
        inside = limit.bounds.low <= value <= limit.bounds.high
        return "" if inside else "stale" if math.isinf(speed) else "too_fast"
    return ""


def _judge_call(name: str, args: Mapping[str, Value]) -> str:
    who, _, what = name.partition(".")
    if what not in CALLS.get(who, frozenset()):
        return "forbidden"
    bounds = ARGUMENTS.get(name)
    if bounds is None:
        return ""
    percent = args.get("percent")
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        return "wrong_type"
    return "" if bounds.low <= percent <= bounds.high else "out_of_range"
