"""Wishes of several parts, second factors, faults of the companies: what the person hears is what happened."""

from pathlib import Path

import pytest

pytest.importorskip("dbos")

from assistant.core.consent import Factor
from assistant.core.order import State
from assistant.door import Door
from assistant.session import settle
from tests.journeys.car import AT_REST, Car

pytestmark = pytest.mark.timeout(180)

BOTH = {
    "en": ("book a hotel in Hangzhou tonight and a ride there tonight at half past eleven", "the first", "yes"),
    "zh": ("帮我订今晚杭州的酒店，再叫个晚上十一点半的车过去", "第一个", "好的"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_room_and_a_ride_there_are_one_plan_with_one_yes(tmp_path: Path, language: str) -> None:
    car = Car(tmp_path, language=language)
    wish, choice, yes = BOTH[language]
    price = {
        "en": ("158 yuan", "28 yuan 80", "186 yuan 80", "both"),
        "zh": ("一百五十八", "二十八元八角", "一百八十六元八角", "要么都订"),
    }

    def script() -> None:
        car.say(wish)
        read = car.say(choice)[-1]
        assert all(words in read for words in price[language]), read
        assert car.booked() == 0
        car.say(yes)
        car.until(lambda: all(order.receipt for order in car.orders), "both are bought")
        digests = {order.consent.parts for order in car.orders if order.consent is not None}
        assert len(digests) == 1, "one yes covers both"

    car.talk(script)
    assert car.booked() == 2


@pytest.mark.parametrize(
    ("language", "heard"),
    [
        ("en", ("I couldn't get your ride. It's sold out.", "So I didn't keep your room either.")),
        ("zh", ("你叫的车没有办成。已经没有了。", "所以你订的房间也没有要。")),
    ],
)
def test_a_later_part_that_is_refused_undoes_the_earlier_and_is_said(
    tmp_path: Path, language: str, heard: tuple[str, str]
) -> None:
    car = Car(tmp_path, language=language)
    wish, choice, yes = BOTH[language]

    def script() -> None:
        car.say(wish)
        car.say(choice)
        car.fails("ride", "place", "sold_out")
        said = car.say(yes)
        assert said[-2:] == list(heard), said
        assert {order.state for order in car.orders} == {State.REFUSED, State.CANCELLED}
        assert all(order.receipt is None for order in car.orders)

    car.talk(script)


def test_what_can_still_be_had_is_offered_alone_and_a_no_lets_all_of_it_go(tmp_path: Path) -> None:
    car = Car(tmp_path)

    def script() -> None:
        car.fails("ride", "quote", "sold_out")
        car.say(BOTH["en"][0])
        said = car.say("the first")
        assert "sold out" in said[-2], said
        assert "West Lake Hostel" in said[-1]
        car.say("no")
        assert {order.state for order in car.orders} <= {State.REFUSED, State.CANCELLED}

    car.talk(script)
    assert car.booked() == 0


def test_leaving_in_the_middle_lets_the_first_part_go(tmp_path: Path) -> None:
    car = Car(tmp_path)

    def script() -> None:
        car.say("order a large latte and book me a taxi")
        assert "Where to?" in car.spoken[-1]
        car.say("what time is it")
        assert [order.state for order in car.orders] == [State.CANCELLED]

    car.talk(script)
    assert car.booked() == 0


def test_the_pin_lifts_the_limit_and_is_written_nowhere(tmp_path: Path) -> None:
    car = Car(tmp_path)

    def script() -> None:
        for sentence in ("set my pin", "eight three five two", "8352", "book a hotel in Shanghai", "the first"):
            car.say(sentence)
        assert car.say("yes")[-1] == "What's your PIN?"
        assert car.booked() == 0
        assert "wasn't the right PIN" in car.say("1234")[-1]
        assert car.booked() == 0
        assert car.say("my pin is eight three five two")[-1] == "The PIN is right, and it's ordered."
        assert car.orders[-1].consent is not None
        assert car.orders[-1].consent.factor is Factor.PIN

    car.talk(script)
    assert car.booked() == 1
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    told = str([exchange.as_json() for exchange in car.exchanges])
    for secret in ("8352", "eight three five two"):
        assert secret.encode() not in kept
        assert secret not in told


def test_three_wrong_pins_lock_it_and_the_phone_still_approves(tmp_path: Path) -> None:
    car = Car(tmp_path, language="zh")

    def script() -> None:
        for sentence in ("设置支付密码", "四七幺幺", "四七一一", "订今晚上海的酒店", "第一个", "好的"):
            car.say(sentence)
        said = [car.say(f"密码是{wrong}")[-1] for wrong in ("一二三四", "一二三五", "一二三六", "四七一一")]
        assert said == ["密码不对。", "密码不对。", *["密码错的次数太多，请用手机确认。"] * 2]
        assert car.booked() == 0
        order = car.orders[-1].id
        car.until(lambda: car.bridge_command("approve", order, "yes") == 0, "the phone rings")
        car.until(lambda: car.orders[-1].receipt is not None, "it is approved")

    car.talk(script)
    assert car.booked() == 1


def test_a_pin_from_the_screen_comes_with_the_button_and_belongs_to_that_read_back_only(tmp_path: Path) -> None:
    car = Car(tmp_path)

    def script() -> None:
        for sentence in ("set my pin", "8352", "8352", "book a hotel in Shanghai", "the first"):
            car.say(sentence)
        app, turn = car.app, car.app.talk.dialogue.turn
        door = Door(
            app.loop, None, app.next_turn, lambda: app.talk.dialogue, app._standing, app.outside.desk.pin_from_screen
        )
        door.confirm_with_pin(turn - 1, "8352")
        settle(car.app, AT_REST)
        assert car.booked() == 0
        door.confirm_with_pin(turn, "8352")
        car.until(lambda: car.booked() == 1, "it is ordered")

    car.talk(script)
