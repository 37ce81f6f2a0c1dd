"""Transactions that share a commit: each is done or undone as if it were alone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.bridge.database import Database, connect, parse

TABLE = sa.Table(
    "kept", sa.MetaData(), sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.Integer, nullable=False)
)
INSERT = sa.insert(TABLE)


@pytest.fixture(autouse=True)
def table(database: Database) -> None:
    database.write(TABLE.metadata.create_all)


def keep(key: str, value: int = 0) -> Callable[[sa.Connection], int]:
    def work(connection: sa.Connection) -> int:
        Database.put(connection, INSERT, {"key": key, "value": value})
        return value

    return work


def kept(database: Database) -> dict[str, int]:
    return database.read(lambda c: {row.key: row.value for row in c.execute(sa.select(TABLE))})


def together(database: Database, works: list[Callable[[sa.Connection], Any]]) -> list[Any]:
    """Let a first transaction hold the only lane until all the others wait; return what each gave, or its error."""
    held, go = threading.Event(), threading.Event()

    def first(_: sa.Connection) -> None:
        held.set()
        go.wait(10)

    def attempt(work: Callable[[sa.Connection], Any]) -> Any:
        try:
            return database.write(work)
        except Exception as error:  # noqa: BLE001  whatever it raised is what is asked about
            return error

    with ThreadPoolExecutor(len(works) + 1) as pool:
        leader = pool.submit(database.write, first)
        held.wait(10)
        found = [pool.submit(attempt, work) for work in works]
        while len(database._commits._waiting) < len(works):
            threading.Event().wait(0.01)
        go.set()
        leader.result(20)
        return [one.result(20) for one in found]


def test_many_at_once_are_all_committed_in_one_go_and_each_hears_its_own_answer(database: Database) -> None:
    commits: list[int] = []
    sa.event.listen(database.engine, "commit", lambda _: commits.append(1))

    found = together(database, [keep(f"k{n}", n) for n in range(20)])

    assert found == list(range(20))
    assert kept(database) == {f"k{n}": n for n in range(20)}
    assert len(commits) == 2


def test_one_that_raises_leaves_nothing_and_spoils_no_other(database: Database) -> None:
    def bad(connection: sa.Connection) -> None:
        keep("bad")(connection)
        connection.execute(INSERT, {"key": "worse", "value": 1})
        raise LookupError("no")

    found = together(database, [keep("a"), bad, keep("b")])

    assert [type(one) for one in found] == [int, LookupError, int]
    assert kept(database) == {"a": 0, "b": 0}


def test_two_that_put_the_same_key_are_done_one_after_the_other(database: Database) -> None:
    def once(connection: sa.Connection) -> str:
        if connection.execute(sa.select(TABLE.c.key).where(TABLE.c.key == "k")).first() is not None:
            return "known"
        keep("k")(connection)
        return "new"

    found = together(database, [once, keep("other"), once])

    assert sorted(map(str, found)) == ["0", "known", "new"]
    assert kept(database) == {"k": 0, "other": 0}


def test_an_interrupt_in_one_that_leads_lets_the_others_go_on(database: Database) -> None:
    def interrupted(_: sa.Connection) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        database.write(interrupted)

    assert database.write(keep("after", 3)) == 3
    assert kept(database) == {"after": 3}


def test_whoever_waits_for_a_connection_gets_the_next_one_that_is_given_back(tmp_path: Path) -> None:
    database = Database(connect(parse(f"sqlite:{tmp_path}/one.db"), 1))
    with ThreadPoolExecutor(1) as pool:
        with database.reading():
            waits = pool.submit(database.read, lambda c: c.execute(sa.select(sa.literal(1))).scalar_one())
            with pytest.raises(TimeoutError):
                waits.result(0.1)
        assert waits.result(10) == 1
    database.close()
