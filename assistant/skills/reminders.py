"""Reminders: free words that are said again at the right time. Kept like timers, with the kind `reminder`."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from assistant.core.context import Context
from assistant.core.headunit import Timer
from assistant.core.plan import Answer, Decision, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills.timers import WhichTimers, cancel_call, day_key, free_name, later, next_due, set_call


@dataclass(frozen=True, slots=True)
class SetReminder(Request):
    """Remind of something at a time."""

    labels = ("reminder.set", "calendar.create")
    text: str = ""
    """What to remind of, in the words it was said."""
    at: time | None = None
    day: date | None = None
    after: timedelta | None = None
    """From now, where it was said so."""


@dataclass(frozen=True, slots=True)
class CancelReminder(Request):
    """Forget a reminder."""

    labels = ("reminder.cancel",)
    text: str = ""
    """Words of the reminder."""
    which: WhichTimers | None = None
    at: time | None = None
    day: date | None = None
    """When it is due, said to tell it from others."""


@dataclass(frozen=True, slots=True)
class AskReminders(Request):
    """What am I to be reminded of."""

    labels = ("reminder.query",)
    text: str = ""
    """Words of the reminder that is asked about."""


MORNING: Final = time(9)
"""When a reminder for a day without a time is said."""


def due_of(request: SetReminder, now: datetime) -> datetime | None:
    """Return when to remind, or None if no time was said; "today" alone is no time once the morning is over."""
    if request.after is not None:
        return later(now, request.after)
    if request.at is not None:
        return next_due(now, request.at, request.day)
    if request.day is not None and (request.day != now.date() or now.time() < MORNING):
        return next_due(now, MORNING, request.day)
    return None


def plan_set(request: SetReminder, context: Context) -> Decision:
    """Keep a reminder."""
    now = context.now
    if not request.text:
        return Question(request, Phrase("reminders.of_what"), "text")
    due = due_of(request, now)
    if due is None:
        return Question(request, Phrase("reminders.when"), "at")
    if due <= now:
        return Refusal(request, Phrase("reminders.past"), "out_of_range")
    timer = Timer(free_name("reminder", request.text, context.headunit.timers), due, "reminder", request.text)
    slots: dict[str, SlotValue] = {"text": request.text, "at": due.time(), "day": due.date()}
    done = Phrase(f"reminders.set_{day_key(due, now)}", slots)
    return Plan(request, (set_call(timer),), done, undo=(cancel_call(timer),))


def kept(context: Context, words: str) -> tuple[Timer, ...]:
    """Return the reminders that hold the words, next first."""
    reminders = (timer for timer in context.headunit.timers if timer.kind == "reminder")
    fitting = (timer for timer in reminders if words.casefold() in timer.text.casefold())
    return tuple(sorted(fitting, key=lambda timer: timer.due))


def _due_then(timer: Timer, request: CancelReminder, now: datetime) -> bool:
    """Tell whether the reminder is due when the request says, as far as it says."""
    due = timer.due.astimezone(now.tzinfo)
    return request.day in (None, due.date()) and request.at in (None, due.time())


def plan_cancel(request: CancelReminder, context: Context) -> Decision:
    """Forget the described reminder, asking where several fit."""
    if not kept(context, ""):
        return Answer(request, Phrase("reminders.none"))
    gone = kept(context, request.text)
    if not gone:
        return Refusal(request, Phrase("reminders.no_such", {"text": request.text}), "not_found")
    gone = tuple(timer for timer in gone if _due_then(timer, request, context.now)) or gone
    exact = tuple(timer for timer in gone if timer.name == request.text)
    gone = exact or (gone[:1] if request.which is WhichTimers.NEXT else gone)
    if len(gone) > 1 and request.which is not WhichTimers.ALL:
        choices = tuple(timer.name for timer in gone[:3])
        return Question(request, Phrase("reminders.which", {"choices": choices}), "text", choices)
    slots: dict[str, SlotValue] = {"text": gone[0].text, "count": len(gone)}
    done = Phrase("reminders.cancelled" if len(gone) == 1 else "reminders.all_cancelled", slots)
    return Plan(request, tuple(map(cancel_call, gone)), done, undo=tuple(map(set_call, gone)))


def answer_reminders(request: AskReminders, context: Context) -> Answer:
    """Tell the next reminder and how many there are."""
    reminders = kept(context, request.text)
    if not reminders:
        key = "reminders.no_such" if request.text else "reminders.none"
        return Answer(request, Phrase(key, {"text": request.text} if request.text else {}))
    first = reminders[0]
    several = "next" if len(reminders) > 1 else "one"
    slots: dict[str, SlotValue] = {
        "count": len(reminders),
        "text": first.text,
        "at": first.due.time(),
        "day": first.due.date(),
    }
    return Answer(request, Phrase(f"reminders.{several}_{day_key(first.due, context.now)}", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case SetReminder():
            return plan_set(request, context)
        case CancelReminder():
            return plan_cancel(request, context)
    assert isinstance(request, AskReminders)
    return answer_reminders(request, context)


SKILL = Skill("reminders", (SetReminder, CancelReminder, AskReminders), plan)
