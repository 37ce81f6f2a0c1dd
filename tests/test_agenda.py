from datetime import UTC, datetime, timedelta

from assistant.agenda import Agenda
from assistant.core.plan import LocalCall, Status

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def setting(name: str, due: datetime, **more: float | str) -> LocalCall:
    return LocalCall("timer.set", {"name": name, "due": due.isoformat(), "kind": "timer", "text": "", **more})


def test_a_timer_survives_a_restart_and_rings_once() -> None:
    store: dict[str, str] = {}
    Agenda(store).set(setting("tea", NOW + timedelta(minutes=3)), at=0)

    again = Agenda(store)

    assert [timer.name for timer in again.timers()] == ["tea"]
    assert again.due(NOW, at=5) == ()
    assert [timer.name for timer in again.due(NOW + timedelta(minutes=3), at=180)] == ["tea"]
    assert again.due(NOW + timedelta(minutes=4), at=240) == ()
    assert store == {}


def test_a_jump_of_the_clock_does_not_ring_a_length() -> None:
    agenda = Agenda({})
    agenda.set(setting("eggs", NOW + timedelta(minutes=5), set_for_s=300.0), at=100)

    assert agenda.due(NOW + timedelta(days=3650), at=101) == ()
    assert len(agenda.due(NOW - timedelta(days=3650), at=400)) == 1


def test_what_was_due_long_ago_is_dropped_silently() -> None:
    agenda = Agenda({})
    agenda.set(setting("old", NOW - timedelta(days=2)), at=0)

    assert agenda.due(NOW, at=1) == ()
    assert agenda.timers() == ()


def test_cancelling_what_is_not_there_is_refused() -> None:
    agenda = Agenda({})

    assert agenda.cancel(LocalCall("timer.cancel", {"name": "tea"})).status is Status.REFUSED


def test_a_time_that_is_none_fails_and_changes_nothing() -> None:
    agenda = Agenda({})

    outcome = agenda.set(LocalCall("timer.set", {"name": "x", "due": "soon", "kind": "timer"}), at=0)

    assert outcome.status is Status.FAILED
    assert agenda.timers() == ()


def test_a_broken_entry_of_the_store_is_dropped() -> None:
    store = {"agenda.x": "{", "agenda.y": "{}", "home": "Main Street"}

    assert Agenda(store).timers() == ()
    assert store == {"home": "Main Street"}
