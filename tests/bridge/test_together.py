"""Several orders under one yes: all are bought or none, whatever happens in between, and the money agrees."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

pytest.importorskip("sqlalchemy")

from assistant.bridge.local import Bridge, Options
from assistant.bridge.providers import faults
from assistant.bridge.providers.faults import Fault, Switch
from assistant.bridge.providers.tables import bookings
from assistant.core.consent import Factor
from assistant.core.order import State
from assistant.link.wire import Op
from tests.bridge.car import TRIP, Car, consent
from tests.bridge.test_orders import effects, held

INN = {"hotel": "hostel", "check_in": "", "nights": 1}
LATER = {**TRIP, "vehicle_class": "economy"}


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder: Path = tmp_path_factory.mktemp("together")
    bridge = Bridge(Options(f"sqlite:{folder}/bridge.db", pace=600.0, look_s=1.0, pump_s=0.05))
    cars: dict[str, Car] = {}
    bridge.cars = cars  # type: ignore[attr-defined]

    def deliver(vehicle: str, raw: bytes, sent: Any) -> None:
        cars[vehicle].hear(raw)
        sent()

    bridge.open(deliver)
    yield bridge
    bridge.close(5)


@pytest.fixture
def car(bridge: Bridge, request: pytest.FixtureRequest) -> Iterator[Car]:
    car = Car(bridge.handle, f"car-{abs(hash(request.node.name)) % 10**9}")
    bridge.cars[car.vehicle] = car  # type: ignore[attr-defined]
    yield car
    faults.clear_faults(bridge.database)


def quoted(car: Car) -> list[str]:
    return [car.quote("hotel", "book", INN)[0], car.quote("ride", "book", LATER)[0]]


def agree(car: Car, orders: list[str], factor: Factor = Factor.VOICE, **other: Any) -> None:
    """Say one yes to all, as a car does: one message for each order, every one with all the parts."""
    quotes = [car.last(order).quote for order in orders]
    parts = [{"order": o, "digest": q.digest} for o, q in zip(orders, quotes, strict=True) if q is not None]
    for order, quote in zip(orders, quotes, strict=True):
        assert quote is not None
        car.ask(Op.COMMIT, consent(quote, factor, parts=parts, **other), order)


def arm(bridge: Bridge, fault: Fault, service: str, method: str, order: str, value: float = 0, times: int = 1) -> None:
    faults.set_fault(bridge.database, Switch(fault, service, method, order, value, times))


def test_one_yes_buys_all_and_each_goes_its_own_way_after_it(bridge: Bridge, car: Car) -> None:
    hotel, ride = quoted(car)
    agree(car, [hotel, ride])

    for order in (hotel, ride):
        bought = car.wait(order, State.IN_PROGRESS, State.DONE)
        assert bought.receipt is not None
        assert effects(bridge, order) == (1, bought.receipt.charged.minor, 0)
    car.ask(Op.CANCEL, {}, ride)
    car.wait(ride, State.CANCELLED, State.DONE)
    assert car.last(hotel).state is State.DONE


@pytest.mark.parametrize(
    ("fault", "service", "method", "culprit"),
    [
        (Fault.SOLD_OUT, "ride", "place", 1),
        (Fault.SOLD_OUT, "hotel", "place", 0),
        (Fault.DECLINED, "money", "authorise", 1),
        (Fault.DECLINED, "money", "capture", 1),
    ],
)
def test_a_part_that_cannot_be_had_undoes_the_others_in_reverse(
    bridge: Bridge, car: Car, fault: Fault, service: str, method: str, culprit: int
) -> None:
    orders = quoted(car)
    arm(bridge, fault, service, method, orders[culprit])
    agree(car, orders)

    ended = [car.wait(order, State.REFUSED, State.CANCELLED) for order in orders]

    assert ended[culprit].reason in {"sold_out", "declined"}
    assert ended[1 - culprit].reason == "part_failed"
    for order, last in zip(orders, ended, strict=True):
        standing, taken, given = effects(bridge, order)
        assert (standing, held(bridge, order)) == (0, 0)
        kept = last.receipt.kept.minor if last.receipt is not None else 0
        assert taken - given == kept
        assert kept == fees(bridge, order), "what the person paid is what the company kept by its rule"


def fees(bridge: Bridge, order: str) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(bookings.c.fee), 0)).where(bookings.c.order_id == order)
    return int(bridge.database.read(lambda c: c.execute(query).scalar_one()))


def test_what_cannot_be_given_back_is_bought_last(bridge: Bridge, car: Car) -> None:
    orders = quoted(car)
    arm(bridge, Fault.SOLD_OUT, "ride", "place", orders[1])
    agree(car, orders)
    car.wait(orders[0], State.CANCELLED)

    assert fees(bridge, orders[0]) == 0, "a room of which nothing comes back was not taken before the ride was sure"


def test_a_price_that_rose_by_a_cent_after_the_yes_buys_nothing_of_it(bridge: Bridge, car: Car) -> None:
    orders = quoted(car)
    arm(bridge, Fault.PRICE_CHANGED, "ride", "place", orders[1], 1)
    agree(car, orders)

    assert car.wait(orders[1], State.REFUSED).reason == "price_changed"
    assert car.wait(orders[0], State.CANCELLED).reason == "part_failed"
    assert all(effects(bridge, order) == (0, 0, 0) for order in orders)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER_TAKING, Fault.TIMEOUT_BEFORE_TAKING, Fault.DOWN])
@pytest.mark.parametrize(("service", "method"), [("ride", "place"), ("hotel", "place"), ("money", "capture")])
def test_silence_in_between_doubles_nothing(bridge: Bridge, car: Car, service: str, method: str, fault: Fault) -> None:
    orders = quoted(car)
    for order in orders:
        arm(bridge, fault, service, method, order)
    agree(car, orders)

    for order in orders:
        bought = car.wait(order, State.IN_PROGRESS, State.DONE)
        assert bought.receipt is not None
        assert effects(bridge, order) == (1, bought.receipt.charged.minor, 0)


def test_the_limit_counts_the_sum_and_a_pin_lifts_it(bridge: Bridge, car: Car) -> None:
    orders = [car.quote("hotel", "book", {**INN, "hotel": "home-stay"})[0], car.quote("ride", "book", LATER)[0]]
    quotes = [car.last(order).quote for order in orders]
    assert all(quote is not None and quote.amount.minor <= 30_000 for quote in quotes), (
        "each alone needs no more than a voice"
    )
    agree(car, orders)
    assert [car.last(order).reason for order in orders] == ["factor_needed", "factor_needed"]
    assert all(effects(bridge, order) == (0, 0, 0) for order in orders)

    agree(car, orders, Factor.PIN)

    assert all(car.wait(order, State.IN_PROGRESS, State.DONE).receipt is not None for order in orders)


@pytest.mark.parametrize(
    "parts",
    [
        lambda orders, digests: [{"order": orders[0], "digest": digests[0]}],
        lambda orders, digests: [{"order": orders[0], "digest": digests[0]}, {"order": orders[1], "digest": "0" * 64}],
        lambda orders, digests: [
            {"order": orders[0], "digest": digests[0]},
            {"order": orders[0], "digest": digests[0]},
        ],
        lambda orders, digests: [
            {"order": orders[1], "digest": digests[1]},
            {"order": orders[1], "digest": digests[0]},
        ],
        lambda orders, digests: "both",
    ],
)
def test_a_yes_whose_parts_are_not_what_was_read_buys_nothing(bridge: Bridge, car: Car, parts: Any) -> None:
    orders = quoted(car)
    quotes = [car.last(order).quote for order in orders]
    digests = [quote.digest for quote in quotes if quote is not None]
    assert quotes[0] is not None
    car.ask(Op.COMMIT, consent(quotes[0], parts=parts(orders, digests)), orders[0])

    assert all(car.last(order).state is State.QUOTED for order in orders)
    assert all(effects(bridge, order) == (0, 0, 0) for order in orders)


def test_another_cars_order_is_no_part_of_a_yes(bridge: Bridge, car: Car) -> None:
    stranger = Car(bridge.handle, "stranger")
    bridge.cars["stranger"] = stranger  # type: ignore[attr-defined]
    theirs, _ = stranger.quote("ride", "book", LATER)
    mine, _ = car.quote("hotel", "book", INN)
    ours, quote = car.last(mine).quote, stranger.last(theirs).quote
    assert ours is not None
    assert quote is not None
    parts = [{"order": mine, "digest": ours.digest}, {"order": theirs, "digest": quote.digest}]

    answer = car.ask(Op.COMMIT, consent(ours, parts=parts), mine)

    assert answer.op is Op.PROBLEM
    assert stranger.last(theirs).state is State.QUOTED


def test_a_cancel_while_all_is_being_bought_is_done_after_it(bridge: Bridge, car: Car) -> None:
    orders = quoted(car)
    arm(bridge, Fault.SLOW, "hotel", "place", orders[0], 0.5)
    agree(car, orders)
    car.ask(Op.CANCEL, {}, orders[1])

    assert car.wait(orders[1], State.CANCELLED, State.DONE).receipt is not None
    assert car.wait(orders[0], State.DONE).receipt is not None
