"""Coffee and meals, ordered from a menu: every order is read back with its options before anything is bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.plan import CloudCall, Decision, Plan, Question, Refusal, Risk
from assistant.core.request import OneOf, Range, Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import cancelling, latest, standing
from assistant.skills.navigate import Favourite, favourite_name


class Drink(StrEnum):
    """What the coffee menu offers."""

    COFFEE = "coffee"
    DRIP_COFFEE = "drip_coffee"
    HOUSE_COFFEE = "house_coffee"
    ICED_COFFEE = "iced_coffee"
    AMERICANO = "americano"
    ICED_AMERICANO = "iced_americano"
    ESPRESSO = "espresso"
    CAPPUCCINO = "cappuccino"
    LATTE = "latte"
    ICED_LATTE = "iced_latte"
    FLAT_WHITE = "flat_white"
    MACCHIATO = "macchiato"
    MOCHA = "mocha"
    ICED_MOCHA = "iced_mocha"
    HOT_CHOCOLATE = "hot_chocolate"


class CupSize(StrEnum):
    """How large a cup."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    EIGHT_OUNCE = "eight_ounce"
    TWELVE_OUNCE = "twelve_ounce"
    SIXTEEN_OUNCE = "sixteen_ounce"
    TWENTY_OUNCE = "twenty_ounce"


class Shots(StrEnum):
    """How much espresso."""

    SINGLE_SHOT = "single_shot"
    DOUBLE_SHOT = "double_shot"
    TRIPLE_SHOT = "triple_shot"


class Roast(StrEnum):
    """How dark the beans."""

    LIGHT_ROAST = "light_roast"
    MEDIUM_ROAST = "medium_roast"
    DARK_ROAST = "dark_roast"


class Milk(StrEnum):
    """What makes it white."""

    MILK = "milk"
    WHOLE_MILK = "whole_milk"
    SKIM_MILK = "skim_milk"
    SOY_MILK = "soy_milk"
    ALMOND_MILK = "almond_milk"
    OAT_MILK = "oat_milk"
    CREAM = "cream"


class Sugar(StrEnum):
    """What makes it sweet."""

    SUGAR = "sugar"
    BROWN_SUGAR = "brown_sugar"
    SWEETENER = "sweetener"


class Handover(StrEnum):
    """How food reaches the person."""

    PICKUP = "pickup"
    DELIVERY = "delivery"


class HowMuch(StrEnum):
    """Of milk or sugar."""

    NO = "no"
    A_BIT_OF = "a_bit_of"
    A_LITTLE_BIT_OF = "a_little_bit_of"
    SOME = "some"
    A_LOT_OF = "a_lot_of"
    LOTS_OF = "lots_of"


@dataclass(frozen=True, slots=True)
class OrderDrink(Request):
    """Order a coffee drink."""

    labels = ("food.order",)
    offline = False
    buys = True
    drink: Drink | None = None
    size: CupSize | None = None
    shots: Shots | None = None
    roast: Roast | None = None
    milk: Milk | None = None
    milk_amount: HowMuch | None = None
    sugar: Sugar | None = None
    sugar_amount: HowMuch | None = None
    sugars: Annotated[float | None, Range(1, 6, 1)] = None
    """Spoons or pieces, where they were counted."""
    cups: Annotated[float | None, Range(1, 9, 1)] = None


@dataclass(frozen=True, slots=True)
class OrderMeal(Request):
    """Order a dish from the menu."""

    labels = ("food.order",)
    offline = False
    buys = True
    dish: Annotated[str, OneOf("menu")] = ""
    portions: Annotated[float | None, Range(1, 20, 1)] = None
    second: Annotated[str, OneOf("menu")] = ""
    """Another dish with it."""
    more: Annotated[float | None, Range(1, 20, 1)] = None
    """Portions of the second."""
    handover: Handover | None = None
    favourite: Favourite | None = None
    """Where to deliver."""
    place: Annotated[str, OneOf("place")] = ""


@dataclass(frozen=True, slots=True)
class AskMeal(Request):
    """Where the food or coffee is."""

    labels = ("food.order_status",)


@dataclass(frozen=True, slots=True)
class CancelMeal(Request):
    """Call the food or coffee off."""

    labels = ("food.order",)


AMOUNTS: Final = {
    HowMuch.NO: "",
    HowMuch.A_BIT_OF: "little",
    HowMuch.A_LITTLE_BIT_OF: "little",
    HowMuch.SOME: "some",
    HowMuch.A_LOT_OF: "lots",
    HowMuch.LOTS_OF: "lots",
}
NUMBER_WORDS: Final = ("zero", "one", "two", "three", "four", "five", "six")


def options(order: OrderDrink) -> Mapping[str, str]:
    """Return every option that was said, in the menu's own words: `{"size": "large", "milk": "a lot of skim milk"}`."""
    sugars = None if order.sugars is None else NUMBER_WORDS[round(order.sugars)]
    said = {
        "drink": (order.drink,),
        "size": (order.size,),
        "shots": (order.shots,),
        "roast": (order.roast,),
        "milk": (order.milk_amount, order.milk),
        "sugar": (sugars, order.sugar_amount, sweetened(order)),
    }
    texts = {key: " ".join(word.replace("_", " ") for word in words if word) for key, words in said.items()}
    return {key: text for key, text in texts.items() if text}


def menu_options(order: OrderDrink) -> Mapping[str, str]:
    """Return the options as coffee menus outside name them: `{"size": "large", "milk": "skim", "milk_amount": "lots"}`."""
    sugar = sweetened(order)
    named: dict[str, str | None] = {
        "size": order.size,
        "shots": order.shots and order.shots.removesuffix("_shot"),
        "roast": order.roast and order.roast.removesuffix("_roast"),
        "milk": order.milk and (order.milk.removesuffix("_milk") if order.milk_amount is not HowMuch.NO else ""),
        "milk_amount": AMOUNTS.get(order.milk_amount) if order.milk_amount else None,
        "sugar": sugar and (sugar if order.sugar_amount is not HowMuch.NO else ""),
        "sugar_amount": AMOUNTS.get(order.sugar_amount) if order.sugar_amount else None,
    }
    return {name: str(value) for name, value in named.items() if value is not None}


def sweetened(order: OrderDrink) -> Sugar | None:
    """Return what makes it sweet; `two sugars` are plain sugar."""
    return order.sugar or (Sugar.SUGAR if order.sugars is not None else None)


def with_words(order: OrderDrink) -> tuple[str, Mapping[str, SlotValue]]:
    """Return the last part of the read-back's key and its slots: plain, milk, sugar, both or none of it."""
    slots: dict[str, SlotValue] = {}
    parts = []
    if order.milk is not None:
        parts.append("milk")
        slots["milk"] = f"@milk.{order.milk}"
        slots["milk_amount"] = f"@how_much.{order.milk_amount}" if order.milk_amount else ""
    if sugar := sweetened(order):
        parts.append("sugar")
        slots["sugar"] = f"@sugar.{sugar}"
        counted = "" if order.sugars is None else str(round(order.sugars))
        slots["sugar_amount"] = f"@how_much.{order.sugar_amount}" if order.sugar_amount else counted
    return "_".join(parts) or "plain", slots


def plan_drink(request: OrderDrink) -> Decision:
    """Offer the drink with its options for a yes."""
    if request.drink is None:
        return Question(request, Phrase("meal.which_drink"), "drink")
    key, slots = with_words(request)
    named = {"size": request.size, "shots": request.shots, "roast": request.roast}
    prefix = {"size": "cup_size", "shots": "shots", "roast": "roast"}
    asked: dict[str, SlotValue] = {name: f"@{prefix[name]}.{value}" if value else "" for name, value in named.items()}
    cups = round(request.cups or 1)
    read_back = Phrase(f"meal.sure_{key}", {"cups": cups, "drink": f"@drink.{request.drink}", **asked, **slots})
    line = {"dish": request.drink.value, "count": cups, "options": menu_options(request)}
    call = CloudCall("meal", "order", {"lines": [line], "handover": "pickup"}, undo="cancel")
    return Plan(request, (call,), Phrase("meal.ordered"), read_back=read_back, risk=Risk.PAY)


def plan_dish(request: OrderMeal, context: Context) -> Decision:
    """Offer the dish for a yes, if it is on the menu."""
    if not request.dish:
        choices = context.names.get("menu", ())[:3]
        return Question(request, Phrase("meal.which_dish", {"choices": choices}), "dish", choices)
    lines, slots = [], dict[str, SlotValue]()
    for number, (dish, said) in enumerate(((request.dish, request.portions), (request.second, request.more)), 1):
        on_menu = [name for name in context.names.get("menu", ()) if name.casefold() == dish.casefold()]
        if dish and not on_menu:
            return Refusal(request, Phrase("meal.not_on_menu", {"dish": dish}), "not_found")
        if dish:
            portions = round(said or 1)
            lines.append({"dish": on_menu[0], "count": portions})
            several = "some" if portions > 1 else "one"
            slots |= {f"{number}/portions": portions, f"{number}/dish": on_menu[0]}
            slots[f"dish_{number}"] = f"@{number}/meal.{several}_dish"
    return handed_over(request, lines, slots, context)


def handed_over(
    request: OrderMeal, lines: list[dict[str, object]], slots: dict[str, SlotValue], context: Context
) -> Decision:
    """Offer the dishes to be fetched, or to be brought where the person said."""
    place = favourite_name(request.favourite, context) if request.favourite is not None else request.place
    delivery = request.handover is Handover.DELIVERY or bool(place)
    if delivery and not place:
        return Question(request, Phrase("meal.deliver_where"), "favourite")
    body: dict[str, object] = {"lines": lines, "handover": "delivery" if delivery else "pickup"}
    if place:
        body["address"] = {"name": place}
    at = f"@favourite.{request.favourite}" if request.favourite is not None else place
    slots |= {"where": at, "how": "@meal.delivered_to" if delivery else "@meal.to_fetch"}
    key = f"meal.sure_dishes_{len(lines)}"
    call = CloudCall("meal", "order", body, undo="cancel")
    return Plan(request, (call,), Phrase("meal.ordered"), read_back=Phrase(key, slots), risk=Risk.PAY)


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    if isinstance(request, CancelMeal):
        return cancelling(request, latest(context, "meal"), context)
    if isinstance(request, AskMeal):
        return standing(request, latest(context, "meal"))
    if isinstance(request, OrderDrink):
        return plan_drink(request)
    assert isinstance(request, OrderMeal)
    return plan_dish(request, context)


SKILL = Skill("meal", (OrderDrink, OrderMeal, AskMeal, CancelMeal), plan)
