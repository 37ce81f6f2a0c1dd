"""A disk that is full, read-only or damaged, and files that are not ours."""

import os
import random
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core.order import State
from assistant.errors import LedgerError
from assistant.ledger.schema import APPLICATION, VERSION
from assistant.ledger.store import Ledger
from tests.ledger.rows import a_message, an_order


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a real file system of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_refuses_with_a_mend_and_keeps_every_committed_row(small_disk: Path) -> None:
    path = small_disk / "orders.sqlite"
    ledger = Ledger(path)
    kept = []

    def fill() -> None:
        while True:
            order = an_order(State.DONE)
            with ledger.change() as change:
                change.put(order)
                change.post(a_message(order.id))
                change.record("wish", {"order": order.id})
            kept.append(order)

    with pytest.raises(LedgerError, match="disk is full") as told:
        fill()
    assert "commands in the car go on" in told.value.mend
    assert len(kept) > 20
    assert {order.id for order in ledger.orders()} == {order.id for order in kept}
    ledger.close()
    with Ledger(path) as again:
        assert len(again.orders()) == len(again.outbox()) == again.head().length == len(kept)


def test_writing_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    ledger = Ledger(small_disk / "orders.sqlite")
    ballast = small_disk / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=4k"], check=False, capture_output=True)

    def write() -> None:
        with ledger.change() as change:
            for _ in range(100):
                change.put(an_order(State.DONE))

    with pytest.raises(LedgerError, match="full"):
        write()
    ballast.unlink()
    with ledger.change() as change:
        change.put(an_order(State.DONE))
    assert len(ledger.orders()) == 1


def test_a_disk_that_became_read_only_refuses_with_a_mend_and_is_still_read(small_disk: Path) -> None:
    order = an_order(State.ACCEPTED)
    with Ledger(small_disk / "orders.sqlite") as ledger, ledger.change() as change:
        change.put(order)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LedgerError) as told:
        Ledger(small_disk / "orders.sqlite")
    assert told.value.mend


def test_a_folder_that_cannot_be_made_is_told_with_a_mend() -> None:
    with pytest.raises(LedgerError) as told:
        Ledger(Path("/proc/nowhere/orders.sqlite"))
    assert told.value.mend


def test_another_program_that_holds_the_book_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.ledger.schema.BUSY_MS", 50)
    ledger = Ledger(tmp_path / "orders.sqlite")
    other = sqlite3.connect(tmp_path / "orders.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="another program"), ledger.change() as change:
        change.put(an_order())
    other.execute("ROLLBACK")
    with ledger.change() as change:
        change.put(an_order())


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    Ledger(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version={VERSION + 1}")
    newer.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(LedgerError, match="newer cabin") as told:
            Ledger(path, read_only=read_only)
        assert "install the newer" in told.value.mend
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (name TEXT)")
    other.close()
    with pytest.raises(LedgerError, match="another program"):
        Ledger(path)


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"\0" * 8192, os.urandom(4096), b"SQLite format 3\0" + b"x" * 4096]
)
def test_a_file_that_is_no_database_is_refused_with_a_mend(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "orders.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerError) as told:
        Ledger(path)
    assert told.value.mend


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_book_is_refused_or_read_right_but_never_a_traceback(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "orders.sqlite"
    orders = [an_order(State.DONE) for _ in range(30)]
    with Ledger(path) as ledger, ledger.change() as change:
        for order in orders:
            change.put(order)
            change.record("wish", {"order": order.id})
    chance = random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 16, 256])):
        raw[chance.randrange(100, len(raw))] = chance.randrange(256)
    path.write_bytes(bytes(raw) if seed % 4 else bytes(raw[: chance.randrange(512, len(raw))]))
    said = ""
    try:
        with Ledger(path) as again:
            again.orders()
            again.outbox()
            again.verify()
    except LedgerError as error:
        said = error.mend or "no mend"
    assert said != "no mend"


def test_an_empty_file_becomes_a_book(tmp_path: Path) -> None:
    (tmp_path / "orders.sqlite").touch()
    with Ledger(tmp_path / "orders.sqlite") as ledger:
        (application,) = ledger._book.execute("PRAGMA application_id").fetchone()
    assert application == APPLICATION


def test_reading_a_book_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no order book"):
        Ledger(tmp_path / "orders.sqlite", read_only=True)
    assert not (tmp_path / "orders.sqlite").exists()
