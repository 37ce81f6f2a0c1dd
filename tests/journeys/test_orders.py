"""Orders from the sentence to the receipt: the whole assistant, a real bridge as its child, SQLite in a folder of the test."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from assistant.config import Link, Speak
from assistant.core.context import Connectivity
from assistant.core.order import State
from assistant.ledger.audit import Head
from assistant.ledger.store import Ledger
from assistant.mouth import Mouth
from assistant.session import settle
from assistant.speak.silent import Pace, Silent
from assistant.speak.voice import Talker
from tests.journeys.person import AT_REST, Car

CHILD = Link(kind="child", sandbox_pace=60.0)
pytestmark = pytest.mark.timeout(180)


def test_a_ride_is_priced_read_back_agreed_to_told_of_and_cancelled_by_its_refund_rule(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD)

    def script() -> None:
        (*_, price) = car.say("book me a ride to the station")
        assert "Sandbox Rides" in price
        assert "27 yuan 30" in price
        assert "Cancelling is free until" in price
        assert car.state() is State.QUOTED
        assert car.booked() == 0
        assert car.say("yes but is there a cheaper one") != []
        assert car.booked() == 0
        (*_, done) = car.say("yes")
        assert done.startswith("Booked")
        order = car.orders[-1]
        assert order.receipt is not None
        assert order.consent is not None
        assert order.quote is not None
        assert order.consent.digest == order.quote.digest == order.bound
        car.until(lambda: any("takes the ride" in one for one in car.spoken), "the driver is told of")
        assert any(word in car.say("where is my ride")[-1] for word in ("on the way", "there", "under way"))
        (*_, rule) = car.say("cancel my ride")
        assert "Cancelling" in rule or "nothing comes back" in rule
        car.say("yes")
        car.until(lambda: car.state() in {State.CANCELLED, State.DONE, State.IN_PROGRESS}, "the cancel is known")

    car.talk(script)
    with Ledger(tmp_path / "state" / "orders.sqlite") as ledger:
        assert isinstance(ledger.verify(), Head)
        assert [line.what for line in ledger.audit()].count("consent") >= 1


def test_without_a_yes_nothing_is_bought(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD)

    def script() -> None:
        for answer in ("no", "never mind"):
            (*_, price) = car.say("order a large latte")
            assert "Shall I order it?" in price
            car.say(answer)
            assert car.state() is State.CANCELLED
        assert car.booked() == 0

    car.talk(script)


def test_where_text_alone_was_chosen_what_was_shown_can_be_agreed_to(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD, speak=Speak(engine="none"), loudspeaker=lambda _: Silent(pace=Pace.FAST))

    def script() -> None:
        (*_, price) = car.say("order a large latte")
        assert "Shall I order it?" in price
        car.say("yes")
        assert car.booked() == 1

    car.talk(script)


def test_where_no_voice_works_nothing_is_agreed_to_that_was_not_heard(tmp_path: Path) -> None:
    speaker = Silent(pace=Pace.FAST)
    car = Car(tmp_path, CHILD, loudspeaker=lambda _: speaker)
    car.app.mouth = Mouth(Talker((), speaker), car.app.loop.post, car.app.reporter)

    def script() -> None:
        car.say("order a large latte")
        car.say("yes")
        assert car.booked() == 0

    car.talk(script)


def test_a_bridge_killed_between_the_yes_and_the_receipt_finishes_the_order_once_and_what_is_said_is_true(
    tmp_path: Path,
) -> None:
    car = Car(tmp_path, CHILD)

    def script() -> None:
        car.say("order a large latte")
        child = car.bridge()._child
        assert child is not None
        killed = threading.Timer(0.02, child.kill)
        killed.start()
        before = len(car.spoken)
        car.app.type("yes", "en")
        car.until(lambda: car.state() in {State.IN_PROGRESS, State.DONE}, "the order is finished", 90)
        car.until(lambda: any("Ordered at" in one or "confirmed" in one for one in car.spoken[before:]), "it is told")
        said = car.spoken[before:]
        assert not any("didn't work" in one or "was not done" in one for one in said), said
        assert len([one for one in said if "Ordered at" in one or "It's confirmed" in one]) == 1
        killed.join()
        assert child.poll() is not None

    car.talk(script)
    assert car.booked() == 1


def test_offline_the_wish_is_kept_and_asked_again_when_the_connection_is_back(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD)
    desk = car.app.outside.desk
    car.bridge()._again_s = 3.0

    def script() -> None:
        car.until(lambda: desk.reach is Connectivity.ONLINE, "the bridge answers")
        child = car.bridge()._child
        assert child is not None
        desk._started -= 60
        child.kill()
        car.until(lambda: desk.reach is Connectivity.OFFLINE, "the bridge is gone")
        said = car.say("order a large latte")
        assert any("keep it in mind" in one for one in said), said
        car.until(lambda: any("Shall I order it?" in one for one in car.spoken), "it is asked again")
        settle(car.app, AT_REST)
        assert car.say("yes")[-1].startswith("Ordered")

    car.talk(script)
    assert car.booked() == 1


def test_without_a_way_to_the_bridge_it_is_said_plainly(tmp_path: Path) -> None:
    car = Car(tmp_path, Link(kind="none"))
    said: list[str] = []

    def script() -> None:
        said.extend(car.say("order a large latte"))

    car.talk(script)
    assert said[-1] == "I can't order anything without a connection."


def test_in_chinese_too(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD, "zh")

    def script() -> None:
        (*_, price) = car.say("叫车去火车站")
        assert "二十七元三角" in price
        assert car.say("好的")[-1].startswith("叫好了")

    car.talk(script)
    assert car.booked() == 1


def test_above_the_spoken_limit_the_phone_must_approve_the_same_price(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD)

    def script() -> None:
        assert "Which one?" in car.say("book a hotel in Shanghai")[-1]
        assert "398 yuan" in car.say("the first")[-1]
        assert any("phone" in one for one in car.say("yes"))
        assert car.booked() == 0
        assert "waits for a yes" in car.say("where is my order")[-1]
        book = f"sqlite:{car.folder / 'bridge.sqlite'}"
        press = [sys.executable, "-m", "assistant.bridge.app", "--db", book, "approve", car.orders[-1].id, "yes"]
        car.until(lambda: subprocess.run(press, check=False, capture_output=True).returncode == 0, "the phone rings")
        car.until(lambda: any("confirmed" in one for one in car.spoken), "the approved order is told of")
        assert car.orders[-1].receipt is not None

    car.talk(script)
    assert car.booked() == 1


def test_what_the_world_outside_knows_is_told_and_changes_nothing(tmp_path: Path) -> None:
    car = Car(tmp_path, CHILD)

    def script() -> None:
        assert "degrees" in car.say("what's the weather in Hangzhou tomorrow")[-1]
        assert "Shoes" in car.say("where is my parcel")[-1]
        assert "Lakeside Car Park" in car.say("what bills do i have")[-1]
        assert car.orders == ()

    car.talk(script)
