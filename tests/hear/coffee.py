"""How people order coffee, for measuring: openers, then size, shots and roast in any order, the drink, and what goes in."""

from itertools import permutations

from tests.hear.graph import Expression, Graph

SIZES = ["small", "medium", "large", "eight ounce", "twelve ounce", "sixteen ounce", "twenty ounce"]
SHOTS = ["single shot", "double shot", "triple shot"]
ROASTS = ["light roast", "medium roast", "dark roast"]
DRINKS = [
    *("coffee", "drip coffee", "house coffee", "iced coffee", "espresso"),
    *("americano", "cappuccino", "latte", "mocha", "iced mocha"),
]
AMOUNTS = ["", "some", "a bit of", "a little bit of", "a lot of", "lots of", "a little", "extra"]
MILKS = ["milk", "skim milk", "whole milk", "soy milk", "almond milk", "cream"]
SUGARS = ["sugar", "brown sugar", "sweetener"]

_ASKING: Expression = [
    "",
    (["can", "could", "may"], ["i", "we"], ["", "please"], ["get", "have", "order"]),
    (["i", "we"], ["would like", "want", "will have", "need"], ["", "to have", "to get", "to order"]),
    ("i'd like", ["", "to have", "to get", "to order"]),
    (["", "please", "can you", "could you"], ["make", "get", "bring", "give", "brew", "fix"], ["", "me"]),
    *("i'll have", "i'll take", "let me get", "let me have"),
]


def _any_order(*parts: Expression) -> list[Expression]:
    return ["", *(order for count in range(1, len(parts) + 1) for order in permutations(parts, count))]


_MILK: Expression = (AMOUNTS, MILKS)
_SUGAR: Expression = (AMOUNTS, SUGARS)
_AND: Expression = ["and", "with", "and with"]
_EXTRAS: Expression = ["", (["with", "and"], [_MILK, _SUGAR, (_MILK, _AND, _SUGAR), (_SUGAR, _AND, _MILK)])]
_BEFORE: Expression = _any_order(SIZES, (SHOTS, ["", "of"]), ROASTS)

COFFEE = Graph((_ASKING, ["", "a", "an", "the", "one"], _BEFORE, DRINKS, _EXTRAS, ["", "please"]))


def slots_of(text: str) -> dict[str, str]:
    """Return the slots of a sentence of COFFEE, named as the recordings name them."""
    rest = f" {text} "
    found: dict[str, str] = {}
    amounts = sorted(AMOUNTS, key=len, reverse=True)
    kinds = {
        "milkAmount": [f"{amount} {milk}".strip() for amount in amounts for milk in MILKS],
        "sugarAmount": [f"{amount} {sugar}".strip() for amount in amounts for sugar in SUGARS],
        "numberOfShots": SHOTS,
        "roast": ROASTS,
        "size": SIZES,
        "coffeeDrink": DRINKS,
    }
    for slot, values in kinds.items():
        for value in sorted(values, key=len, reverse=True):
            if f" {value} " in rest:
                found[slot] = value
                rest = rest.replace(f" {value} ", " | ", 1)
                break
    return found
