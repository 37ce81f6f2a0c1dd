"""A clock that is set by hand, and a desk of sandbox companies on a real SQLite file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("sqlalchemy")

from assistant.bridge.database import Database, connect, parse
from assistant.bridge.providers.desk import Desk

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC).timestamp()
"""12:00 in Hangzhou, a Friday."""


class Clock:
    """Unix seconds that pass only when told."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(connect(parse(f"sqlite:{tmp_path}/bridge.db")))
    yield database
    database.close()


@pytest.fixture
def desk(database: Database, clock: Clock) -> Desk:
    desk = Desk(database, clock, clock.sleep, Random(7))
    desk.open()
    return desk


@pytest.fixture
def order_ids() -> Callable[[], str]:
    return new_order


_made = 0


def new_order() -> str:
    """Return an order id that no test had before."""
    global _made  # noqa: PLW0603
    _made += 1
    return f"01900000-0000-7000-8000-{_made:012x}"
