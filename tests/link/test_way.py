"""Topics, pauses and the connectivity machine."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.context import Connectivity
from assistant.link import connectivity, topics
from assistant.link.backoff import CEILING_S, pause_s
from assistant.link.connectivity import ANSWER_WITHIN_S, PING_EVERY_S, PROMISE_S, Pulse


@given(st.text(max_size=80))
def test_a_topic_is_made_of_a_vehicle_id_only_and_leads_back_to_it(name: str) -> None:
    if not topics.is_vehicle(name):
        with pytest.raises(ValueError, match="vehicle"):
            topics.request(name)
        return
    for topic in (topics.request(name), topics.response(name), topics.state(name)):
        assert topics.vehicle_of(topic) == name


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "car 1", "-car", "x" * 65, "车", "$SYS"])
def test_a_name_that_would_reach_further_is_no_vehicle_id(name: str) -> None:
    assert not topics.is_vehicle(name)


@pytest.mark.parametrize("topic", ["", "v/car/req/x", "v//req", "x/car/req", "v/car/cmd", "v/+/req", "v/car/req\n"])
def test_another_topic_is_nobodys(topic: str) -> None:
    assert topics.vehicle_of(topic) is None


@given(st.integers(-3, 1_000), st.floats(0, 1))
def test_a_pause_is_between_nothing_and_its_ceiling(failures: int, chance: float) -> None:
    assert 0 <= pause_s(failures, chance) <= CEILING_S


def test_ten_thousand_cars_do_not_come_back_in_step() -> None:
    chance = random.Random(1)
    capacity = 400
    waiting = {car: (pause_s(1, chance.random()), 1) for car in range(10_000)}
    taken: Counter[int] = Counter()
    tries: Counter[int] = Counter()
    last_s = 0
    for second in range(600):
        now = [car for car, (at, _) in waiting.items() if int(at) == second]
        for car in now:
            _, failures = waiting.pop(car)
            tries[second] += 1
            if taken[second] < capacity:
                taken[second] += 1
                last_s = second
            else:
                waiting[car] = (max(second + 1, second + pause_s(failures + 1, chance.random())), failures + 1)
    assert not waiting, "every car is back"
    assert last_s < 180
    assert max(tries[second] for second in range(20, 600)) < 1_000, "after the first rush the tries are spread"


def test_only_the_bridges_own_answer_is_online() -> None:
    pulse = Pulse()
    assert connectivity.state(pulse, 0) is Connectivity.OFFLINE
    pulse = connectivity.linked(pulse)
    assert connectivity.state(pulse, 0) is Connectivity.LINK
    assert connectivity.ping_due(pulse, 0)
    pulse = connectivity.pinged(pulse, 0)
    assert connectivity.state(pulse, 1) is Connectivity.LINK
    pulse = connectivity.ponged(pulse, 1)
    assert connectivity.state(pulse, 1) is Connectivity.ONLINE
    assert not connectivity.ping_due(pulse, 2)
    assert connectivity.ping_due(pulse, PING_EVERY_S)


def test_a_ping_means_something_until_the_next_one_leaves() -> None:
    pulse, at = connectivity.linked(Pulse()), 0.0
    for _ in range(6):
        life_s = connectivity.ping_life_s(pulse, at)
        pulse = connectivity.pinged(pulse, at)
        assert not connectivity.ping_due(pulse, at + life_s - 0.1)
        assert connectivity.ping_due(pulse, at + life_s)
        at += life_s


def test_a_ping_without_an_answer_ends_online_and_is_repeated_sooner() -> None:
    pulse = connectivity.ponged(connectivity.pinged(connectivity.linked(Pulse()), 0), 0)
    pulse = connectivity.pinged(pulse, 20)
    assert connectivity.state(pulse, 20 + ANSWER_WITHIN_S) is Connectivity.ONLINE
    assert connectivity.state(pulse, 20.1 + ANSWER_WITHIN_S) is Connectivity.LINK
    assert connectivity.ping_due(pulse, 20 + ANSWER_WITHIN_S)
    again = connectivity.pinged(pulse, 25)
    assert connectivity.state(again, 26) is Connectivity.LINK, "asking again is no answer"
    assert connectivity.state(connectivity.ponged(again, 26), 26) is Connectivity.ONLINE


def test_a_bridge_that_stays_silent_is_asked_less_and_less_often() -> None:
    pulse, at = connectivity.linked(Pulse()), [0.0]
    for _ in range(5):
        pulse = connectivity.pinged(pulse, at[-1])
        at.append(connectivity.ping_at(pulse))
        assert not connectivity.ping_due(pulse, at[-1] - 0.1)
        assert connectivity.ping_due(pulse, at[-1])

    assert at == [0, 5, 10, 20, 30, 40]


def test_a_bridge_that_is_never_asked_is_not_online_for_ever() -> None:
    pulse = connectivity.ponged(connectivity.pinged(connectivity.linked(Pulse()), 0), 0)
    assert connectivity.state(pulse, 100) is Connectivity.LINK


def test_a_pong_after_the_link_was_lost_changes_nothing() -> None:
    pulse = connectivity.lost(connectivity.pinged(connectivity.linked(Pulse()), 0))
    assert connectivity.ponged(pulse, 1) == pulse
    assert connectivity.state(pulse, 1) is Connectivity.OFFLINE


def test_a_promise_needs_an_answer_of_just_now() -> None:
    pulse = connectivity.ponged(connectivity.pinged(connectivity.linked(Pulse()), 0), 10)
    assert connectivity.may_promise(pulse, 10 + PROMISE_S)
    assert not connectivity.may_promise(pulse, 10.1 + PROMISE_S)
    assert not connectivity.may_promise(Pulse(), 0)


def test_a_change_of_network_is_a_doubt_that_only_a_pong_ends() -> None:
    pulse = connectivity.ponged(connectivity.pinged(connectivity.linked(Pulse()), 0), 1)

    doubted = connectivity.doubted(pulse)

    assert connectivity.state(doubted, 2) is Connectivity.LINK
    assert connectivity.ping_due(doubted, 2), "it is asked at once"
    assert connectivity.state(connectivity.ponged(doubted, 2), 2) is Connectivity.ONLINE
    assert connectivity.doubted(Pulse()) == Pulse(), "a network is no link"


@given(st.lists(st.sampled_from(["linked", "lost", "pinged", "ponged", "doubted", "wait"]), max_size=40))
def test_online_is_never_without_a_link_and_a_pong_on_it(steps: list[str]) -> None:
    pulse, at, answered = Pulse(), 0.0, False
    for step in steps:
        at += 3
        if step in {"linked", "lost"}:
            pulse, answered = (connectivity.linked if step == "linked" else connectivity.lost)(pulse), False
        elif step in {"pinged", "ponged"}:
            pulse = (connectivity.pinged if step == "pinged" else connectivity.ponged)(pulse, at)
            answered = answered or (step == "ponged" and pulse.up)
        if step == "doubted":
            pulse, answered = connectivity.doubted(pulse), False
        if connectivity.state(pulse, at) is Connectivity.ONLINE:
            assert pulse.up
            assert answered
