"""The car's own screen: its brightness, and day or night colours."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, Question
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.skills import Skill
from assistant.skills._car import Extent, Shift, act, at_end, clipped, family, not_here, typed

BRIGHTNESS: Final = "Vehicle.Cabin.Infotainment.HMI.Brightness"
DAY_NIGHT: Final = "Vehicle.Cabin.Infotainment.HMI.DayNightMode"
STEP_PERCENT: Final = {None: 20, Extent.LITTLE: 10, Extent.LOT: 40}


class ScreenColours(StrEnum):
    """How the screen looks."""

    DAY = "day"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class SetScreen(Request):
    """Make the screen brighter or darker, or show its day or night colours."""

    labels = ("display.control",)
    percent: Annotated[float | None, Range(0, 100, 1, "percent")] = None
    shift: Shift | None = None
    extent: Extent | None = None
    by: Annotated[float | None, Range(1, 100, 1, "percent")] = None
    colours: ScreenColours | None = None


@dataclass(frozen=True, slots=True)
class MoveScreen(Request):
    """Switch a screen off, move it, or change what it shows; not possible by voice."""

    labels = ("display.control",)


def _wanted(request: SetScreen, now: float) -> float:
    if request.percent is not None:
        return request.percent
    step = request.by if request.by is not None else STEP_PERCENT[request.extent]
    ends: dict[Shift, float] = {Shift.MAX: 100, Shift.MIN: 0, Shift.UP: now + step, Shift.DOWN: now - step}
    return ends[request.shift or Shift.UP]


def set_screen(request: SetScreen, context: Context) -> Decision:
    """Set brightness or colours; never so dark that nothing can be read."""
    if request.colours is not None:
        modes = family(context, DAY_NIGHT)
        phrase = Phrase(f"display.{request.colours}")
        return (
            act(request, context, dict.fromkeys(modes, request.colours.upper()), phrase) if modes else not_here(request)
        )
    dimmers = family(context, BRIGHTNESS)
    if not dimmers:
        return not_here(request)
    now = context.car.number(dimmers[0].name)
    if (request.percent is None and request.shift is None) or (now is None and request.percent is None):
        return Question(request, Phrase("display.how_bright"), "percent")
    targets = {dimmer: clipped(dimmer, _wanted(request, now or 0.0)) for dimmer in dimmers}
    if request.shift in {Shift.UP, Shift.DOWN} and at_end(context, targets):
        return Answer(request, Phrase("display.at_brightest" if request.shift is Shift.UP else "display.at_dimmest"))
    done = Phrase("display.set", {"percent": targets[dimmers[0]]})
    return act(request, context, {dimmer: typed(dimmer, value) for dimmer, value in targets.items()}, done)


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    return set_screen(request, context) if isinstance(request, SetScreen) else not_here(request)


SKILL = Skill("display", (SetScreen, MoveScreen), plan)
