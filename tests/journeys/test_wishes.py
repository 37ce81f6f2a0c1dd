"""Wishes of several parts, second factors, faults of the companies: what the person hears is what happened."""

from pathlib import Path

import pytest

pytest.importorskip("dbos")

from assistant.core.order import State
from tests.journeys.car import Car

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
