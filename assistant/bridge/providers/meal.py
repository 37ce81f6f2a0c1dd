"""Sandbox food and drink: kitchens nearby, menus with options, fetched on the way or delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from assistant.bridge import shape
from assistant.bridge.providers.asks import KitchenSearch, MenuAsk
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import Dish, Kitchen, Spot
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.trade import Declined, Json, Stage
from assistant.bridge.providers.wishes import Handover, MealChange, MealLine, MealWish
from assistant.bridge.providers.world import World, km, likeness, minutes
from assistant.core.money import Money
from assistant.core.quote import Item, Refund

VALID_S: Final = 300.0
FREE_CANCEL_S: Final = 60
DELIVERY_MINOR: Final = 500
DELIVERY_KM: Final = 15.0
MAX_COUNT: Final = 20


@dataclass(frozen=True, slots=True)
class _Kitchen:
    """A kitchen and what stands on its menu."""

    spot: Spot
    ready_min: int
    delivers: bool
    dishes: tuple[Dish, ...]
    extra: Mapping[str, int]
    """`option:choice` to minor units."""


class SandboxMeal(Sandbox["_Meals"]):
    """The meal company."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Cook in the kitchens of `world`."""
        super().__init__(desk, _Meals(world))

    def nearby(self, ask: KitchenSearch) -> tuple[Kitchen, ...]:
        """Return kitchens that fit the words, nearest first."""
        self._desk.peek(Call(self.service, "nearby", "", ""))
        return self._goods.nearby(ask)

    def menu(self, ask: MenuAsk) -> tuple[Dish, ...]:
        """Return what a kitchen sells."""
        self._desk.peek(Call(self.service, "menu", "", ""))
        return self._goods.kitchen(ask.kitchen).dishes


class _Meals:
    """What food costs and how it comes."""

    service = "meal"
    methods: tuple[str, ...] = ("order",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._kitchens = tuple(_kitchen(world, row) for row in world.rows["kitchens"]["rows"])

    def nearby(self, ask: KitchenSearch) -> tuple[Kitchen, ...]:
        """Return kitchens by what they are called or sell, nearest first."""
        here = self._world.locate(ask.near)
        fits = [k for k in self._kitchens if not ask.words or self._sells(k, ask.words)]
        found = [
            Kitchen(k.spot.id, k.spot.name, k.spot.name_zh, k.spot.kind, km(here, k.spot), k.ready_min, k.delivers)
            for k in fits
        ]
        return tuple(sorted(found, key=lambda kitchen: kitchen.km or 0.0)[: max(1, min(ask.limit, 10))])

    def kitchen(self, words: str) -> _Kitchen:
        """Return a kitchen by id or name; Declined `not_found`."""
        best = max(self._kitchens, key=lambda k: likeness(words, k.spot.id, k.spot.name, k.spot.name_zh))
        if likeness(words, best.spot.id, best.spot.name, best.spot.name_zh) < 0.3:
            raise Declined("not_found")
        return best

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price an order of food."""
        del method
        return self._price(shape.read(MealWish, args), now)

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Deliver elsewhere, hand over otherwise, or add dishes."""
        wish, change = shape.read(MealWish, terms["asked"]), shape.read(MealChange, args)
        changed = replace(
            wish,
            kitchen=terms["kitchen"],
            address=change.address or wish.address,
            handover=change.handover or (Handover.DELIVERY if change.address else wish.handover),
            lines=(*wish.lines, *change.add),
            ceiling=None,
        )
        return self._price(changed, now)

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Cook it, then hand it over."""
        start_s = max(0.0, terms["at"] - now - 60.0 * terms["ready_min"]) if terms["at"] else 0.0
        ready_s, way_s = start_s + 60.0 * terms["ready_min"], 60.0 * terms["way_min"]
        first = (
            Happening(0.0, "created", Stage.UNDER_WAY, {"ready_min": round(ready_s / 60)}),
            Happening(start_s + 10.0, "cooking", Stage.UNDER_WAY, {"ready_min": terms["ready_min"]}),
        )
        if terms["handover"] == Handover.PICKUP:
            return (
                *first,
                Happening(ready_s, "ready", Stage.UNDER_WAY),
                Happening(ready_s + 900.0, "picked_up", Stage.OVER),
            )
        courier = {"courier": "Sun", "courier_zh": "小孙", "eta_min": terms["way_min"]}
        return (
            *first,
            Happening(ready_s, "picked_up", Stage.UNDER_WAY, courier),
            Happening(ready_s + way_s, "delivered", Stage.OVER),
        )

    def _price(self, wish: MealWish, now: float) -> Priced:
        """Price a wish at the kitchen it names, or the nearest that sells all of it."""
        if not wish.lines or wish.tip_minor < 0:
            raise Declined("not_available")
        kitchen = self.kitchen(wish.kitchen) if wish.kitchen else self._nearest(wish)
        items = tuple(_item(kitchen, line) for line in wish.lines)
        way_min = 0
        if wish.handover is Handover.DELIVERY:
            way_min = self._way_min(kitchen, wish)
            items = (*items, Item("delivery", DELIVERY_MINOR))
        if wish.tip_minor:
            items = (*items, Item("tip", wish.tip_minor))
        at = self._world.moment(wish.at, now) if wish.at else 0.0
        terms = {
            "asked": shape.write(replace(wish, at="")),
            "kitchen": kitchen.spot.id,
            "at": at,
            "ready_min": kitchen.ready_min,
            "way_min": way_min,
            "handover": wish.handover.value,
        }
        return Priced(
            payee=kitchen.spot.name,
            items=items,
            currency=self._world.currency,
            refund=(Refund(0, int((at or now + VALID_S) + FREE_CANCEL_S)),),
            valid_s=VALID_S,
            terms=terms,
            facts=self._facts(kitchen, wish, way_min),
            ceiling=wish.ceiling,
        )

    def _facts(self, kitchen: _Kitchen, wish: MealWish, way_min: int) -> dict[str, Any]:
        """Return what a person hears before saying yes."""
        here = self._world.locate(wish.address) if wish.address else None
        return {
            "kitchen": kitchen.spot.name,
            "kitchen_zh": kitchen.spot.name_zh,
            "handover": wish.handover.value,
            "ready_min": kitchen.ready_min + way_min,
            "km": km(here, kitchen.spot) if here else 0.0,
            "latitude_deg": kitchen.spot.latitude_deg,
            "longitude_deg": kitchen.spot.longitude_deg,
        }

    def _nearest(self, wish: MealWish) -> _Kitchen:
        """Return the nearest kitchen that sells every line (and delivers, if it has to)."""
        here = self._world.locate(wish.address) if wish.address else self._world.cities[0]
        fits = [k for k in self._kitchens if all(_dish(k, line.dish) for line in wish.lines)]
        fits = [k for k in fits if k.delivers or wish.handover is Handover.PICKUP]
        if not fits:
            raise Declined("not_available")
        return min(fits, key=lambda k: km(here, k.spot))

    def _way_min(self, kitchen: _Kitchen, wish: MealWish) -> int:
        """Return the courier's minutes; Declined `too_far`, or `address_needed`."""
        if wish.address is None:
            raise Declined("address_needed")
        length = km(kitchen.spot, self._world.locate(wish.address))
        if not kitchen.delivers or length > DELIVERY_KM:
            raise Declined("too_far")
        return minutes(length)

    @staticmethod
    def _sells(kitchen: _Kitchen, words: str) -> bool:
        """Tell whether the words fit the kitchen or one of its dishes."""
        spot = kitchen.spot
        return likeness(words, spot.name, spot.name_zh, spot.kind) > 0.3 or _dish(kitchen, words) is not None


def _kitchen(world: World, row: list[Any]) -> _Kitchen:
    """Read one kitchen of the world."""
    spot = next(spot for spot in world.spots if spot.id == row[0])
    menu = world.rows["menu"][row[8]]
    options = {name: tuple(choices) for name, choices in menu.get("options", {}).items()}
    dishes = tuple(Dish(i, en, zh, Money(minor, world.currency), options) for i, en, zh, minor in menu["rows"])
    return _Kitchen(spot, row[6], row[7], dishes, menu.get("extra", {}))


def _dish(kitchen: _Kitchen, words: str) -> Dish | None:
    """Return a dish by id or name."""
    said = words.replace("_", " ")
    best = max(kitchen.dishes, key=lambda dish: likeness(said, dish.id.replace("_", " "), dish.name, dish.name_zh))
    return best if likeness(said, best.id.replace("_", " "), best.name, best.name_zh) > 0.6 else None


def _item(kitchen: _Kitchen, line: MealLine) -> Item:
    """Price one line; Declined `not_available` for a dish or option that there is not."""
    dish = _dish(kitchen, line.dish)
    if dish is None or not 1 <= line.count <= MAX_COUNT:
        raise Declined("not_available")
    for option, choice in line.options.items():
        if choice not in dish.options.get(option, ()):
            raise Declined("not_available")
    more = sum(kitchen.extra.get(f"{option}:{choice}", 0) for option, choice in line.options.items())
    return Item(dish.name, (dish.price.minor + more) * line.count, line.count)
