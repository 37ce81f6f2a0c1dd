import itertools
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from assistant.core.context import Context
from assistant.core.plan import CloudCall, Decision, Plan, Question, Refusal, Risk
from assistant.core.request import Request
from assistant.languages.grammar import Grammar
from assistant.languages.pack import load
from assistant.skills import by_request
from assistant.skills.meal import (
    CupSize,
    Drink,
    HowMuch,
    Milk,
    OrderDrink,
    OrderMeal,
    Roast,
    Shots,
    Sugar,
    options,
    plan,
)
from assistant.speak.words import render

SHARED = Path(os.environ.get("CABIN_SHARED", Path(__file__).parents[3] / "shared"))
NOW = datetime(2026, 11, 6, 14, 0, tzinfo=UTC)
LABELS = {
    "coffeeDrink": "drink",
    "size": "size",
    "numberOfShots": "shots",
    "roast": "roast",
    "milkAmount": "milk",
    "sugarAmount": "sugar",
}
"""Slot names of the recorded orders and the options they are."""


def decided(request: Request) -> Decision:
    return plan(request, Context(0.0, NOW, names={"menu": ("Cheeseburger", "牛肉面")}))


@cache
def grammar() -> Grammar:
    return Grammar(load("en"), tuple(by_request()))


def read(text: str) -> Request:
    readout = grammar().read(text, NOW)
    assert readout is not None, text
    return readout.reads[0].request


def asked(said: dict[str, str], order: tuple[str, ...]) -> str:
    """Put an order's words together as people do: what is before the cup in any order, milk and sugar behind."""
    before = " ".join(said[key] for key in order if key in said)
    behind = " and ".join(said[key] for key in ("sugar", "milk") if key in said)
    return f"can i get a {before} {said['drink']}" + (f" with {behind}" if behind else "")


@pytest.mark.parametrize("order", list(itertools.permutations(("size", "shots", "roast"))))
def test_what_stands_before_the_cup_may_come_in_any_order(order: tuple[str, ...]) -> None:
    for size, shots, roast in itertools.product(CupSize, Shots, Roast):
        words = {"size": size, "shots": shots, "roast": roast, "drink": Drink.LATTE}
        said = {key: word.replace("_", " ") for key, word in words.items()}

        request = read(asked(said, order))

        assert isinstance(request, OrderDrink)
        assert options(request) == said


@pytest.mark.parametrize("drink", list(Drink))
def test_every_drink_takes_every_milk_and_sugar(drink: Drink) -> None:
    for amount, milk, sugar in itertools.product(set(HowMuch) - {HowMuch.NO}, Milk, Sugar):
        words = {key: word.replace("_", " ") for key, word in (("drink", drink), ("milk", milk), ("sugar", sugar))}
        said = {**words, "milk": f"{amount.replace('_', ' ')} {words['milk']}"}

        request = read(asked(said, ()))

        assert isinstance(request, OrderDrink)
        assert options(request) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "can i get a large iced latte with skim milk and two sugars",
            {"drink": "iced latte", "size": "large", "milk": "skim milk", "sugar": "two sugar"},
        ),
        (
            "i'd like a small dark roast drip coffee, no milk",
            {"drink": "drip coffee", "size": "small", "roast": "dark roast", "milk": "no milk"},
        ),
        ("make me a double shot espresso", {"drink": "espresso", "shots": "double shot"}),
        ("a black coffee please", {"drink": "coffee", "milk": "no milk"}),
        ("gimme a mocha with no sugar", {"drink": "mocha", "sugar": "no sugar"}),
        ("brew an 8 ounce house coffee", {"drink": "house coffee", "size": "eight ounce"}),
    ],
)
def test_orders_are_read_as_people_say_them(text: str, said: dict[str, str]) -> None:
    request = read(text)

    assert isinstance(request, OrderDrink)
    assert options(request) == said


@pytest.mark.shared
def test_every_recorded_order_has_words_that_are_read_as_its_labels() -> None:
    manifest = SHARED / "data" / "speech" / "manifest.jsonl"
    if not manifest.exists():
        pytest.skip("no recordings")
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    orders = [row["slots"] for row in rows if row.get("intent") == "orderDrink"]
    assert orders

    for slots in orders:
        said = {LABELS[name]: value.strip() for name, value in slots.items()}
        request = read(asked(said, ("size", "shots", "roast")))
        assert isinstance(request, OrderDrink)
        assert options(request) == said


def test_an_order_is_read_back_with_all_its_options_before_it_is_paid() -> None:
    order = OrderDrink(
        Drink.MOCHA,
        CupSize.LARGE,
        Shots.DOUBLE_SHOT,
        Roast.DARK_ROAST,
        Milk.OAT_MILK,
        HowMuch.SOME,
        Sugar.SUGAR,
        sugars=2,
    )

    decision = decided(order)

    assert isinstance(decision, Plan)
    assert decision.risk is Risk.PAY
    assert decision.read_back is not None
    spoken = render(decision.read_back, "en", NOW.date())
    for word in ("large", "double shot", "dark roast", "mocha", "some oat milk", "2 sugar"):
        assert word in spoken.lower().replace("two", "2"), spoken
    assert "大杯" in render(decision.read_back, "zh", NOW.date())
    (call,) = decision.steps
    assert isinstance(call, CloudCall)
    assert (call.service, call.method, call.undo) == ("meal", "order", "cancel")
    assert decision.unpriced
    assert call.body["lines"] == [
        {
            "dish": "mocha",
            "count": 1,
            "options": {
                "size": "large",
                "shots": "double",
                "roast": "dark",
                "milk": "oat",
                "milk_amount": "some",
                "sugar": "sugar",
            },
        }
    ]


def test_a_dish_that_is_not_on_the_menu_is_refused_and_a_missing_one_asked_for() -> None:
    assert isinstance(decided(OrderMeal("Caviar")), Refusal)
    assert isinstance(decided(OrderMeal()), Question)
    assert isinstance(decided(OrderDrink()), Question)
    assert isinstance(decided(OrderMeal("cheeseburger", 2)), Plan)
