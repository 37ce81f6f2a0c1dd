"""Statements on libpq itself: what psycopg's cursors did beside running them must not be missed."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

pytest.importorskip("sqlalchemy")

from assistant.bridge import journal, sql
from assistant.bridge.book import Book
from assistant.bridge.database import Database, connect, parse
from assistant.bridge.engine import Json
from assistant.bridge.records import FILL
from assistant.errors import CabinError
from tests.bridge.servers import Postgres
from tests.link.broker import until

AWAKE = ["order-1"]
MAIL = sa.insert(journal.mail)


@pytest.fixture
def database(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database(connect(parse(postgres.database(f"t{abs(hash(request.node.name))}"))), sleep=lambda _: None)
    database.prepare(journal.METADATA, journal.bring_up)
    yield database
    database.close()


def start(database: Database, brief: Json, order: str = "order-1") -> None:
    database.write(lambda c: journal.start(c, order, "a", brief, 1.5))


def awake(database: Database) -> list[str]:
    return database.read(lambda c: journal.awake(c, "a"))


def test_what_is_inserted_together_comes_back_as_it_was(database: Database) -> None:
    brief = {"said": '两位, "quoted", \\, \' and \u0001', "number": 1 / 3, "nothing": None, "true": True}

    def several(connection: sa.Connection) -> None:
        for n in range(3):
            journal.start(connection, f"order-{n}", "a", {**brief, "n": n}, 1 / 3 + n)

    database.write(several)

    told = database.read(lambda c: journal.stories(c, "a", [f"order-{n}" for n in range(3)]))
    assert [story.brief for story in told] == [{**brief, "n": n} for n in range(3)]
    assert [story.began for story in told] == [1 / 3 + n for n in range(3)]


def test_what_is_prepared_outlives_transactions_that_fail(database: Database) -> None:
    start(database, {})

    def fails(connection: sa.Connection) -> None:
        journal.send(connection, "order-1", {}, "k", 1.0)
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            database.write(fails)
        with pytest.raises(sa.exc.IntegrityError):
            start(database, {})

    assert awake(database) == AWAKE
    assert database.read(lambda c: journal.new_mail(c, "a")) == []


def test_what_goes_out_with_the_commit_is_all_there_or_nothing_of_it(database: Database) -> None:
    start(database, {})
    letter = {"order_id": "order-2", "key": "k", "message": "{}", "at": 1.0, "taken": False}

    def both(connection: sa.Connection) -> None:
        Database.put(connection, MAIL, letter)
        journal.start(connection, "order-2", "a", {}, 1.5)
        journal.start(connection, "order-1", "a", {}, 1.5)

    with pytest.raises(sa.exc.IntegrityError):
        database.write(both)

    assert awake(database) == AWAKE
    assert database.read(lambda c: c.execute(sa.select(journal.mail)).all()) == []


def test_more_than_the_connection_takes_at_once_goes_out_with_the_commit(database: Database) -> None:
    start(database, {"much": "x" * 20_000_000})

    assert len(database.read(lambda c: journal.stories(c, "a", AWAKE))[0].brief["much"]) == 20_000_000


def test_a_connection_that_is_lost_at_the_commit_is_another_try(database: Database) -> None:
    tries: list[int] = []

    def work(connection: sa.Connection) -> None:
        tries.append(connection.connection.driver_connection.info.backend_pid)  # type: ignore[union-attr]
        journal.start(connection, "order-1", "a", {}, 1.5)
        if len(tries) == 1:
            with database.engine.connect() as other:
                other.execute(sa.select(sa.func.pg_terminate_backend(tries[0])))

    database.write(work)

    assert len(set(tries)) == 2
    assert awake(database) == AWAKE


def test_a_text_that_the_database_cannot_hold_is_refused_and_not_cut(database: Database) -> None:
    start(database, {})
    with pytest.raises(sa.exc.DataError):
        database.write(lambda c: journal.send(c, "order-1\0and more", {}, "k", 1.0))

    assert awake(database) == AWAKE


def test_a_database_that_turns_read_only_is_waited_for_and_nothing_is_lost(database: Database) -> None:
    """As the one that takes over from a primary that died is at first."""
    start(database, {})
    tries: list[float] = []

    def writable_again(seconds: float) -> None:
        tries.append(seconds)
        if len(tries) == 3:
            read_only(database, "off")

    database._sleep = writable_again
    read_only(database, "on")
    with pytest.raises(CabinError, match="read-only"):
        Database(connect(database.engine.url)).check()

    start(database, {}, "order-2")

    assert len(tries) >= 3
    assert sorted(awake(database)) == ["order-1", "order-2"]


def read_only(database: Database, value: str) -> None:
    name = database.engine.url.database
    with database.engine.connect() as other:
        other.exec_driver_sql("SET default_transaction_read_only = off")
        other.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
        other.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        other.detach()


def test_connections_that_were_kept_over_a_crash_are_not_used_again(database: Database, postgres: Postgres) -> None:
    start(database, {})
    with database.reading() as one, database.reading() as other:
        assert sql.rows(one, sa.select(sa.literal(1)), {}) == sql.rows(other, sa.select(sa.literal(1)), {})

    postgres.stop("immediate")
    postgres.start()

    assert awake(database) == AWAKE


def test_what_is_about_one_order_is_never_under_way_at_once_and_holds_up_no_other(database: Database) -> None:
    held, go, ran = threading.Event(), threading.Event(), list[str]()

    def hold(_: sa.Connection) -> None:
        held.set()
        go.wait(10)
        ran.append("first")

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(database.write, hold, about=("x",))
        assert held.wait(10)
        waiting = [
            pool.submit(database.write, lambda _, name=name: ran.append(name), about=about)
            for name, about in (("same", ("x",)), ("both", ("y", "x")))
        ]
        assert until(lambda: len(database._commits._waiting) == 2)
        assert database.write(lambda _: "another", about=("z",)) == "another"
        assert ran == []
        go.set()
        for one in (first, *waiting):
            one.result(10)
    assert ran == ["first", "same", "both"]


def test_a_book_of_before_is_brought_up_to_date(database: Database) -> None:
    book = Book(database, time.time, str, lambda _: None)
    book.open()

    def older(connection: sa.Connection) -> None:
        connection.exec_driver_sql("UPDATE bridge_schema SET version = 2")
        connection.exec_driver_sql("ALTER TABLE bridge_order RESET (fillfactor)")
        connection.exec_driver_sql('CREATE INDEX bridge_order_age ON bridge_order ("over", changed_at)')

    database.write(older)
    book.open()

    (options,) = database.read(
        lambda c: c.exec_driver_sql("SELECT reloptions FROM pg_class WHERE relname = 'bridge_order'").one()
    )
    assert options == [f"fillfactor={FILL}"]
    found = database.read(lambda c: sa.inspect(c).get_indexes("bridge_order"))
    assert {index["name"] for index in found} == {"ix_bridge_order_vehicle"}
