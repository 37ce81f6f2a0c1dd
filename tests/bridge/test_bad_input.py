"""A bad message buys nothing, is said by its fault, and loses nothing: the good one still does what it should. So with a bad book."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from assistant.bridge.effects import effects
from assistant.bridge.local import Bridge, Options
from assistant.bridge.records import SCHEMA, orders
from assistant.core.order import State
from assistant.link.wire import MAX_BYTES, Op
from tests.bridge.car import Car, consent, name, request

LATTE = {"lines": [{"dish": "latte"}]}
DAY_S = 86_400


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    db = f"sqlite:{tmp_path_factory.mktemp('bad')}/bridge.db"
    bridge = Bridge(Options(db, pace=600.0, pump_s=0.05))
    cars: dict[str, Car] = {}
    bridge.cars = cars  # type: ignore[attr-defined]

    def deliver(vehicle: str, raw: bytes, sent: Callable[[], None]) -> None:
        cars[vehicle].hear(raw)
        sent()

    bridge.open(deliver)
    yield bridge
    bridge.close(5)


def new_car(bridge: Bridge) -> Car:
    car = Car(bridge.handle, f"car-{name()}")
    bridge.cars[car.vehicle] = car  # type: ignore[attr-defined]
    return car


@pytest.fixture
def car(bridge: Bridge) -> Car:
    return new_car(bridge)


def forged(good: bytes) -> bytes:
    fields = json.loads(good)
    fields["body"]["amount"] += 1
    return json.dumps(fields).encode()


def expired(good: bytes) -> bytes:
    fields = json.loads(good)
    return json.dumps(
        {**fields, "created": fields["created"] - 2 * DAY_S, "expires": fields["created"] - DAY_S}
    ).encode()


def oversized(good: bytes) -> bytes:
    fields = json.loads(good)
    return json.dumps({**fields, "body": {**fields["body"], "note": "x" * MAX_BYTES}}).encode()


def malformed(good: bytes) -> bytes:
    return good[:-20]


def alien(good: bytes) -> bytes:
    return json.dumps({**json.loads(good), "op": "order", "rev": 1}).encode()


def unknown_operation(good: bytes) -> bytes:
    return json.dumps({**json.loads(good), "op": "pay_at_once"}).encode()


def without_a_field(good: bytes) -> bytes:
    fields = json.loads(good)
    del fields["body_sha256"]
    return json.dumps(fields).encode()


BAD: list[tuple[Callable[[bytes], bytes], str]] = [
    (forged, "forged"),
    (expired, "expired"),
    (oversized, ""),
    (malformed, ""),
    (alien, "foreign"),
    (unknown_operation, "malformed"),
    (without_a_field, "malformed"),
]


@pytest.mark.parametrize(("spoil", "reason"), BAD, ids=[spoil.__name__ for spoil, _ in BAD])
def test_a_spoiled_yes_buys_nothing_and_the_good_one_still_does(
    bridge: Bridge, car: Car, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    quote = car.last(order).quote
    assert quote is not None
    good = request(Op.COMMIT, consent(quote), order)

    answers = [json.loads(raw) for raw in bridge.handle(car.vehicle, spoil(good))]

    assert [(one["op"], one["body"]["reason"]) for one in answers] == ([("problem", reason)] if reason else [])
    assert order not in effects(bridge.options.db)
    assert bridge.book.order(order).state is State.QUOTED  # type: ignore[union-attr]
    car.send(good)
    car.wait(order, State.IN_PROGRESS, State.DONE)
    assert effects(bridge.options.db)[order][0] == 1


def test_a_yes_replayed_after_the_end_buys_nothing_again_not_even_by_a_new_id(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    quote = car.last(order).quote
    assert quote is not None
    good = request(Op.COMMIT, consent(quote), order)
    car.send(good)
    car.wait(order, State.DONE)
    bought = effects(bridge.options.db)[order]

    car.send(good)
    car.send(request(Op.COMMIT, consent(quote), order))

    assert bridge.book.order(order).over  # type: ignore[union-attr]
    assert effects(bridge.options.db)[order] == bought


def test_a_yes_replayed_after_a_cancel_does_not_bring_the_order_back(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    quote = car.last(order).quote
    assert quote is not None
    car.ask(Op.CANCEL, {}, order)

    answer = car.ask(Op.COMMIT, consent(quote), order)

    assert answer.body["state"] == "cancelled"
    assert order not in effects(bridge.options.db)


def test_another_cars_yes_and_a_price_asked_for_anothers_order_change_nothing(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    quote = car.last(order).quote
    assert quote is not None
    before = bridge.book.order(order)
    stranger = new_car(bridge)

    answers = [
        stranger.ask(Op.COMMIT, consent(quote), order),
        stranger.ask(Op.QUOTE, {"service": "ride", "method": "book", "args": {}}, order),
        stranger.ask(Op.CANCEL, {}, order),
    ]

    assert [answer.body["reason"] for answer in answers] == ["unknown_order"] * 3
    assert bridge.book.order(order) == before


def start(db: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant.bridge.app", "--loopback", "--db", db]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be read as one" * 40, b"SQLite format 3\0" * 99]
)
def test_a_book_that_is_none_is_told_in_one_line_and_left_alone(tmp_path: Path, content: bytes) -> None:
    book = tmp_path / "bridge.db"
    book.write_bytes(content)

    ended = start(f"sqlite:{book}")

    assert ended.returncode == 1
    assert "cannot be used" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert book.read_bytes() == content


def test_a_newer_bridges_book_is_left_alone(tmp_path: Path) -> None:
    db = f"sqlite:{tmp_path}/bridge.db"
    assert start(db).returncode == 0
    with sqlite3.connect(tmp_path / "bridge.db") as book:
        book.execute("UPDATE bridge_schema SET version = version + 1")

    ended = start(db)

    assert ended.returncode == 1
    assert f"schema {SCHEMA + 1}" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_an_older_bridges_book_is_brought_up_to_date_with_all_that_is_in_it(tmp_path: Path) -> None:
    db = f"sqlite:{tmp_path}/bridge.db"
    bridge = Bridge(Options(db))
    bridge.open(lambda _vehicle, _raw, sent: sent())
    order, _ = Car(bridge.handle).quote("meal", "order", LATTE)
    bridge.close(1)
    with sqlite3.connect(tmp_path / "bridge.db") as book:
        book.execute("ALTER TABLE bridge_request ADD COLUMN errand TEXT NOT NULL DEFAULT ''")
        book.execute("DROP TABLE bridge_schema")
        book.execute("CREATE INDEX bridge_order_age ON bridge_order (over, changed_at)")
        book.execute("DROP INDEX bridge_message_unsent")
        book.execute("CREATE INDEX bridge_message_unsent ON bridge_message (sent, at)")

    bridge = Bridge(Options(db))
    bridge.open(lambda _vehicle, _raw, sent: sent())
    another, _ = Car(bridge.handle).quote("meal", "order", LATTE)
    bridge.close(1)

    with bridge.database.engine.connect() as view:
        assert {order, another} == set(view.execute(sa.select(orders.c.id)).scalars())
        assert {one["name"] for one in sa.inspect(view).get_indexes("bridge_order")} == {"ix_bridge_order_vehicle"}
        (unsent,) = sa.inspect(view).get_indexes("bridge_message")
        assert unsent["column_names"] == ["at"]
    bridge.database.close()
