"""Pings and questions where orders stand, many at a time: the same answers as one by one, and nothing is written."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.bridge.local import Bridge, Options
from assistant.bridge.reads import PRESSED
from assistant.core.order import State
from assistant.link.wire import FROM_BRIDGE, Envelope, Op, decode
from tests.bridge.car import Car, name, request

LATTE = {"lines": [{"dish": "latte"}]}


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    bridge = Bridge(Options(f"sqlite:{tmp_path}/bridge.db", pump_s=0.05))
    bridge.open(lambda _vehicle, _raw, sent: sent())
    yield bridge
    bridge.close(5)


@pytest.fixture
def car(bridge: Bridge) -> Car:
    return Car(bridge.handle)


def ping(head: str = "", length: Any = 0) -> bytes:
    return request(Op.PING, {"head": head, "length": length})


def told(bridge: Bridge, *messages: tuple[str, bytes]) -> list[Envelope | None]:
    return [None if raw is None else decode(raw, FROM_BRIDGE) for raw in bridge.reads.handle(messages)]


def test_each_of_many_gets_its_own_answer(bridge: Bridge, car: Car) -> None:
    car.ask(Op.PING, {"head": "ab", "length": 3})
    order, _ = car.quote("meal", "order", LATTE)
    asks = [(car.vehicle, ping("a", 1)), ("car2", ping()), (car.vehicle, request(Op.STATUS, {}, order))]

    pong, other, standing = told(bridge, *asks)

    assert pong is not None
    assert (pong.op, pong.body["head"], pong.body["length"]) == (Op.PONG, "ab", 3)
    assert other is not None
    assert (other.body["head"], other.body["length"]) == ("", 0)
    assert standing is not None
    assert (standing.order, standing.body["state"]) == (order, State.QUOTED.value)
    assert [decode(raw, frozenset(Op)).id for _, raw in asks] == [pong.id, other.id, standing.id]


def test_anothers_order_and_one_that_never_came_are_unknown(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)

    answers = told(bridge, ("car2", request(Op.STATUS, {}, order)), (car.vehicle, request(Op.STATUS, {}, name())))

    assert [answer and answer.body for answer in answers] == [{"reason": "unknown_order"}] * 2


def test_what_writes_or_is_refused_is_left_to_be_handled_alone(bridge: Bridge, car: Car) -> None:
    longer, forged = ping("ab", 3), ping().replace(b'"length":0', b'"length":1')
    cancel = request(Op.CANCEL, {}, name())

    assert told(bridge, *((car.vehicle, raw) for raw in (longer, ping("ab", "3"), forged, b"no", cancel))) == [None] * 5
    assert told(bridge, (car.vehicle, ping())) != [None]


def test_companies_are_asked_where_an_order_stands_unless_too_many_ask(bridge: Bridge, car: Car) -> None:
    order = car.order("meal", "order", LATTE)
    for _ in range(200):
        if car.ask(Op.STATUS, {}, order).body["state"] == State.IN_PROGRESS.value:
            break
        time.sleep(0.05)
    asks = request(Op.STATUS, {}, order)

    assert told(bridge, (car.vehicle, asks)) == [None]
    crowd = told(bridge, *[(car.vehicle, asks)] * PRESSED)
    assert {answer.body["state"] for answer in crowd if answer is not None} == {State.IN_PROGRESS.value}
    assert None not in crowd
