import ctypes
import ctypes.util
import json
import sqlite3
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.core.money import Money
from assistant.core.order import State
from assistant.errors import LedgerError
from assistant.ledger.change import MAX_OPEN, MAX_OUTBOX, FullError
from assistant.ledger.store import Ledger
from tests.ledger.rows import a_message, an_order, name


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "orders.sqlite")


@pytest.mark.parametrize("state", State)
def test_an_order_reads_back_as_it_was_written(ledger: Ledger, state: State) -> None:
    order = an_order(state)
    with ledger.change() as change:
        change.put(order)

    assert ledger.order(order.id) == order
    assert ledger.orders(state) == (order,)


def test_all_of_a_change_is_written_or_nothing(ledger: Ledger) -> None:
    order = an_order()

    def half() -> None:
        with ledger.change() as change:
            change.put(order)
            change.post(a_message(order.id))
            change.prefer("home", "x")
            change.record("wish", {"order": order.id})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert (ledger.orders(), ledger.outbox(), dict(ledger.preferences()), ledger.head().length) == ((), (), {}, 0)
    with ledger.change() as change:
        change.put(order)
    assert ledger.orders() == (order,)


def test_what_was_written_is_there_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    order, message = an_order(State.SENT), a_message()
    with Ledger(path) as ledger, ledger.change() as change:
        change.put(order)
        change.post(message)
        change.prefer("home", "Elm Street")
        change.keep("pin", {"hash": "x"})

    with Ledger(path) as again:
        assert again.order(order.id) == order
        assert again.outbox() == (message,)
        assert again.preferences() == {"home": "Elm Street"}
        assert again.kept("pin") == {"hash": "x"}


def test_an_older_rev_never_overwrites_a_newer_one(ledger: Ledger) -> None:
    order = replace(an_order(State.ACCEPTED), rev=5)
    with ledger.change() as change:
        change.put(order)

    with pytest.raises(LedgerError, match="newer"), ledger.change() as change:
        change.put(replace(order, rev=4, state=State.QUOTED))
    assert ledger.order(order.id) == order


def test_a_message_waits_until_it_is_answered(ledger: Ledger) -> None:
    first, second = a_message(), a_message()
    with ledger.change() as change:
        change.post(first)
        change.post(second)
        change.post(first)

    assert ledger.outbox() == (first, second)
    assert ledger.waiting(first.id) == first
    with ledger.change() as change:
        change.answered(first.id)
        change.answered(name())
    assert ledger.outbox() == (second,)


def test_the_same_message_id_with_another_body_is_refused(ledger: Ledger) -> None:
    message = a_message()
    with ledger.change() as change:
        change.post(message)

    with pytest.raises(LedgerError, match="another body"), ledger.change() as change:
        change.post(replace(message, body={"service": "ride", "args": {"seats": 3}}))
    assert ledger.outbox() == (message,)


def test_a_full_outbox_refuses_and_changes_nothing(ledger: Ledger) -> None:
    with ledger.change() as change:
        for _ in range(MAX_OUTBOX):
            change.post(a_message(order=name()))

    def order_more() -> None:
        with ledger.change() as change:
            change.put(an_order())
            change.post(a_message())

    with pytest.raises(FullError):
        order_more()
    assert ledger.orders() == ()
    assert len(ledger.outbox()) == MAX_OUTBOX


def test_too_many_open_orders_refuse_a_new_one_but_let_the_old_ones_move(ledger: Ledger) -> None:
    orders = [an_order(State.QUOTED) for _ in range(MAX_OPEN)]
    with ledger.change() as change:
        for order in orders:
            change.put(order)

    with pytest.raises(FullError), ledger.change() as change:
        change.put(an_order())
    with ledger.change() as change:
        change.put(replace(orders[0], state=State.CANCELLED))
        change.put(an_order())
    assert len(ledger.orders()) == MAX_OPEN + 1


def test_only_what_left_the_car_lately_counts_as_spent(tmp_path: Path) -> None:
    at = [1_000.0]
    ledger = Ledger(tmp_path / "o.sqlite", "boot", lambda: at[0])
    sent, cancelled, unsent = an_order(State.CONSENTED), an_order(State.CONSENTED), an_order(State.CONSENTED, minor=99)
    with ledger.change() as change:
        for order in (sent, cancelled, unsent):
            change.put(order)
        change.put(replace(sent, state=State.SENT))
        change.put(replace(cancelled, state=State.SENT))
        change.put(replace(cancelled, state=State.CANCELLED))

    assert ledger.spent(86_400) == (Money(2_350, "CNY"),)
    assert ledger.spent(86_400, other_than=sent.id) == ()
    at[0] += 86_401
    assert ledger.spent(86_400) == ()


def test_what_is_over_goes_when_it_is_old_and_the_rest_stays(tmp_path: Path) -> None:
    at = [0.0]
    ledger = Ledger(tmp_path / "o.sqlite", "boot", lambda: at[0])
    done, riding = an_order(State.DONE), an_order(State.IN_PROGRESS)
    with ledger.change() as change:
        change.put(done)
        change.put(riding)

    at[0] = 89 * 86_400
    assert ledger.tidy() == 0
    at[0] = 91 * 86_400
    assert ledger.tidy() == 1
    assert ledger.orders() == (riding,)


def test_the_file_is_its_owners_alone(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_it_is_written_through_to_the_disk_and_has_no_pickle(ledger: Ledger) -> None:
    with ledger.change() as change:
        change.put(an_order(State.DONE))

    (mode,) = ledger._book.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = ledger._book.execute("PRAGMA synchronous").fetchone()
    (data,) = ledger._book.execute("SELECT data FROM orders").fetchone()
    assert (mode, synchronous) == ("wal", 2)
    assert json.loads(data)["service"] == "ride"


def test_a_large_book_is_not_held_in_memory(ledger: Ledger) -> None:
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
    library.sqlite3_memory_used.restype = ctypes.c_int64
    before = library.sqlite3_memory_used()
    if not before:
        pytest.skip("Python has an SQLite of its own")
    with ledger.change() as change:
        for number in range(8_000):
            change.record("outcome", {"request": "SetTemperature", "number": str(number)})
    lines = sum(1 for _ in ledger.audit())

    assert lines == 8_000
    assert library.sqlite3_memory_used() - before < 600_000


def test_another_thread_cannot_write(ledger: Ledger) -> None:
    told: list[Exception] = []

    def write() -> None:
        try:
            with ledger.change() as change:
                change.put(an_order())
        except LedgerError as error:
            told.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert len(told) == 1
    assert ledger.orders() == ()


def test_a_reader_beside_the_daemon_sees_what_is_committed_and_cannot_write(ledger: Ledger) -> None:
    order = an_order(State.ACCEPTED)
    with ledger.change() as change:
        change.put(order)

    with Ledger(ledger.path, read_only=True) as reader:
        assert reader.orders() == (order,)
        with pytest.raises(LedgerError, match="only be read"), reader.change() as change:
            change.put(an_order())


def test_a_commit_of_order_message_and_audit_is_fast(ledger: Ledger) -> None:
    took = []
    for _ in range(100):
        order = an_order(State.DONE)
        began = time.perf_counter()
        with ledger.change() as change:
            change.put(order)
            change.post(a_message(order.id))
            change.record("wish", {"order": order.id})
        took.append(time.perf_counter() - began)
    assert sorted(took)[50] < 0.2, "p50 is 0.4 ms on an idle disk"


def test_sqlite_is_new_enough_for_strict_tables() -> None:
    assert sqlite3.sqlite_version_info >= (3, 37)
