"""The PIN's questions: only at standstill, twice the same, the old one first, and no digit in any plan that is shown."""

from dataclasses import replace

import pytest

from assistant.core.guard import Denied, judge
from assistant.core.plan import LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.skills import pin
from assistant.skills.pin import EnterPin, RemovePin, SetPin
from tests.skills.conftest import World

DRIVING = {"Vehicle.Speed": 30.0}


@pytest.mark.parametrize("request_", [SetPin(), RemovePin(), EnterPin(digits="4711")])
def test_while_driving_and_while_nobody_knows_the_speed_there_is_no_pin(request_: Request, world: World) -> None:
    for speed in (30.0, None):
        decision = pin.plan(request_, replace(world({"Vehicle.Speed": speed}), pin_set=True))
        assert isinstance(decision, Refusal)
        assert decision.reason == "driving"


@pytest.mark.parametrize("name", ["pin.set", "pin.remove", "pin.enter"])
def test_the_guard_asks_for_standstill_again_when_it_is_done(name: str, world: World) -> None:
    assert judge(LocalCall(name), world(DRIVING)) == Denied("driving")
    assert not isinstance(judge(LocalCall(name), world()), Denied)


def asked(decision: object) -> str:
    assert isinstance(decision, Question)
    return decision.field


def test_a_new_pin_is_asked_for_twice_and_must_be_the_same(world: World) -> None:
    context = replace(world(), pin_set=True)
    old = SetPin(current="0815")
    assert asked(pin.plan(old, context)) == "digits"
    assert asked(pin.plan(replace(old, digits="four seven one one"), context)) == "again"
    assert asked(pin.plan(replace(old, digits="four"), context)) == "digits"
    assert isinstance(pin.plan(replace(old, digits="4711", again="4712"), context), Refusal)

    plan = pin.plan(replace(old, digits="four seven one one", again="4711"), context)

    assert isinstance(plan, Plan)
    assert "4711" not in repr(plan)


def test_the_first_pin_is_not_for_whoever_sits_in_the_car(world: World) -> None:
    decision = pin.plan(SetPin(digits="4711", again="4711"), world())

    assert isinstance(decision, Refusal)
    assert decision.reason == "first_pin"


def test_a_change_and_a_removal_ask_for_the_pin_that_is(world: World) -> None:
    context = replace(world(), pin_set=True)
    assert asked(pin.plan(SetPin(digits="4711", again="4711"), context)) == "current"
    assert asked(pin.plan(RemovePin(), context)) == "current"
    assert isinstance(pin.plan(RemovePin(current="4711"), context), Plan)
    assert isinstance(pin.plan(RemovePin(), world()), Refusal)
