"""Sandbox parcels: what is under way, where it is in the nine usual states, and sending it elsewhere."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from assistant.bridge import shape
from assistant.bridge.providers.asks import ParcelAsk
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import Parcel
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.trade import Declined, Json, Stage
from assistant.bridge.providers.wishes import RedirectWish
from assistant.bridge.providers.world import World, likeness
from assistant.core.quote import Item, Refund

VALID_S: Final = 600.0
FEE_MINOR: Final = 600
"""For another address; another day is free."""


class ParcelState(StrEnum):
    """The nine states that carriers' trackers agree on."""

    PENDING = "Pending"
    INFO_RECEIVED = "InfoReceived"
    IN_TRANSIT = "InTransit"
    OUT_FOR_DELIVERY = "OutForDelivery"
    ATTEMPT_FAIL = "AttemptFail"
    DELIVERED = "Delivered"
    AVAILABLE_FOR_PICKUP = "AvailableForPickup"
    EXCEPTION = "Exception"
    EXPIRED = "Expired"


CARRIERS_ZH: Final = {
    "SF Express": "顺丰速运",
    "YTO Express": "圆通速递",
    "JD Logistics": "京东物流",
    "ZTO Express": "中通快递",
    "EMS": "邮政速递",
}
MOVABLE: Final = {
    ParcelState.PENDING,
    ParcelState.INFO_RECEIVED,
    ParcelState.IN_TRANSIT,
    ParcelState.ATTEMPT_FAIL,
    ParcelState.AVAILABLE_FOR_PICKUP,
}
"""What can still be sent elsewhere; a parcel on the van cannot."""


class SandboxParcels(Sandbox["_Redirects"]):
    """The carriers, behind one tracker."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Carry the parcels of `world`; every customer has the same five."""
        super().__init__(desk, _Redirects(world))

    def mine(self, customer: str) -> tuple[Parcel, ...]:
        """Return the customer's parcels, the next to come first."""
        del customer
        self._desk.peek(Call(self.service, "mine", "", ""))
        return self._goods.parcels(self._desk.clock())

    def track(self, customer: str, ask: ParcelAsk) -> Parcel:
        """Return one parcel by number, last digits or content."""
        del customer
        self._desk.peek(Call(self.service, "track", "", ""))
        return self._goods.parcel(ask.parcel, self._desk.clock())


class _Redirects:
    """What sending a parcel elsewhere costs."""

    service = "parcel"
    methods: tuple[str, ...] = ("redirect",)

    def __init__(self, world: World) -> None:
        self._world = world

    def parcels(self, now: float) -> tuple[Parcel, ...]:
        """Return all parcels, the next to come first."""
        today, home = self._world.today(now), self._world.cities[0]
        found = [
            Parcel(number, en, zh, carrier, state, home.name, home.name_zh, (today + timedelta(days=days)).isoformat())
            for number, en, zh, carrier, state, days in self._world.rows["parcels"]["rows"]
        ]
        return tuple(sorted(found, key=lambda parcel: parcel.due))

    def parcel(self, words: str, now: float) -> Parcel:
        """Return the parcel that is meant; Declined `not_found`."""
        for parcel in self.parcels(now):
            if len(words) >= 3 and parcel.number.casefold().endswith(words.casefold()):
                return parcel
        best = max(self.parcels(now), key=lambda p: likeness(words, p.content, p.content_zh, p.carrier))
        if likeness(words, best.content, best.content_zh, best.carrier) < 0.3:
            raise Declined("not_found")
        return best

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price another address or day."""
        del method
        wish = shape.read(RedirectWish, args)
        parcel = self.parcel(wish.parcel, now)
        if ParcelState(parcel.state) not in MOVABLE:
            raise Declined("too_late")
        if wish.address is None and not wish.day:
            raise Declined("address_needed")
        day = self._world.day(wish.day, now).isoformat() if wish.day else parcel.due
        where = None if wish.address is None else self._world.locate(wish.address)
        items = () if where is None else (Item("redirect", FEE_MINOR),)
        carriers = {"payee": parcel.carrier, "payee_zh": CARRIERS_ZH.get(parcel.carrier, parcel.carrier)}
        facts = {
            **carriers,
            "parcel": parcel.content,
            "parcel_zh": parcel.content_zh,
            "number": parcel.number,
            "day": day,
        }
        place = {} if where is None else {"address": where.name, "address_zh": where.name_zh}
        return Priced(
            payee=parcel.carrier,
            items=items,
            currency=self._world.currency,
            refund=(Refund(0, int(now + VALID_S + 3600)),),
            valid_s=VALID_S,
            terms={"asked": shape.write(replace(wish, parcel=parcel.number)), "day": day},
            facts={**facts, **place},
            ceiling=wish.ceiling,
        )

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Send it elsewhere again."""
        wish = shape.read(RedirectWish, {"parcel": terms["asked"]["parcel"], **args})
        return self.price("redirect", shape.write(wish), now)

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Let the carrier take note at once."""
        del now
        facts = {"day": terms["day"]}
        return (
            Happening(0.0, "redirected", Stage.BOOKED, facts),
            Happening(3600.0, "InTransit", Stage.BOOKED, facts),
            Happening(86_400.0, "Delivered", Stage.OVER, facts),
        )
