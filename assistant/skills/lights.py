"""Lights inside the car. Lights outside are never touched by voice: asked for, they are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Question, Refusal
from assistant.core.request import Range, Request
from assistant.core.text import Phrase, SlotValue
from assistant.core.vehicle import Signal, Value, Zone
from assistant.skills import Skill
from assistant.skills._car import (
    Extent,
    OnOff,
    Shift,
    act,
    at_end,
    clipped,
    for_zone,
    not_here,
    serving,
    typed,
    unknown,
)

STEP_PERCENT: Final = {None: 20, Extent.LITTLE: 10, Extent.LOT: 40}


class CabinLight(StrEnum):
    """A light inside."""

    INTERIOR = "interior"
    READING = "reading"
    AMBIENT = "ambient"
    ALL = "all"


class LightColour(StrEnum):
    """A colour of the ambient light."""

    WHITE = "white"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    ROSE = "rose"


@dataclass(frozen=True, slots=True)
class SetLight(Request):
    """Switch, dim, brighten or colour a light inside the car."""

    labels = ("light.control",)
    light: CabinLight | None = None
    on_off: OnOff | None = None
    percent: Annotated[float | None, Range(0, 100, 1, "percent")] = None
    shift: Shift | None = None
    extent: Extent | None = None
    colour: LightColour | None = None
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class SetOutsideLight(Request):
    """Switch headlights, fog lights, indicators or any other light outside the car."""

    labels = ("light.control",)


@dataclass(frozen=True, slots=True)
class AskLight(Request):
    """Ask whether a light inside is on."""

    labels = ("vehicle.query",)
    light: CabinLight | None = None
    zone: Zone | None = None


SWITCHES: Final[Mapping[CabinLight, str]] = MappingProxyType(
    {
        CabinLight.INTERIOR: "Vehicle.Cabin.Light.IsDomeOn",
        CabinLight.READING: "Vehicle.Cabin.Light.Spotlight.*.IsLightOn",
        CabinLight.AMBIENT: "Vehicle.Cabin.Light.AmbientLight.*.IsLightOn",
    }
)
"""The only families this skill ever writes, with their Intensity and Color beside them."""
RGB: Final[Mapping[LightColour, str]] = MappingProxyType(
    {
        LightColour.WHITE: "#FFFFFF",
        LightColour.RED: "#FF0000",
        LightColour.ORANGE: "#FF8000",
        LightColour.YELLOW: "#FFD700",
        LightColour.GREEN: "#00FF00",
        LightColour.CYAN: "#00FFFF",
        LightColour.BLUE: "#0000FF",
        LightColour.PURPLE: "#8000FF",
        LightColour.PINK: "#FF69B4",
        LightColour.ROSE: "#FF007F",
    }
)
EVERYWHERE: Final = (CabinLight.INTERIOR, CabinLight.AMBIENT, CabinLight.ALL)
"""Lights that are meant for the whole car where no zone was said."""


def _switches(context: Context, light: CabinLight, zone: Zone | None) -> tuple[Signal, ...]:
    patterns = SWITCHES.values() if light is CabinLight.ALL else (SWITCHES[light],)
    return tuple(signal for pattern in patterns for signal in serving(context, pattern, zone))


def _beside(context: Context, light: CabinLight, leaf: str, zone: Zone | None) -> tuple[Signal, ...]:
    """Return the Intensity or Color signals of a light, none where it has only a switch."""
    pattern = SWITCHES.get(light, "")
    return serving(context, pattern.replace("IsLightOn", leaf), zone) if pattern.endswith("IsLightOn") else ()


def set_light(request: SetLight, context: Context) -> Decision:
    """Do what was said to the light of the zone; brightness and colour switch it on too."""
    if request.light is None:
        return Question(request, Phrase("lights.which"), "light", ("interior", "reading", "ambient"))
    zone = request.zone or (Zone.ALL if request.light in EVERYWHERE else None)
    switches = _switches(context, request.light, zone)
    if not switches:
        return not_here(request, request.zone)
    slots: dict[str, SlotValue] = {"what": f"@light.{request.light}", "for_zone": for_zone(request.zone)}
    if request.colour is not None:
        return _coloured(request, context, switches, zone, slots)
    if request.percent is not None or request.shift is not None:
        return _dimmed(request, context, switches, zone, slots)
    on = request.on_off is not OnOff.OFF
    return act(request, context, dict.fromkeys(switches, on), Phrase("lights.on" if on else "lights.off", slots))


def _coloured(
    request: SetLight, context: Context, switches: tuple[Signal, ...], zone: Zone | None, slots: Mapping[str, SlotValue]
) -> Decision:
    assert request.light is not None
    assert request.colour is not None
    colours = _beside(context, request.light, "Color", zone)
    if not colours:
        return Refusal(request, Phrase("lights.no_colour", slots), "not_available")
    targets: dict[Signal, Value] = {**dict.fromkeys(switches, True), **dict.fromkeys(colours, RGB[request.colour])}
    colour = f"@colour.{request.colour}"
    return act(request, context, targets, Phrase("lights.coloured", {**slots, "colour": colour}))


def _dimmed(
    request: SetLight, context: Context, switches: tuple[Signal, ...], zone: Zone | None, slots: Mapping[str, SlotValue]
) -> Decision:
    assert request.light is not None
    dimmers = _beside(context, request.light, "Intensity", zone)
    if not dimmers:
        return Refusal(request, Phrase("lights.no_dimming", slots), "not_available")
    if request.percent == 0:
        return act(request, context, dict.fromkeys(switches, False), Phrase("lights.off", slots))
    targets: dict[Signal, float] = {}
    for dimmer in dimmers:
        now = context.car.number(dimmer.name)
        if now is None and request.percent is None:
            return Question(request, Phrase("lights.how_bright"), "percent")
        targets[dimmer] = _brightness(request, dimmer, now or 0.0)
    if request.shift in {Shift.UP, Shift.DOWN} and at_end(context, targets):
        return Answer(
            request, Phrase("lights.at_brightest" if request.shift is Shift.UP else "lights.at_dimmest", slots)
        )
    values: dict[Signal, Value] = {
        **dict.fromkeys(switches, True),
        **{one: typed(one, value) for one, value in targets.items()},
    }
    return act(request, context, values, Phrase("lights.dimmed", {**slots, "percent": max(targets.values())}))


def _brightness(request: SetLight, dimmer: Signal, now: float) -> float:
    if request.percent is not None:
        return clipped(dimmer, request.percent)
    step = STEP_PERCENT[request.extent]
    ends: dict[Shift, float] = {Shift.MAX: 100, Shift.MIN: 1, Shift.UP: now + step, Shift.DOWN: now - step}
    return clipped(dimmer, ends[request.shift or Shift.UP])


def ask(request: AskLight, context: Context) -> Decision:
    """Tell whether the light is on anywhere in the zone, the whole car if none was said."""
    if request.light is None:
        return Question(request, Phrase("lights.which"), "light", ("interior", "reading", "ambient"))
    signals = _switches(context, request.light, request.zone or Zone.ALL)
    values = [context.car.value(signal.name) for signal in signals]
    if not values:
        return not_here(request, request.zone)
    if None in values:
        return unknown(request)
    slots: dict[str, SlotValue] = {"what": f"@light.{request.light}", "for_zone": for_zone(request.zone)}
    return Answer(request, Phrase("lights.is_on" if any(values) else "lights.is_off", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case SetLight():
            return set_light(request, context)
        case SetOutsideLight():
            return Refusal(request, Phrase("lights.outside"), "forbidden")
        case AskLight():
            return ask(request, context)
    return unknown(request)


SKILL = Skill("lights", (SetLight, SetOutsideLight, AskLight), plan)
