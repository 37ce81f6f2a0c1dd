"""Glass and shades: windows, sunroof, roof shade, rear shade, and the lock that keeps children's hands off them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Plan, Question
from assistant.core.request import Range, Request
from assistant.core.text import Phrase, SlotValue
from assistant.core.vehicle import Signal, Value, Zone
from assistant.skills import Skill
from assistant.skills._car import OnOff, act, at_end, clipped, commands, family, not_here, serving, typed, unknown

CHILD_LOCK: Final = "Vehicle.Cabin.IsWindowChildLockEngaged"
CRACK_PERCENT: Final = 10
STEP_PERCENT: Final = 20
VENT_TILT: Final = -100
"""Sunroof position at which it is tilted."""


class WindowPart(StrEnum):
    """What moves."""

    WINDOW = "window"
    SUNROOF = "sunroof"
    SUNSHADE = "sunshade"
    REAR_SHADE = "rear_shade"


class WindowMove(StrEnum):
    """Where to."""

    OPEN = "open"
    CLOSE = "close"
    CRACK = "crack"
    VENT = "vent"
    MORE = "more"
    LESS = "less"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class MoveWindow(Request):
    """Open, close, tilt or stop a window, the sunroof or a shade."""

    labels = ("window.control",)
    part: WindowPart = WindowPart.WINDOW
    move: WindowMove | None = None
    percent: Annotated[float | None, Range(0, 100, 1, "percent")] = None
    """How far open."""
    zone: Zone | None = None


@dataclass(frozen=True, slots=True)
class SetChildLock(Request):
    """Lock or unlock the window buttons of the back seats."""

    labels = ("window.control", "vehicle.setting")
    on_off: OnOff | None = None


@dataclass(frozen=True, slots=True)
class AskWindow(Request):
    """Ask whether windows, sunroof or shades are open."""

    labels = ("vehicle.query",)
    part: WindowPart = WindowPart.WINDOW
    zone: Zone | None = None


FAMILIES: Final[Mapping[WindowPart, str]] = MappingProxyType(
    {
        WindowPart.WINDOW: "Vehicle.Cabin.Door.*.Window.Position",
        WindowPart.SUNROOF: "Vehicle.Cabin.Sunroof.Position",
        WindowPart.SUNSHADE: "Vehicle.Cabin.Sunroof.Shade.Position",
        WindowPart.REAR_SHADE: "Vehicle.Cabin.RearShade.Position",
    }
)
SHADES: Final = (WindowPart.SUNSHADE, WindowPart.REAR_SHADE)
"""VSS counts a shade from open: 0 is open, 100 is closed."""
OPENNESS: Final[Mapping[WindowMove, float]] = MappingProxyType(
    {
        WindowMove.OPEN: 100,
        WindowMove.CLOSE: 0,
        WindowMove.CRACK: CRACK_PERCENT,
        WindowMove.VENT: CRACK_PERCENT,
    }
)


def openness(part: WindowPart, position: float) -> float:
    """Return percent open from a signal's position, and the other way round."""
    return 100 - position if part in SHADES else position


def _wanted(request: MoveWindow, signal: Signal, now: float | None) -> float | None:
    """Return the position asked for, None if it depends on a position that nobody knows."""
    if request.percent is not None:
        return openness(request.part, request.percent)
    if request.move is WindowMove.VENT and request.part is WindowPart.SUNROOF:
        return clipped(signal, VENT_TILT)
    if request.move is not None and request.move in OPENNESS:
        return openness(request.part, OPENNESS[request.move])
    if now is None:
        return None
    way = STEP_PERCENT if request.move is WindowMove.MORE else -STEP_PERCENT
    moved = min(max(openness(request.part, max(now, 0)) + way, 0), 100)
    return clipped(signal, openness(request.part, moved))


def move(request: MoveWindow, context: Context) -> Decision:
    """Move everything of the part that serves the zone, all or none."""
    if request.move is WindowMove.STOP:
        return stop(request, context)
    signals = serving(context, FAMILIES[request.part], request.zone)
    if not signals:
        return not_here(request, request.zone)
    if request.move is None and request.percent is None:
        return Question(request, Phrase("windows.how_far"), "percent")
    targets: dict[Signal, float] = {}
    for signal in signals:
        wanted = _wanted(request, signal, context.car.number(signal.name))
        if wanted is None:
            return Question(request, Phrase("windows.how_far"), "percent")
        targets[signal] = wanted
    slots: dict[str, SlotValue] = {
        "part": _named(request.part, signals, request.zone),
        "percent": _percent(request.part, targets),
    }
    if at_end(context, targets):
        return Answer(request, Phrase(f"windows.already_{_state(request.part, targets)}", slots))
    done = Phrase(f"windows.{_state(request.part, targets)}", slots)
    return act(request, context, {signal: typed(signal, value) for signal, value in targets.items()}, done)


def stop(request: MoveWindow, context: Context) -> Decision:
    """Leave what is moving where it is; without a zone every one of them, since a stop is urgent."""
    pattern = FAMILIES[request.part].removesuffix("Position") + "Switch"
    signals = serving(context, pattern, request.zone or Zone.ALL)
    if not signals:
        return not_here(request, request.zone)
    targets: dict[Signal, Value] = dict.fromkeys(signals, "INACTIVE")
    part = _named(request.part, signals, request.zone)
    return Plan(request, commands(targets), Phrase("windows.stopped", {"part": part}))


def _percent(part: WindowPart, targets: Mapping[Signal, float]) -> float:
    return max(openness(part, position) for position in targets.values())


def _state(part: WindowPart, targets: Mapping[Signal, float]) -> str:
    if min(targets.values()) < 0:
        return "tilted"
    percent = _percent(part, targets)
    return "closed" if percent == 0 else "opened" if percent == 100 else "set"


def _named(part: WindowPart, signals: tuple[Signal, ...], zone: Zone | None) -> str:
    """Return the slot that names what moves: one window by its seat, several as windows."""
    if part is not WindowPart.WINDOW:
        return f"@part.{part}"
    if zone is not None:
        return f"@window.{zone.value}"
    return "@window.one" if len(signals) == 1 else "@window.all"


def set_child_lock(request: SetChildLock, context: Context) -> Decision:
    """Lock the windows of the back, or free them."""
    locks = family(context, CHILD_LOCK)
    if not locks:
        return not_here(request)
    on = request.on_off is not OnOff.OFF
    return act(
        request, context, dict.fromkeys(locks, on), Phrase("windows.child_lock_on" if on else "windows.child_lock_off")
    )


def ask(request: AskWindow, context: Context) -> Decision:
    """Tell what is open."""
    signals = serving(context, FAMILIES[request.part], request.zone or Zone.ALL)
    if not signals:
        return not_here(request, request.zone)
    positions = {signal: context.car.number(signal.name) for signal in signals}
    if None in positions.values():
        return unknown(request)
    far = {signal: openness(request.part, value or 0.0) for signal, value in positions.items()}
    ajar = [signal for signal, percent in far.items() if percent != 0]
    part = _named(request.part, signals, request.zone)
    if not ajar:
        return Answer(request, Phrase("windows.all_closed", {"part": part}))
    if request.part is WindowPart.WINDOW and len(ajar) < len(signals):
        where = tuple(f"@window.{signal.zone.value}" for signal in ajar if signal.zone)
        return Answer(request, Phrase("windows.some_open", {"parts": where}))
    return Answer(request, Phrase("windows.is_open", {"part": part, "percent": abs(max(far.values(), key=abs))}))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case MoveWindow():
            return move(request, context)
        case SetChildLock():
            return set_child_lock(request, context)
        case AskWindow():
            return ask(request, context)
    return unknown(request)


SKILL = Skill("windows", (MoveWindow, SetChildLock, AskWindow), plan)
