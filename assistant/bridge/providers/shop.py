"""Sandbox shop: search, buy, reorder, and return within fourteen days."""

import json
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from assistant.bridge import shape
from assistant.bridge.providers.asks import ProductSearch
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import Product
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.tables import bookings
from assistant.bridge.providers.trade import Declined, Json, Stage
from assistant.bridge.providers.wishes import ReorderWish, ShopChange, ShopLine, ShopWish
from assistant.bridge.providers.world import World, likeness
from assistant.core.money import Money
from assistant.core.order import Fact
from assistant.core.quote import Item, Refund

PAYEE: Final = "Sandbox Shop"
PAYEE_ZH: Final = "沙盒商城"
VALID_S: Final = 900.0
RETURN_S: Final = 14 * 86_400
SHIPPING_MINOR: Final = 800
FREE_SHIPPING_MINOR: Final = 9900
MAX_COUNT: Final = 50


class SandboxShop(Sandbox["_Wares"]):
    """The shop."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Sell the products of `world`."""
        super().__init__(desk, _Wares(desk, world))

    def search(self, ask: ProductSearch) -> tuple[Product, ...]:
        """Return goods by how well they fit."""
        self._desk.peek(Call(self.service, "search", "", ""))
        return self._goods.search(ask)


class _Wares:
    """What goods cost and how they come."""

    service = "shop"
    methods: tuple[str, ...] = ("buy", "reorder")

    def __init__(self, desk: Desk, world: World) -> None:
        self._desk, self._world = desk, world
        self._products = tuple(
            Product(i, en, zh, Money(m, world.currency)) for i, en, zh, m in world.rows["products"]["rows"]
        )

    def search(self, ask: ProductSearch) -> tuple[Product, ...]:
        """Return goods whose names fit the words."""
        ranked = [(_fit(product, ask.words), product) for product in self._products]
        best = sorted((pair for pair in ranked if pair[0] > 0.2), key=lambda pair: -pair[0])
        return tuple(product for _, product in best[: max(1, min(ask.limit, 10))])

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price a basket, or an earlier one at today's price."""
        if method == "buy":
            return self._price(shape.read(ShopWish, args), now)
        again = shape.read(ReorderWish, args)
        return self._price(replace(self._earlier(again.order), ceiling=again.ceiling), now)

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Send it elsewhere, or more of it."""
        wish, change = shape.read(ShopWish, terms["asked"]), shape.read(ShopChange, args)
        return self._price(
            replace(wish, address=change.address or wish.address, lines=(*wish.lines, *change.add), ceiling=None), now
        )

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Pack, send, deliver; over when it can no longer be returned."""
        del terms, now
        return (
            Happening(0.0, "confirmed", Stage.BOOKED, {"days": 2}),
            Happening(4 * 3600.0, "shipped", Stage.BOOKED, {"days": 2}),
            Happening(2 * 86_400.0, "delivered", Stage.BOOKED),
            Happening(2 * 86_400.0 + RETURN_S, "closed", Stage.OVER),
        )

    def _price(self, wish: ShopWish, now: float) -> Priced:
        """Price a basket."""
        if not wish.lines:
            raise Declined("not_available")
        found = [(self._product(line.product), line.count) for line in wish.lines]
        if any(not 1 <= count <= MAX_COUNT for _, count in found):
            raise Declined("not_available")
        items = tuple(Item(product.name, product.price.minor * count, count) for product, count in found)
        shipping = 0 if sum(item.minor for item in items) >= FREE_SHIPPING_MINOR else SHIPPING_MINOR
        items = (*items, Item("shipping", shipping)) if shipping else items
        lines = tuple(ShopLine(product.id, count) for product, count in found)
        names: dict[str, Fact] = {
            "payee": PAYEE,
            "payee_zh": PAYEE_ZH,
            "product": found[0][0].name,
            "product_zh": found[0][0].name_zh,
            "count": found[0][1],
            "lines": len(found),
        }
        sent = int(now + VALID_S + 4 * 3600)
        return Priced(
            payee=PAYEE,
            items=items,
            currency=self._world.currency,
            refund=(Refund(0, sent), Refund(SHIPPING_MINOR, sent + 2 * 86_400 + RETURN_S)),
            valid_s=VALID_S,
            terms={"asked": shape.write(replace(wish, lines=lines))},
            facts={**names, "days": 2},
            ceiling=wish.ceiling,
        )

    def _product(self, words: str) -> Product:
        """Return a product by id or name; Declined `not_found`."""
        best = max(self._products, key=lambda product: _fit(product, words))
        if _fit(best, words) < 0.3:
            raise Declined("not_found")
        return best

    def _earlier(self, order: str) -> ShopWish:
        """Return what an earlier order of the shop held; Declined `not_found`."""
        query = sa.select(bookings.c.terms).where(bookings.c.order_id == order, bookings.c.service == self.service)
        terms = self._desk.database.read(lambda c: c.execute(query.order_by(bookings.c.at.desc())).scalars().first())
        asked = {} if terms is None else json.loads(terms)["wish"].get("asked")
        if not asked:
            raise Declined("not_found")
        return shape.read(ShopWish, asked)


def _fit(product: Product, words: str) -> float:
    """Return 0..1: how well words fit a product."""
    return likeness(words.replace("_", " "), product.name, product.name_zh, product.id.replace("_", " "))
