"""An order as a screen on the bus sees it, from the wish to the receipt."""

from pathlib import Path
from typing import Any, Protocol

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("gi")
pytest.importorskip("pydbus")

from assistant.config import Link
from assistant.core.consent import Factor
from assistant.core.order import State
from assistant.platform.bus import Bus
from assistant.session import settle
from tests.journeys.person import AT_REST, Car

pytestmark = pytest.mark.timeout(180)
CABIN = ("org.cabin.Assistant1", "/org/cabin/Assistant1")
FACE = "org.cabin.Assistant1"


class PrivateBus(Protocol):
    address: str


def test_a_screen_sees_every_step_of_an_order(private_bus: PrivateBus, tmp_path: Path) -> None:
    car = Car(tmp_path, Link(kind="child", sandbox_pace=60.0), bus=private_bus.address)
    screen = Bus(private_bus.address)
    seen: list[tuple[str, dict[str, Any]]] = []
    screen.listen("", "org.cabin.Assistant1.OrderChanged", lambda _sender, _path, told: seen.append((told[0], told[1])))
    car.app.appear()

    def script() -> None:
        car.say("book me a ride to the station")
        car.until(lambda: any(told["awaits_consent"] for _, told in seen), "the price is shown")
        car.say("yes")
        car.until(lambda: any("receipt" in told for _, told in seen), "the receipt is shown")
        car.until(lambda: any(told.get("facts", {}).get("driver") for _, told in seen), "the driver is shown")

    car.talk(script)
    screen.close()
    order = car.orders[-1]
    assert {name for name, _ in seen} == {order.id}
    states = [told["state"] for _, told in seen]
    assert states[0] in {"wished", "quoting", "quoted"}
    assert State.QUOTED in states
    assert states[-1] in {State.ACCEPTED, State.IN_PROGRESS, State.DONE}
    priced = next(told for _, told in seen if told["awaits_consent"])
    assert (priced["service"], priced["method"]) == ("ride", "book")
    assert (priced["amount"], priced["currency"], priced["payee"]) == (2730, "CNY", "Sandbox Rides")
    assert priced["expires"] > 0
    bought = next(told for _, told in seen if "receipt" in told)
    assert order.receipt is not None
    assert (bought["receipt"], bought["charged"]) == (order.receipt.reference, order.receipt.charged.minor)
    assert not bought["awaits_consent"]


def test_a_screen_confirms_with_the_pin_and_no_digit_is_told_to_anybody(
    private_bus: PrivateBus, tmp_path: Path
) -> None:
    car = Car(tmp_path, Link(kind="child", sandbox_pace=60.0), bus=private_bus.address)
    screen = Bus(private_bus.address)
    cards: list[tuple[Any, ...]] = []
    heard: list[tuple[Any, ...]] = []
    screen.listen("", f"{FACE}.Confirmation", lambda _sender, _path, told: cards.append(told))
    for signal in ("Reply", "OrderChanged", "StateChanged", "Transcript", "Confirmation"):
        screen.listen("", f"{FACE}.{signal}", lambda _sender, _path, told: heard.append(told))
    car.app.appear()

    def script() -> None:
        car.owner_sets_pin("8352")
        screen.call(CABIN, f"{FACE}.Follow")
        for sentence in ("book a hotel in Shanghai", "the first"):
            screen.call(CABIN, f"{FACE}.Ask", "ss", sentence, "en")
            settle(car.app, AT_REST)
        car.until(lambda: bool(cards), "the card is shown")
        screen.call(CABIN, f"{FACE}.ConfirmWithPin", "us", cards[-1][0], "8352")
        car.until(lambda: car.orders[-1].receipt is not None, "it is ordered")

    car.talk(script)
    screen.close()
    order = car.orders[-1]
    assert car.booked() == 1
    assert order.consent is not None
    assert order.consent.factor is Factor.PIN
    assert "8352" not in str(heard)
