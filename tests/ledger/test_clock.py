"""No jump of the wall clock and no reboot expires, revives or doubles anything."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.order import State
from assistant.ledger.clock import MAX_OFF_S, SteadyClock, boot_seconds
from assistant.ledger.store import Ledger
from tests.ledger.rows import an_order


class Ticker:
    """Seconds since a boot, moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_process_started_again_goes_on_exactly_where_the_boot_clock_is() -> None:
    tick = Ticker()
    first = SteadyClock(None, "a", tick)
    first.learn(5_000.0)
    tick.at += 50
    saved = first.saved()
    tick.at += 7
    again = SteadyClock(saved, "a", tick)
    assert again.now() == pytest.approx(first.now()) == pytest.approx(57)
    assert again.bridge_now() == pytest.approx(5_057)


def test_after_a_reboot_time_off_is_unknown_until_the_bridge_tells_it() -> None:
    tick = Ticker()
    first = SteadyClock(None, "a", tick)
    first.learn(5_000.0)
    tick.at += 50
    saved, tick.at = first.saved(), 3.0
    again = SteadyClock(saved, "b", tick)
    assert again.now() == pytest.approx(50)
    assert again.bridge_now() is None
    tick.at += 10
    again.learn(5_050 + 3_600.0)
    assert again.now() == pytest.approx(50 + 3_600)
    assert again.bridge_now() == pytest.approx(5_050 + 3_600)


def test_a_process_that_died_before_the_bridge_spoke_still_steps_over_the_time_off_once() -> None:
    tick = Ticker()
    first = SteadyClock(None, "a", tick)
    first.learn(5_000.0)
    second = SteadyClock(first.saved(), "b", tick)
    third = SteadyClock(second.saved(), "b", tick)
    assert third.bridge_now() is None
    third.learn(5_600.0)
    assert third.now() == pytest.approx(600)
    third.learn(9_999.0)
    assert third.now() == pytest.approx(600), "within a boot the steady clock is right, whatever the bridge says"
    assert third.bridge_now() == pytest.approx(9_999)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans(), st.none() | st.floats(0, 4e9)), max_size=20))
def test_it_never_goes_back(steps: list[tuple[float, bool, float | None]]) -> None:
    tick = Ticker()
    clock, boots, last = SteadyClock(None, "0", tick), 0, 0.0
    for passed, reboot, bridge in steps:
        tick.at += passed
        if reboot:
            boots += 1
            saved, tick.at = clock.saved(), 1.0
            clock = SteadyClock(saved, str(boots), tick)
        if bridge is not None:
            clock.learn(bridge)
        assert clock.now() >= last - 1e-3
        assert clock.now() - last <= passed + MAX_OFF_S + 1e-3
        last = clock.now()


def test_the_kernels_clock_counts() -> None:
    assert 0 < boot_seconds() <= boot_seconds()


@pytest.mark.parametrize("years", [-10, 10])
def test_a_wall_clock_ten_years_off_changes_no_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    class Jumped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Jumped":  # noqa: ARG003  datetime's own shape
            return cls.fromtimestamp(
                (datetime(2026, 11, 21, tzinfo=UTC) + timedelta(days=365 * years)).timestamp(), UTC
            )

    tick = Ticker()
    with Ledger(tmp_path / "o.sqlite", "a", tick) as ledger:
        before = ledger.clock.now()
        order = an_order(due=before + 60)
        with ledger.change() as change:
            change.put(order)
            change.put(an_order(State.DONE))
        monkeypatch.setattr("assistant.ledger.store.datetime", Jumped)
        assert ledger.tidy() == 0
        tick.at += 30
        assert ledger.clock.now() == pytest.approx(before + 30)
    with Ledger(tmp_path / "o.sqlite", "a", tick) as again:
        kept = again.order(order.id)
        assert kept is not None
        assert kept.due - again.clock.now() == pytest.approx(30)
        assert len(again.orders()) == 2
