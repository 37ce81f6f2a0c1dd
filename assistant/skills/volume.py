"""How loud the car speaks and plays: set, step, mute, ask."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question
from assistant.core.request import Range, Request
from assistant.core.text import Phrase
from assistant.skills import Skill


class VolumeDirection(StrEnum):
    """Which way."""

    UP = "up"
    DOWN = "down"


class VolumeAmount(StrEnum):
    """How far, in words."""

    LITTLE = "little"
    LOT = "lot"


class VolumeEnd(StrEnum):
    """An end of the scale, or its middle."""

    MAX = "max"
    MIN = "min"
    HALF = "half"


STEP_PERCENT: Final = {None: 10, VolumeAmount.LITTLE: 5, VolumeAmount.LOT: 25}
CLICK_PERCENT: Final = 5
END_PERCENT: Final = {VolumeEnd.MAX: 100, VolumeEnd.MIN: 5, VolumeEnd.HALF: 50}


@dataclass(frozen=True, slots=True)
class SetVolume(Request):
    """Make everything louder, quieter or exactly as loud as said."""

    labels = ("volume.control",)
    percent: Annotated[float | None, Range(0, 100, 1, "percent")] = None
    level: Annotated[float | None, Range(0, 100, 1)] = None
    """A number said without `percent`: up to ten it is a mark out of ten, above it is percent."""
    end: VolumeEnd | None = None
    direction: VolumeDirection | None = None
    amount: VolumeAmount | None = None
    by_percent: Annotated[float | None, Range(1, 100, 1, "percent")] = None
    steps: Annotated[float | None, Range(1, 20, 1)] = None
    """So many clicks of the knob, where it was said so."""


@dataclass(frozen=True, slots=True)
class MuteVolume(Request):
    """Make everything silent."""

    labels = ("volume.control",)


@dataclass(frozen=True, slots=True)
class UnmuteVolume(Request):
    """Give the sound back."""

    labels = ("volume.control",)


@dataclass(frozen=True, slots=True)
class AskVolume(Request):
    """How loud is it."""

    labels = ("volume.control",)


def step_percent(request: SetVolume) -> int:
    """Return how much louder or quieter, in percent of the scale."""
    if request.by_percent is not None:
        return round(request.by_percent)
    return STEP_PERCENT[request.amount] if request.steps is None else round(request.steps * CLICK_PERCENT)


def wanted(request: SetVolume, now_percent: int) -> int | None:
    """Return the volume asked for in percent, unclipped, or None if nothing was said."""
    match request:
        case SetVolume(percent=float() | int() as percent):
            return round(percent)
        case SetVolume(level=float() | int() as level):
            return round(level * 10 if level <= 10 else level)
        case SetVolume(end=VolumeEnd() as end):
            return END_PERCENT[end]
        case SetVolume(direction=VolumeDirection() as direction):
            return now_percent + (step_percent(request) if direction is VolumeDirection.UP else -step_percent(request))
    return None


def plan_set(request: SetVolume, context: Context) -> Decision:
    """Set the volume, or say that it is at the end of its scale already."""
    media = context.headunit.media
    target = wanted(request, media.volume_percent)
    if target is None:
        return Question(request, Phrase("volume.how_loud"), "level")
    target = min(100, max(0, target))
    if target == media.volume_percent and not media.muted and request.direction is not None:
        return Answer(request, Phrase("volume.at_max" if target else "volume.at_min"))
    undo: list[LocalCall] = [LocalCall("volume.set", {"percent": media.volume_percent})]
    if media.muted:
        undo.append(LocalCall("volume.mute"))
    return Plan(
        request,
        (LocalCall("volume.set", {"percent": target}),),
        done=Phrase("volume.set", {"percent": target}),
        undo=tuple(undo),
    )


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    media = context.headunit.media
    match request:
        case SetVolume():
            return plan_set(request, context)
        case MuteVolume() if media.muted:
            return Answer(request, Phrase("volume.muted"))
        case MuteVolume():
            return Plan(
                request, (LocalCall("volume.mute"),), Phrase("volume.muted"), undo=(LocalCall("volume.unmute"),)
            )
        case UnmuteVolume():
            undo = (LocalCall("volume.mute"),) if media.muted else ()
            return Plan(request, (LocalCall("volume.unmute"),), Phrase("volume.unmuted"), undo=undo)
        case AskVolume() if media.muted:
            return Answer(request, Phrase("volume.is_muted", {"percent": media.volume_percent}))
    return Answer(request, Phrase("volume.is", {"percent": media.volume_percent}))


SKILL = Skill("volume", (SetVolume, MuteVolume, UnmuteVolume, AskVolume), plan)
