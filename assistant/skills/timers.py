"""Timers and alarms, kept by the assistant itself.

The calls that its agenda answers:

| call         | args                                        | does                                        |
|--------------|---------------------------------------------|---------------------------------------------|
| timer.set    | name, due, kind, text, set_for_s (optional) | sets it, or replaces the one of this name   |
| timer.cancel | name                                        | removes it; REFUSED `not_found` if it is not |

`name` is unique, `due` ISO 8601 with offset, `kind` is `timer`, `alarm` or `reminder`, `text` what it is for in the words it
was said (empty if nothing was), `set_for_s` its length in seconds where it was set as a length.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from assistant.core.context import Context
from assistant.core.headunit import Timer
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.core.vehicle import Value
from assistant.skills import Skill


class TimerKind(StrEnum):
    """Counts down, or rings at a time of day."""

    TIMER = "timer"
    ALARM = "alarm"


class WhichTimers(StrEnum):
    """Which of several."""

    ALL = "all"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class StartTimer(Request):
    """Count down for so long."""

    labels = ("alarm.set",)
    duration: timedelta | None = None
    name: str = ""
    """What it is for."""


@dataclass(frozen=True, slots=True)
class SetAlarm(Request):
    """Ring at a time of day."""

    labels = ("alarm.set",)
    at: time | None = None
    day: date | None = None
    after: timedelta | None = None
    """From now, where it was said so."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ExtendTimer(Request):
    """Let a timer or alarm ring so much later."""

    labels = ("alarm.set",)
    by: timedelta | None = None
    kind: TimerKind | None = None


@dataclass(frozen=True, slots=True)
class CancelTimer(Request):
    """Take away a timer or alarm, or silence it."""

    labels = ("alarm.cancel",)
    kind: TimerKind | None = None
    which: WhichTimers | None = None
    name: str = ""
    duration: timedelta | None = None
    """How long it was set for."""
    at: time | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class AskTimers(Request):
    """Which timers or alarms are set, how long is left."""

    labels = ("alarm.query",)
    kind: TimerKind | None = None
    name: str = ""
    at: time | None = None


LONGEST: Final = timedelta(days=7)
"""A timer of more is misheard."""


def later(moment: datetime, by: timedelta) -> datetime:
    """Return the moment so much later in real time, also across a change of clocks."""
    return (moment.astimezone(UTC) + by).astimezone(moment.tzinfo)


def next_due(now: datetime, at: time, day: date | None) -> datetime:
    """Return when the clock next shows `at`, on `day` if one was said; may be past then."""
    due = datetime.combine(day or now.date(), at, tzinfo=now.tzinfo)
    return due if day is not None or due > now else due + timedelta(days=1)


def day_key(due: datetime, now: datetime) -> str:
    """Return `today`, `tomorrow` or `on`, the last word of a phrase key that says a day."""
    days = (due.date() - now.date()).days
    return {0: "today", 1: "tomorrow"}.get(days, "on")


def free_name(kind: str, text: str, timers: tuple[Timer, ...]) -> str:
    """Return a name that no timer has: the words, else the kind and a number."""
    taken = {timer.name.casefold() for timer in timers}
    names = (f"{text or kind} {number}" for number in range(1, len(taken) + 2))
    return text if text and text.casefold() not in taken else next(n for n in names if n.casefold() not in taken)


def set_call(timer: Timer) -> LocalCall:
    """Return the call that sets the timer."""
    args: dict[str, Value] = {
        "name": timer.name,
        "due": timer.due.isoformat(),
        "kind": timer.kind,
        "text": timer.text,
    }
    if timer.set_for_s is not None:
        args["set_for_s"] = timer.set_for_s
    return LocalCall("timer.set", args)


def cancel_call(timer: Timer) -> LocalCall:
    """Return the call that removes the timer."""
    return LocalCall("timer.cancel", {"name": timer.name})


def said_as(timer: Timer) -> SlotValue:
    """Return how the timer is told from others: what it is for, else its length, else its time."""
    if timer.text:
        return timer.text
    return timer.due.time() if timer.set_for_s is None else timedelta(seconds=timer.set_for_s)


def plan_start(request: StartTimer, context: Context) -> Decision:
    """Start a countdown."""
    if request.duration is None:
        return Question(request, Phrase("timers.how_long"), "duration")
    if not timedelta(0) < request.duration <= LONGEST:
        return Refusal(request, Phrase("timers.too_long"), "out_of_range")
    timer = Timer(
        free_name("timer", request.name, context.headunit.timers),
        later(context.now, request.duration),
        "timer",
        request.name,
        request.duration.total_seconds(),
    )
    done = Phrase(
        "timers.started_named" if request.name else "timers.started", {"left": request.duration, "name": request.name}
    )
    return Plan(request, (set_call(timer),), done, undo=(cancel_call(timer),))


def plan_alarm(request: SetAlarm, context: Context) -> Decision:
    """Set an alarm."""
    now = context.now
    if request.after is not None:
        due = later(now, request.after)
    elif request.at is not None:
        due = next_due(now, request.at, request.day)
    else:
        return Question(request, Phrase("timers.what_time"), "at")
    if due <= now:
        return Refusal(request, Phrase("timers.past"), "out_of_range")
    timer = Timer(free_name("alarm", request.name, context.headunit.timers), due, "alarm", request.name)
    done = Phrase(f"timers.alarm_{day_key(due, now)}", {"at": due.time(), "day": due.date()})
    return Plan(request, (set_call(timer),), done, undo=(cancel_call(timer),))


def kept(context: Context, kind: TimerKind | None) -> tuple[Timer, ...]:
    """Return the timers and alarms (never reminders) of the kind, next first."""
    kinds = {"timer", "alarm"} if kind is None else {kind.value}
    return tuple(sorted((t for t in context.headunit.timers if t.kind in kinds), key=lambda timer: timer.due))


def fits(timer: Timer, request: CancelTimer) -> bool:
    """Tell whether the timer is the one described."""
    named = {timer.name.casefold(), timer.text.casefold()}
    return (
        (not request.name or request.name.casefold() in named)
        and (request.duration is None or timer.set_for_s == request.duration.total_seconds())
        and (request.at is None or timer.due.time() == request.at)
        and (request.day is None or timer.due.date() == request.day)
    )


def plan_cancel(request: CancelTimer, context: Context) -> Decision:
    """Remove the described ones, asking where several fit."""
    word = request.kind or TimerKind.TIMER
    candidates = kept(context, request.kind)
    if not candidates:
        return Answer(request, Phrase(f"timers.no_{word}"))
    gone = tuple(timer for timer in candidates if fits(timer, request))
    if not gone:
        return Refusal(request, Phrase("timers.no_such"), "not_found")
    if request.which is WhichTimers.NEXT:
        gone = gone[:1]
    if len(gone) > 1 and request.which is not WhichTimers.ALL:
        few = gone[:3]
        slots = dict(zip(("first", "second", "third"), map(said_as, few), strict=False))
        return Question(request, Phrase(f"timers.which_{len(few)}", slots), "name", tuple(timer.name for timer in few))
    done = Phrase(f"timers.{word}_cancelled" if len(gone) == 1 else "timers.all_cancelled", {"count": len(gone)})
    return Plan(request, tuple(map(cancel_call, gone)), done, undo=tuple(map(set_call, gone)))


def plan_extend(request: ExtendTimer, context: Context) -> Decision:
    """Let the next one ring later."""
    if request.by is None:
        return Question(request, Phrase("timers.how_much"), "by")
    candidates = kept(context, request.kind)
    if not candidates:
        return Answer(request, Phrase(f"timers.no_{request.kind or TimerKind.TIMER}"))
    old = candidates[0]
    new = replace(old, due=later(old.due, request.by))
    if old.set_for_s is not None:
        new = replace(new, set_for_s=old.set_for_s + request.by.total_seconds())
    slots: dict[str, SlotValue] = {"by": request.by, "left": left(new, context.now), "at": new.due.time()}
    done = Phrase(f"timers.{old.kind}_extended", slots)
    return Plan(request, (set_call(new),), done, undo=(set_call(old),))


def left(timer: Timer, now: datetime) -> timedelta:
    """Return the time left in whole seconds, never negative."""
    return timedelta(seconds=max(0, round((timer.due - now).total_seconds())))


def answer_timers(request: AskTimers, context: Context) -> Answer:
    """Tell what is set: one in full, several by their number and the next."""
    now, candidates = context.now, kept(context, request.kind)
    if request.name:
        candidates = tuple(t for t in candidates if request.name.casefold() in {t.name.casefold(), t.text.casefold()})
    if request.at is not None:
        candidates = tuple(timer for timer in candidates if timer.due.time() == request.at)
    if not candidates:
        return Answer(request, Phrase(f"timers.no_{request.kind or TimerKind.TIMER}"))
    timer = candidates[0]
    slots: dict[str, SlotValue] = {
        "count": len(candidates),
        "left": left(timer, now),
        "at": timer.due.time(),
        "day": timer.due.date(),
    }
    several = "s" if len(candidates) > 1 else ""
    when = f"_{day_key(timer.due, now)}" if timer.kind == TimerKind.ALARM else ""
    return Answer(request, Phrase(f"timers.{timer.kind}{several}_left{when}", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case StartTimer():
            return plan_start(request, context)
        case SetAlarm():
            return plan_alarm(request, context)
        case ExtendTimer():
            return plan_extend(request, context)
        case CancelTimer():
            return plan_cancel(request, context)
    assert isinstance(request, AskTimers)
    return answer_timers(request, context)


SKILL = Skill("timers", (StartTimer, SetAlarm, ExtendTimer, CancelTimer, AskTimers), plan)
