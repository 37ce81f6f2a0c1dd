"""The fault matrix: whatever is killed, cut, filled or turned back, and wherever an order stands, it is bought exactly once."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("sqlalchemy")

from assistant.bench.servers import Mosquitto, Postgres
from tests.faults.rig import Rig, Strike, Tally

pytestmark = pytest.mark.skipif(not Mosquitto.there(), reason="mosquitto is not installed")

LONG_CASES = 1_000
LONG_S = float(os.environ.get("CABIN_FAULTS_S", "600"))


@contextmanager
def rigged(folder: Path, postgres: Postgres | None, seed: int, bridges: int = 1) -> Iterator[Rig]:
    rig = Rig(folder, postgres, seed, bridges)
    try:
        yield rig
    finally:
        rig.close()


def hold(tally: Tally) -> None:
    """Hold what came of it to the promises."""
    assert (tally.lost, tally.doubled, tally.unpaid, tally.unproven) == (0, 0, 0, 0), tally
    assert tally.failed == 0, tally


def test_a_few_seeded_faults_lose_nothing_double_nothing_and_nothing_is_claimed(tmp_path: Path) -> None:
    with rigged(tmp_path, None, seed=11) as rig:
        rig.slow_down(0.1)
        rig.send_out(cars=2, wanted=5)
        time.sleep(2)
        for what in (Strike.KILL_BRIDGE, Strike.KILL_CAR, Strike.KILL_BROKER, Strike.FULL_BRIDGE, Strike.CLOCK):
            rig.strike(what)
            time.sleep(rig.chance.uniform(0.2, 0.8))
        rig.calm(60)
        tally = rig.judge()

    assert tally.orders == 10
    assert tally.faults >= 1
    hold(tally)


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_a_thousand_orders_struck_under_way_lose_nothing_double_nothing_and_nothing_is_claimed(
    tmp_path: Path, postgres: Postgres
) -> None:
    chance, totals = Random(20), Tally()
    ends, seed = time.monotonic() + LONG_S, 20
    while totals.cases < LONG_CASES and time.monotonic() < ends:
        seed += 1
        folder = tmp_path / str(seed)
        folder.mkdir()
        with rigged(folder, postgres if seed % 3 else None, seed, 2 if seed % 3 == 1 else 1) as rig:
            rig.slow_down(chance.choice([0.05, 0.2, 0.5]))
            rig.send_out(cars=3, wanted=15)
            time.sleep(1.5)
            deck: list[Strike] = []
            while rig.running() and rig.tally.faults < 30:
                deck = deck or chance.sample(rig.possible, len(rig.possible))
                rig.strike(deck.pop())
                time.sleep(chance.uniform(0.1, 1.5))
            rig.calm(180)
            tally = rig.judge()
        hold(tally)
        totals = add(totals, tally)
        sys.stdout.write(f"seed {seed}: {tally.faults} faults, {tally.cases} cases; so far {totals.cases}\n")
    sys.stdout.write(report(totals))
    hold(totals)
    assert totals.cases >= LONG_CASES
    assert {key.split("/")[0] for key in totals.struck} == {strike.value for strike in Strike}


def add(one: Tally, other: Tally) -> Tally:
    """Return both together."""
    both = {name: getattr(one, name) + getattr(other, name) for name in Tally.__dataclass_fields__}
    return Tally(**both)


def report(tally: Tally) -> str:
    """Return what was struck where, and what came of it."""
    lines = [
        f"{tally.faults} faults, {tally.cases} orders struck under way, {tally.orders} orders",
        f"lost {tally.lost}, doubled {tally.doubled}, wrongly paid {tally.unpaid}, unproven {tally.unproven}",
        f"calls {tally.calls}, of which repeated with the same key {tally.repeated}",
        *(f"  {where}: {count}" for where, count in sorted(tally.struck.items())),
    ]
    return "\n".join(lines) + "\n"


def test_the_judge_sees_a_booking_that_is_missing_doubled_or_unpaid(tmp_path: Path) -> None:
    """A count that cannot fail proves nothing: spoil the companies' books by hand."""
    with rigged(tmp_path, None, seed=12) as rig:
        rig.send_out(cars=1, wanted=3)
        rig.calm(60)
        hold(rig.judge())
        spoil = (
            "DELETE FROM sandbox_booking WHERE reference IN (SELECT reference FROM sandbox_booking LIMIT 1);"
            "DELETE FROM sandbox_entry WHERE key IN (SELECT key FROM sandbox_entry LIMIT 1);"
            "DELETE FROM sandbox_call WHERE method = 'place';"
        )
        with sqlite3.connect(tmp_path / "bridge.db") as book:
            book.executescript(spoil)
        rig.tally = Tally()
        tally = rig.judge()

    assert tally.lost == 1
    assert tally.unpaid == 1
    assert tally.unproven > 0
