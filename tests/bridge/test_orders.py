"""Orders over the wire at one bridge on a real SQLite file: quote, yes, receipt, change, cancel, and everything that goes wrong."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

pytest.importorskip("sqlalchemy")

from assistant.bridge.local import Bridge, Options
from assistant.bridge.providers import faults
from assistant.bridge.providers.faults import Fault, Switch
from assistant.bridge.providers.tables import bookings, entries, payments
from assistant.core.consent import Factor
from assistant.core.order import State
from assistant.link.wire import Op
from tests.bridge.car import TRIP, Car, consent, name, paid, request

LATTE = {"lines": [{"dish": "latte", "options": {"size": "large"}}]}
STAY = {"hotel": "east gate", "check_in": "", "nights": 1}


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder: Path = tmp_path_factory.mktemp("bridge")
    bridge = Bridge(Options(f"sqlite:{folder}/bridge.db", pace=600.0, look_s=1.0, pump_s=0.05))
    cars: dict[str, Car] = {}
    bridge.cars = cars  # type: ignore[attr-defined]

    def deliver(vehicle: str, raw: bytes, sent: Any) -> None:
        if vehicle in cars:
            cars[vehicle].hear(raw)
        sent()

    bridge.open(deliver)
    yield bridge
    bridge.close(5)


@pytest.fixture
def car(bridge: Bridge) -> Iterator[Car]:
    car = Car(bridge.handle, f"car-{time.monotonic_ns()}")
    bridge.cars[car.vehicle] = car  # type: ignore[attr-defined]
    yield car
    faults.clear_faults(bridge.database)


def arm(bridge: Bridge, fault: Fault, service: str, method: str, order: str, value: float = 0, times: int = 1) -> None:
    faults.set_fault(bridge.database, Switch(fault, service, method, order, value, times))


def effects(bridge: Bridge, order: str) -> tuple[int, int, int]:
    """Return bookings that stand, minor units captured, minor units refunded."""
    booked = sa.select(sa.func.count()).where(bookings.c.order_id == order, bookings.c.cancelled.is_(False))
    summed = sa.select(sa.func.coalesce(sa.func.sum(entries.c.amount), 0)).where(entries.c.order_id == order)
    taken, given = summed.where(entries.c.kind == "capture"), summed.where(entries.c.kind == "refund")
    return bridge.database.read(
        lambda c: (
            c.execute(booked).scalar_one(),
            int(c.execute(taken).scalar_one()),
            int(c.execute(given).scalar_one()),
        )
    )


def held(bridge: Bridge, order: str) -> int:
    """Return how many authorisations are neither captured nor given free."""
    query = sa.select(sa.func.count()).where(payments.c.order_id == order, payments.c.state == "authorised")
    return int(bridge.database.read(lambda c: c.execute(query).scalar_one()))


def test_a_ride_goes_from_wish_to_receipt_to_its_end(bridge: Bridge, car: Car) -> None:
    order = car.order("ride", "book", TRIP)
    bought = car.wait(order, State.IN_PROGRESS)
    done = car.wait(order, State.DONE)

    assert bought.receipt is not None
    assert bought.quote is not None
    assert bought.receipt.charged == bought.quote.amount == paid(done)
    assert done.facts["service_state"] == "completed"
    assert "plate" in done.facts
    assert car.states(order)[:2] == ["quoted", "accepted"]
    assert effects(bridge, order) == (1, paid(done).minor, 0)


@pytest.mark.parametrize(
    ("service", "method", "args"),
    [
        ("meal", "order", LATTE),
        ("hotel", "book", STAY),
        ("travel", "book", {"legs": [{"origin": "Hangzhou", "destination": "Shanghai", "day": ""}]}),
        ("parcel", "redirect", {"parcel": "book", "address": {"name": "Civic Center"}}),
        ("shop", "buy", {"lines": [{"product": "umbrella"}]}),
        ("pay", "pay", {"payee": "停车场"}),
    ],
)
def test_every_kind_of_order_is_bought_once_with_a_receipt(
    bridge: Bridge, car: Car, service: str, method: str, args: dict[str, Any]
) -> None:
    if service == "travel":
        args = {"legs": [{**args["legs"][0], "day": time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86_400))}]}
    order = car.order(service, method, args, Factor.PIN)
    bought = car.wait(order, State.IN_PROGRESS, State.DONE)

    assert bought.receipt is not None
    assert effects(bridge, order) == (1, bought.receipt.charged.minor, 0)


def test_the_same_request_again_is_answered_the_same_and_changes_nothing(bridge: Bridge, car: Car) -> None:
    order, quoted = car.quote("meal", "order", LATTE)
    raw = request(Op.COMMIT, consent(car.last(order).quote), order)  # type: ignore[arg-type]

    first = car.send(raw)
    again = [car.send(raw) for _ in range(5)]
    other = [car.agree(order) for _ in range(3)]

    assert quoted.op is Op.ORDER
    assert all((answer.rev, answer.body) == (first.rev, first.body) for answer in again)
    assert {answer.body["state"] for answer in other} <= {"accepted", "in_progress", "done"}
    car.wait(order, State.IN_PROGRESS, State.DONE)
    assert effects(bridge, order)[0] == 1


def test_a_known_id_with_another_body_order_or_operation_is_refused(car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    quote = car.last(order).quote
    assert quote is not None
    id_ = name()
    car.send(request(Op.COMMIT, consent(quote), order, id_))

    for raw in (
        request(Op.COMMIT, consent(quote, at=1), order, id_),
        request(Op.COMMIT, consent(quote), name(), id_),
        request(Op.CANCEL, {}, order, id_),
    ):
        assert car.send(raw).body == {"reason": "body_changed"}


@pytest.mark.parametrize("field", [{"amount": 1}, {"currency": "EUR"}, {"payee": "Somebody"}, {"digest": "0" * 64}])
def test_a_yes_to_anything_but_the_quote_buys_nothing(bridge: Bridge, car: Car, field: dict[str, Any]) -> None:
    order, _ = car.quote("ride", "book", TRIP)
    quote = car.last(order).quote
    assert quote is not None

    answer = car.ask(Op.COMMIT, consent(quote, **field), order)

    assert (answer.body["state"], answer.body["reason"]) == ("quoted", "quote_changed")
    assert effects(bridge, order) == (0, 0, 0)


def test_a_price_that_rose_by_a_cent_after_the_yes_needs_a_new_yes(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("ride", "book", TRIP)
    arm(bridge, Fault.PRICE_CHANGED, "ride", "place", order, 1)
    first = car.last(order).quote
    car.agree(order)
    again = car.wait(order, State.QUOTED)
    assert (again.reason, held(bridge, order)) == ("price_changed", 0)
    assert first is not None
    assert again.quote is not None
    assert again.quote.amount.minor == first.amount.minor + 1
    stale = car.ask(Op.COMMIT, consent(first), order)
    assert effects(bridge, order) == (0, 0, 0)

    car.agree(order)
    bought = car.wait(order, State.IN_PROGRESS, State.DONE)

    assert stale.body["state"] in {"quoted", "accepted"}
    assert effects(bridge, order) == (1, paid(bought).minor, 0)
    assert paid(bought) == again.quote.amount


def test_a_yes_that_never_comes_expires_and_leaves_nothing(
    bridge: Bridge, car: Car, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.bridge.providers.ride.PRICE_LOCK_S", 1.0)
    order, _ = car.quote("ride", "book", TRIP)
    arm(bridge, Fault.PRICE_CHANGED, "ride", "place", order, 100)
    car.agree(order)

    ended = car.wait(order, State.EXPIRED)

    assert ended.reason == "no_consent"
    assert (effects(bridge, order), held(bridge, order)) == ((0, 0, 0), 0)


def test_a_quote_that_ran_out_before_the_yes_is_made_anew(car: Car, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.bridge.providers.ride.PRICE_LOCK_S", 0.1)
    order, _ = car.quote("ride", "book", TRIP)
    time.sleep(1.5)

    answer = car.agree(order)

    assert (answer.body["state"], answer.body["reason"]) == ("quoted", "quote_expired")


@pytest.mark.parametrize(
    ("fault", "service", "method", "reason"),
    [
        (Fault.SOLD_OUT, "meal", "place", "sold_out"),
        (Fault.DECLINED, "money", "authorise", "declined"),
        (Fault.DECLINED, "meal", "place", "declined"),
    ],
)
def test_a_no_on_the_way_undoes_what_came_before(
    bridge: Bridge, car: Car, fault: Fault, service: str, method: str, reason: str
) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    arm(bridge, fault, service, method, order)
    car.agree(order)

    ended = car.wait(order, State.REFUSED)

    assert ended.reason == reason
    assert (effects(bridge, order), held(bridge, order)) == ((0, 0, 0), 0)


def test_money_that_cannot_be_taken_takes_the_booking_back(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    arm(bridge, Fault.DECLINED, "money", "capture", order)
    car.agree(order)

    ended = car.wait(order, State.FAILED)

    assert ended.reason == "declined"
    assert (effects(bridge, order), held(bridge, order)) == ((0, 0, 0), 0)


@pytest.mark.parametrize(("service", "method"), [("money", "authorise"), ("meal", "place"), ("money", "capture")])
@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER_TAKING, Fault.TIMEOUT_BEFORE_TAKING, Fault.SLOW, Fault.DOWN])
def test_silence_at_any_step_is_settled_by_key_and_nothing_is_doubled(
    bridge: Bridge, car: Car, service: str, method: str, fault: Fault
) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    arm(bridge, fault, service, method, order, 0.1)
    car.agree(order)

    bought = car.wait(order, State.IN_PROGRESS, State.DONE)

    assert bought.receipt is not None
    assert effects(bridge, order) == (1, bought.receipt.charged.minor, 0)


def test_an_unknown_outcome_is_said_as_unknown_until_it_is_known(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    arm(bridge, Fault.TIMEOUT_AFTER_TAKING, "meal", "place", order, times=-1)
    arm(bridge, Fault.TIMEOUT_BEFORE_TAKING, "meal", "find", order, times=-1)
    arm(bridge, Fault.TIMEOUT_BEFORE_TAKING, "meal", "place", order, times=-1)
    car.agree(order)
    car.wait(order, State.UNKNOWN)
    assert "done" not in car.states(order)

    faults.clear_faults(bridge.database)
    bought = car.wait(order, State.IN_PROGRESS, State.DONE)

    assert effects(bridge, order) == (1, paid(bought).minor, 0)


def test_a_company_that_stays_down_is_given_up_and_nothing_is_held(
    bridge: Bridge, car: Car, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.bridge.tale.WAITS_S", (0.1,))
    monkeypatch.setattr("assistant.bridge.settle.PAUSES_S", (0.01,))
    order, _ = car.quote("meal", "order", LATTE)
    arm(bridge, Fault.DOWN, "meal", "place", order, times=-1)
    car.agree(order)

    ended = car.wait(order, State.REFUSED, timeout_s=20)

    assert ended.reason == "service_down"
    assert (effects(bridge, order), held(bridge, order)) == ((0, 0, 0), 0)


def test_cancelling_gives_back_what_the_rule_says(bridge: Bridge, car: Car) -> None:
    stay = {"hotel": "east gate", "check_in": "2027-06-01" if time.time() < 1_811_000_000 else "", "nights": 1}
    order = car.order("hotel", "book", stay, Factor.PIN)
    bought = car.wait(order, State.DONE)

    answer = car.ask(Op.CANCEL, {}, order)
    ended = car.wait(order, State.CANCELLED)

    assert answer.body["state"] == "cancelling"
    assert ended.receipt is not None
    assert ended.receipt.refunded == paid(bought)
    assert effects(bridge, order) == (0, paid(bought).minor, paid(bought).minor)


def test_a_cancel_right_after_the_yes_ends_cancelled_whatever_step_it_meets(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("meal", "order", LATTE)
    arm(bridge, Fault.SLOW, "meal", "place", order, 0.3)
    car.agree(order)
    car.ask(Op.CANCEL, {}, order)

    ended = car.wait(order, State.CANCELLED)

    booked, taken, given = effects(bridge, order)
    assert (booked, taken - given, held(bridge, order)) == (0, 0, 0)
    assert paid(ended).minor == 0


def test_what_was_not_bought_is_cancelled_at_once_and_what_is_over_not_at_all(car: Car) -> None:
    order, _ = car.quote("ride", "book", TRIP)
    assert car.ask(Op.CANCEL, {}, order).body["state"] == "cancelled"
    assert car.agree(order).body["state"] == "cancelled"

    bill = car.order("pay", "pay", {"payee": "toll"})
    car.wait(bill, State.DONE)
    answer = car.ask(Op.CANCEL, {}, bill)
    assert (answer.body["state"], answer.body["reason"]) == ("done", "too_late")


def test_a_stop_added_mid_trip_is_priced_agreed_and_billed_as_a_whole(
    bridge: Bridge, car: Car, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = car.order("ride", "book", {**TRIP, "destination": {"name": "Shanghai"}}, Factor.PIN)
    before = car.wait(order, State.IN_PROGRESS)

    answer = car.ask(Op.CHANGE, {"args": {"add_stop": {"name": "Civic Center"}}}, order)
    assert answer.body["state"] == "in_progress"
    assert answer.body["quote"]["amount"] > paid(before).minor
    assert effects(bridge, order)[1] == paid(before).minor
    car.agree(order, Factor.PIN)
    after = car.wait(order, State.IN_PROGRESS, where=lambda s: s.receipt.charged != before.receipt.charged)  # type: ignore[union-attr]

    assert paid(after).minor == answer.body["quote"]["amount"]
    assert effects(bridge, order) == (1, paid(after).minor, 0)


def test_a_change_that_is_refused_leaves_the_order_and_its_price(bridge: Bridge, car: Car) -> None:
    order = car.order("shop", "buy", {"lines": [{"product": "umbrella"}]})
    before = car.wait(order, State.DONE)
    arm(bridge, Fault.DECLINED, "shop", "alter", order)
    car.ask(Op.CHANGE, {"args": {"add": [{"product": "tissues"}]}}, order)
    car.agree(order)

    after = car.wait(order, State.DONE, where=lambda s: s.reason == "declined")

    assert after.quote == before.quote
    assert (effects(bridge, order), held(bridge, order)) == ((1, paid(before).minor, 0), 0)


def test_a_company_that_calls_it_off_gives_the_money_back(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("ride", "book", TRIP)
    arm(bridge, Fault.CALLED_OFF, "ride", "place", order)
    car.agree(order)

    ended = car.wait(order, State.FAILED)

    booked, taken, given = effects(bridge, order)
    assert (ended.reason, booked, taken - given) == ("called_off", 0, 0)


@pytest.mark.parametrize("fault", [Fault.DOUBLE_CALLBACK, Fault.OUT_OF_ORDER, Fault.LOST_CALLBACK])
def test_news_that_is_doubled_shuffled_or_lost_still_ends_in_the_truth(bridge: Bridge, car: Car, fault: Fault) -> None:
    order, _ = car.quote("ride", "book", TRIP)
    arm(bridge, fault, "ride", "place", order)
    car.agree(order)

    done = car.wait(order, State.DONE, where=lambda s: s.facts.get("service_state") == "completed")

    revs = [snapshot.rev for snapshot in car.snapshots[order]]
    assert revs == sorted(set(revs))
    way = ["processing", "accepted", "arriving", "arrived", "in_progress", "completed"]
    told = [way.index(str(s.facts["service_state"])) for s in car.snapshots[order] if "service_state" in s.facts]
    assert told == sorted(told)
    assert effects(bridge, order) == (1, paid(done).minor, 0)


def test_above_the_voice_limit_a_spoken_yes_does_not_pay(bridge: Bridge, car: Car) -> None:
    order, _ = car.quote("hotel", "book", STAY)
    answer = car.agree(order)
    assert (answer.body["state"], answer.body["reason"]) == ("quoted", "factor_needed")
    assert car.agree(order, Factor.PHONE).body["reason"] == "not_approved"
    quote = car.last(order).quote
    assert quote is not None

    car.ask(Op.APPROVE, {"digest": quote.digest}, order)
    assert bridge.services.phone.answer(order, yes=True) == 1  # type: ignore[attr-defined]
    car.wait(order, State.QUOTED, where=lambda s: s.approved == quote.digest)
    car.agree(order, Factor.PHONE)

    assert car.wait(order, State.DONE).receipt is not None


def test_above_the_order_limit_nothing_pays(car: Car) -> None:
    order, _ = car.quote("hotel", "book", {"hotel": "bund", "nights": 20})

    answer = car.agree(order, Factor.PIN)

    assert (answer.body["state"], answer.body["reason"]) == ("refused", "over_limit")


def test_another_cars_order_does_not_exist_for_this_one(bridge: Bridge, car: Car) -> None:
    order = car.order("meal", "order", LATTE)
    thief = Car(bridge.handle, "thief")

    for op, body in (
        (Op.STATUS, {}),
        (Op.CANCEL, {}),
        (Op.QUOTE, {"service": "meal", "method": "order", "args": LATTE}),
    ):
        assert thief.ask(op, body, order).body == {"reason": "unknown_order"}


def test_questions_are_answered_and_foreign_ones_refused(car: Car) -> None:
    found = car.ask(Op.ASK, {"service": "places", "method": "find", "args": {"words": "西湖"}})
    sky = car.ask(Op.ASK, {"service": "weather", "method": "forecast", "args": {}})

    assert found.body["result"][0]["name"] == "West Lake"
    assert sky.body["result"]["place"] == "Hangzhou"
    assert car.ask(Op.ASK, {"service": "places", "method": "delete", "args": {}}).body == {"reason": "not_available"}
    assert car.ask(Op.ASK, {"service": "places", "method": "find", "args": {"sql": ""}}).body == {"reason": "malformed"}
    assert car.ask(Op.STATUS, {}, name()).body == {"reason": "unknown_order"}


def test_the_longest_audit_chain_is_kept_and_a_shorter_one_is_noticed(car: Car) -> None:
    car.ask(Op.PING, {"head": "a" * 64, "length": 7})

    pong = car.ask(Op.PING, {"head": "b" * 64, "length": 3})

    assert (pong.body["head"], pong.body["length"]) == ("a" * 64, 7)
    assert abs(pong.body["now"] - time.time()) < 5


def test_erasing_leaves_no_word_of_a_car_in_the_database_or_its_log(bridge: Bridge, car: Car) -> None:
    wish = {**TRIP, "passenger": {"name": "Zebulon Quackenbush"}}
    order, _ = car.quote("ride", "book", wish)
    car.agree(order)
    car.wait(order, State.DONE)
    url = bridge.database.engine.url.database
    assert url is not None
    files = [Path(url), Path(f"{url}-wal")]
    assert any(b"Quackenbush" in file.read_bytes() for file in files)
    time.sleep(0.5)

    erased = car.ask(Op.ERASE, {})

    assert erased.op is Op.ERASED
    assert erased.body["rows"] > 0
    assert not any(b"Quackenbush" in file.read_bytes() for file in files)
    assert car.ask(Op.STATUS, {}, order).body == {"reason": "unknown_order"}


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff\xfe", b'{"id": 1}', b"[" * 5000, b"x" * 200_000])
def test_noise_is_not_answered_and_breaks_nothing(bridge: Bridge, car: Car, raw: bytes) -> None:
    assert bridge.handle(car.vehicle, raw) == []


def test_an_expired_or_forged_message_is_refused_by_its_id(bridge: Bridge, car: Car) -> None:
    late = request(Op.STATUS, {}, name(), life_s=1)
    time.sleep(1.1)
    forged = request(Op.PING, {"head": "", "length": 0}).replace(b'"length":0', b'"length":1')

    assert b'"reason":"expired"' in bridge.handle(car.vehicle, late)[0]
    assert b'"reason":"forged"' in bridge.handle(car.vehicle, forged)[0]


def test_the_books_agree_with_the_statements_and_a_dropped_line_is_an_alarm(bridge: Bridge, car: Car) -> None:
    order = car.order("pay", "pay", {"payee": "parking"})
    car.wait(order, State.DONE)
    bridge.reconciler._settle_s = 0.0
    time.sleep(0.1)
    assert [m for m in bridge.reconciler.round(0) if m.order == order] == []

    arm(bridge, Fault.DROPPED_ENTRY, "money", "statement", order)

    assert [m.what for m in bridge.reconciler.round(0) if m.order == order] == ["money"]


def test_nothing_in_the_database_is_pickled(bridge: Bridge, car: Car) -> None:
    car.wait(car.order("pay", "pay", {"payee": "parking"}), State.DONE)
    texts = "SELECT brief FROM bridge_run UNION SELECT answer FROM bridge_step UNION SELECT message FROM bridge_mail"

    found = bridge.database.read(lambda c: [json.loads(row[0]) for row in c.exec_driver_sql(texts)])

    assert {"digest"} <= {key for one in found for key in one}
