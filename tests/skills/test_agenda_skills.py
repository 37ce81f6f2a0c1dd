"""Clock, timers, alarms and reminders."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.core.context import Context
from assistant.core.headunit import HeadUnit, Timer
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.core.vehicle import Value
from assistant.skills import by_request
from assistant.skills.clock import AskDate, AskTime, DateFact
from assistant.skills.reminders import AskReminders, CancelReminder, SetReminder
from assistant.skills.timers import AskTimers, CancelTimer, ExtendTimer, SetAlarm, StartTimer, TimerKind, WhichTimers

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 6, 14, 0, tzinfo=ZONE)
PIZZA = Timer("pizza", NOW + timedelta(minutes=12), "timer", "pizza", 720.0)
PLAIN = Timer("timer 1", NOW + timedelta(minutes=5), "timer", "", 600.0)
MORNING = Timer("alarm 1", datetime(2026, 11, 7, 7, 0, tzinfo=ZONE), "alarm")
MILK = Timer("buy milk", NOW + timedelta(hours=4), "reminder", "buy milk")
CALL = Timer("call Anna", NOW + timedelta(hours=1), "reminder", "call Anna")


def decided(request: Request, *timers: Timer, now: datetime = NOW) -> Decision:
    return by_request()[type(request)].plan(request, Context(0.0, now, headunit=HeadUnit(timers=timers)))


def set_to(decision: Decision) -> datetime:
    assert isinstance(decision, Plan), decision
    (step,) = decision.steps
    assert isinstance(step, LocalCall)
    return datetime.fromisoformat(str(step.args["due"]))


def test_a_timer_carries_everything_the_agenda_needs_and_can_be_taken_back() -> None:
    plan = decided(StartTimer(timedelta(minutes=12), "pizza"))

    assert isinstance(plan, Plan)
    due = "2026-11-06T14:12:00+01:00"
    args: dict[str, Value] = {"name": "pizza", "due": due, "kind": "timer", "text": "pizza", "set_for_s": 720.0}
    assert plan.steps == (LocalCall("timer.set", args),)
    assert plan.undo == (LocalCall("timer.cancel", {"name": "pizza"}),)


def test_two_timers_never_share_a_name() -> None:
    plan = decided(StartTimer(timedelta(minutes=1), "Pizza"), PIZZA, PLAIN)
    unnamed = decided(StartTimer(timedelta(minutes=1)), PIZZA, PLAIN)

    assert isinstance(plan, Plan)
    assert isinstance(unnamed, Plan)
    names = [str(p.steps[0].args["name"]) for p in (plan, unnamed) if isinstance(p.steps[0], LocalCall)]
    assert names == ["Pizza 1", "timer 2"]


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=8)])
def test_a_timer_of_no_or_absurd_length_is_refused(length: timedelta) -> None:
    assert isinstance(decided(StartTimer(length)), Refusal)


def test_a_timer_runs_its_length_also_over_the_change_of_clocks() -> None:
    before_change = datetime(2026, 10, 25, 1, 30, tzinfo=ZONE)

    due = set_to(decided(StartTimer(timedelta(hours=3)), now=before_change))

    assert due - before_change.astimezone(due.tzinfo) == timedelta(hours=3)
    assert due.time() == time(3, 30)


@pytest.mark.parametrize(
    ("request_", "due"),
    [
        (SetAlarm(at=time(15)), datetime(2026, 11, 6, 15, 0, tzinfo=ZONE)),
        (SetAlarm(at=time(7)), datetime(2026, 11, 7, 7, 0, tzinfo=ZONE)),
        (SetAlarm(at=time(14)), datetime(2026, 11, 7, 14, 0, tzinfo=ZONE)),
        (SetAlarm(at=time(7), day=date(2026, 11, 9)), datetime(2026, 11, 9, 7, 0, tzinfo=ZONE)),
        (SetAlarm(after=timedelta(minutes=20)), datetime(2026, 11, 6, 14, 20, tzinfo=ZONE)),
        (SetReminder("x", day=date(2026, 11, 7)), datetime(2026, 11, 7, 9, 0, tzinfo=ZONE)),
        (SetReminder("x", after=timedelta(hours=1)), datetime(2026, 11, 6, 15, 0, tzinfo=ZONE)),
        (SetReminder("x", at=time(8)), datetime(2026, 11, 7, 8, 0, tzinfo=ZONE)),
    ],
)
def test_a_time_of_day_is_the_next_one_unless_a_day_is_said(request_: Request, due: datetime) -> None:
    assert set_to(decided(request_)) == due


def test_a_moment_that_is_past_is_refused() -> None:
    assert isinstance(decided(SetAlarm(at=time(7), day=date(2026, 11, 6))), Refusal)
    assert isinstance(decided(SetReminder("x", at=time(7), day=date(2026, 11, 6))), Refusal)


def test_a_reminder_for_today_is_asked_for_its_time_once_the_morning_is_over() -> None:
    today = SetReminder("x", day=date(2026, 11, 6))

    assert isinstance(decided(today), Question)
    assert set_to(decided(today, now=NOW.replace(hour=8))).time() == time(9)


def test_what_is_missing_is_asked_for() -> None:
    questions = [decided(r) for r in (StartTimer(), SetAlarm(), SetReminder(), SetReminder("buy milk"), ExtendTimer())]

    fields = [question.field for question in questions if isinstance(question, Question)]
    assert fields == ["duration", "at", "text", "at", "by"]


def test_the_only_timer_is_cancelled_without_asking_and_comes_back_as_it_was() -> None:
    plan = decided(CancelTimer(TimerKind.TIMER), PIZZA, MORNING, MILK)

    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("timer.cancel", {"name": "pizza"}),)
    due = "2026-11-06T14:12:00+01:00"
    args: dict[str, Value] = {"name": "pizza", "due": due, "kind": "timer", "text": "pizza", "set_for_s": 720.0}
    assert plan.undo == (LocalCall("timer.set", args),)


def test_one_of_several_is_asked_for_by_what_people_know_it_by() -> None:
    question = decided(CancelTimer(TimerKind.TIMER), PIZZA, PLAIN)

    assert isinstance(question, Question)
    assert (question.field, question.choices) == ("name", ("timer 1", "pizza"))
    assert question.phrase.slots == {"first": timedelta(minutes=10), "second": "pizza"}


@pytest.mark.parametrize(
    ("request_", "gone"),
    [
        (CancelTimer(name="Pizza"), {"pizza"}),
        (CancelTimer(duration=timedelta(minutes=10)), {"timer 1"}),
        (CancelTimer(TimerKind.ALARM, at=time(7)), {"alarm 1"}),
        (CancelTimer(day=date(2026, 11, 7)), {"alarm 1"}),
        (CancelTimer(which=WhichTimers.ALL), {"pizza", "timer 1", "alarm 1"}),
        (CancelTimer(which=WhichTimers.NEXT), {"timer 1"}),
    ],
)
def test_the_described_ones_are_cancelled_and_reminders_never_with_them(request_: Request, gone: set[str]) -> None:
    plan = decided(request_, PIZZA, PLAIN, MORNING, MILK)

    assert isinstance(plan, Plan)
    assert {step.args["name"] for step in plan.steps if isinstance(step, LocalCall)} == gone


def test_nothing_like_that_is_said_and_nothing_is_cancelled() -> None:
    assert isinstance(decided(CancelTimer(name="tea"), PIZZA), Refusal)
    assert isinstance(decided(CancelTimer(TimerKind.ALARM), PIZZA), Answer)


def test_a_timer_that_runs_longer_keeps_its_name() -> None:
    plan = decided(ExtendTimer(timedelta(minutes=5)), PIZZA)

    assert set_to(plan) == PIZZA.due + timedelta(minutes=5)
    assert isinstance(plan, Plan)
    assert plan.done.slots["left"] == timedelta(minutes=17)


def test_several_timers_are_told_by_their_number_and_the_next() -> None:
    answer = decided(AskTimers(), PIZZA, PLAIN, MORNING)

    assert isinstance(answer, Answer)
    assert answer.phrase.key == "timers.timers_left"
    assert answer.phrase.slots["count"] == 3
    assert answer.phrase.slots["left"] == timedelta(minutes=5)


def test_a_timer_that_is_overdue_has_nothing_left() -> None:
    answer = decided(AskTimers(), replace(PIZZA, due=NOW - timedelta(seconds=3)))

    assert isinstance(answer, Answer)
    assert answer.phrase.slots["left"] == timedelta(0)


def test_a_reminder_is_found_by_any_of_its_words() -> None:
    plan = decided(CancelReminder("milk"), MILK, CALL, PIZZA)
    several = decided(CancelReminder(), MILK, CALL)
    nothing = decided(CancelReminder("taxes"), MILK)
    then = decided(CancelReminder(at=time(18), day=date(2026, 11, 6)), MILK, CALL)

    assert isinstance(then, Plan)
    assert then.steps == (LocalCall("timer.cancel", {"name": "buy milk"}),)
    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("timer.cancel", {"name": "buy milk"}),)
    assert isinstance(several, Question)
    assert several.choices == ("call Anna", "buy milk")
    assert isinstance(nothing, Refusal)


def test_of_two_reminders_with_the_same_words_the_day_tells_which() -> None:
    later = replace(MILK, name="buy milk 1", due=MILK.due + timedelta(days=3))
    plan = decided(CancelReminder("buy milk", day=later.due.date()), MILK, later)

    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("timer.cancel", {"name": "buy milk 1"}),)


def test_the_next_reminder_is_told_first() -> None:
    answer = decided(AskReminders(), MILK, CALL, PIZZA)

    assert isinstance(answer, Answer)
    assert (answer.phrase.key, answer.phrase.slots["text"]) == ("reminders.next_today", "call Anna")


def test_time_and_day_are_those_of_the_car() -> None:
    tells = [decided(r) for r in (AskTime(), AskDate(), AskDate(DateFact.WEEKDAY, date(2026, 11, 8)))]

    keys = [answer.phrase.key for answer in tells if isinstance(answer, Answer)]
    assert keys == ["clock.time", "clock.date_today", "clock.weekday_other"]
    assert isinstance(tells[2], Answer)
    assert tells[2].phrase.slots["weekday"] == "@weekday.7"
    assert isinstance(decided(AskTime("denver")), Refusal)
