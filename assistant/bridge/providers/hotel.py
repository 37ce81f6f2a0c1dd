"""Sandbox hotels: search, rates, rooms that run out, and a timeline of what cancelling costs."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from assistant.bridge import shape
from assistant.bridge.providers.asks import HotelSearch, RateAsk
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import HotelFound, Rate, Spot
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.trade import Declined, Json, Stage
from assistant.bridge.providers.wishes import HotelChange, HotelWish
from assistant.bridge.providers.world import World, km, likeness
from assistant.core.money import Money
from assistant.core.quote import Item, Refund

VALID_S: Final = 900.0
CHECK_IN_MIN: Final = 14 * 60
CHECK_OUT_MIN: Final = 12 * 60
MAX_NIGHTS: Final = 30
SAVER: Final = 0.85
BREAKFAST_MINOR: Final = 6800
RATES: Final = (
    ("saver", "Saver, no refund", "特惠不可取消"),
    ("flexible", "Flexible", "灵活可取消"),
    ("breakfast", "Flexible with breakfast", "含早可取消"),
)


@dataclass(frozen=True, slots=True)
class _House:
    """One hotel."""

    spot: Spot
    stars: int
    night_minor: int
    rooms: int


class SandboxHotel(Sandbox["_Rooms"]):
    """The hotel company."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Sell the hotels of `world`."""
        super().__init__(desk, _Rooms(world))

    def search(self, ask: HotelSearch) -> tuple[HotelFound, ...]:
        """Return hotels that fit, cheapest first."""
        self._desk.peek(Call(self.service, "search", "", ""))
        return self._goods.search(ask, self._desk.clock())

    def rates(self, ask: RateAsk) -> tuple[Rate, ...]:
        """Return the rates of one hotel, cheapest first."""
        self._desk.peek(Call(self.service, "rates", "", ""))
        return self._goods.rates(ask, self._desk.clock())


class _Rooms:
    """What rooms cost and when they are given back."""

    service = "hotel"
    methods: tuple[str, ...] = ("book",)

    def __init__(self, world: World) -> None:
        self._world = world
        spots = {spot.id: spot for spot in world.spots}
        self._houses = tuple(_House(spots[row[0]], row[6], row[7], row[8]) for row in world.rows["hotels"]["rows"])

    def search(self, ask: HotelSearch, now: float) -> tuple[HotelFound, ...]:
        """Return hotels of the city that is meant."""
        self._world.day(ask.check_in, now)
        here = self._world.locate(ask.near)
        near = [house for house in self._houses if house.stars >= ask.stars and km(here, house.spot) < 60]
        found = [
            HotelFound(
                h.spot.id,
                h.spot.name,
                h.spot.name_zh,
                h.stars,
                Money(h.night_minor, self._world.currency),
                km(here, h.spot),
                h.spot.city,
            )
            for h in near
            if not ask.words or likeness(ask.words, h.spot.name, h.spot.name_zh) > 0.3
        ]
        fits = [hotel for hotel in found if ask.ceiling is None or hotel.price <= ask.ceiling]
        return tuple(sorted(fits, key=lambda hotel: hotel.price.minor)[: max(1, min(ask.limit, 10))])

    def rates(self, ask: RateAsk, now: float) -> tuple[Rate, ...]:
        """Return the three rates."""
        house, day = self._house(ask.hotel), self._world.day(ask.check_in, now)
        free = self._free_until(day)
        return tuple(
            Rate(
                name,
                en,
                zh,
                Money(_night(house, name), self._world.currency),
                name == "breakfast",
                None if name == "saver" else free,
            )
            for name, en, zh in RATES
        )

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price a stay."""
        del method
        return self._price(shape.read(HotelWish, args), now)

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Come another day, stay longer, take more rooms."""
        wish, change = shape.read(HotelWish, terms["asked"]), shape.read(HotelChange, args)
        changed = replace(
            wish,
            hotel=terms["hotel"],
            rate=terms["rate"],
            check_in=change.check_in or terms["check_in"],
            nights=wish.nights if change.nights is None else change.nights,
            rooms=wish.rooms if change.rooms is None else change.rooms,
            ceiling=None,
        )
        return self._price(changed, now)

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Wait for the guest."""
        arrive = self._world.clock(date.fromisoformat(terms["check_in"]), CHECK_IN_MIN).timestamp()
        leave = arrive + 86_400 * terms["nights"] - 60 * (CHECK_IN_MIN - CHECK_OUT_MIN)
        facts = {
            "hotel": terms["name"],
            "hotel_zh": terms["name_zh"],
            "check_in": terms["check_in"],
            "nights": terms["nights"],
        }
        return (
            Happening(0.0, "confirmed", Stage.BOOKED, facts),
            Happening(max(1.0, leave - now), "completed", Stage.OVER, facts),
        )

    def _price(self, wish: HotelWish, now: float) -> Priced:
        """Price a stay at the rate it names, or the cheapest that can be cancelled."""
        house, day = self._house(wish.hotel), self._world.day(wish.check_in, now)
        rate = wish.rate or "flexible"
        if not (
            1 <= wish.nights <= MAX_NIGHTS and 1 <= wish.rooms <= house.rooms and 1 <= wish.guests <= 3 * wish.rooms
        ):
            raise Declined("not_available")
        if rate not in {name for name, _, _ in RATES}:
            raise Declined("not_found")
        minor = _night(house, rate) * wish.nights * wish.rooms
        terms = {
            "asked": shape.write(wish),
            "hotel": house.spot.id,
            "name": house.spot.name,
            "name_zh": house.spot.name_zh,
            "rate": rate,
            "check_in": day.isoformat(),
            "nights": wish.nights,
        }
        return Priced(
            payee=house.spot.name,
            items=(Item(f"{rate} room", minor, wish.nights * wish.rooms),),
            currency=self._world.currency,
            refund=() if rate == "saver" else self._timeline(day, minor, wish.nights),
            valid_s=VALID_S,
            terms=terms,
            facts=self._facts(house, wish, day, rate),
            thing=f"room:{house.spot.id}:{day.isoformat()}",
            count=wish.rooms,
            left=house.rooms,
            ceiling=wish.ceiling,
        )

    def _facts(self, house: _House, wish: HotelWish, day: date, rate: str) -> dict[str, Any]:
        """Return what a person hears before saying yes."""
        return {
            "hotel": house.spot.name,
            "hotel_zh": house.spot.name_zh,
            "stars": house.stars,
            "check_in": day.isoformat(),
            "check_out": (day + timedelta(days=wish.nights)).isoformat(),
            "nights": wish.nights,
            "rooms": wish.rooms,
            "rate": rate,
            "latitude_deg": house.spot.latitude_deg,
            "longitude_deg": house.spot.longitude_deg,
        }

    def _timeline(self, day: date, minor: int, nights: int) -> tuple[Refund, ...]:
        """Free until 18:00 of the day before, then one night, then all of it."""
        arrive = int(self._world.clock(day, CHECK_IN_MIN).timestamp())
        return (Refund(0, self._free_until(day)), Refund(minor // nights, arrive + 4 * 3600), Refund(minor))

    def _free_until(self, day: date) -> int:
        """Return Unix seconds until which cancelling is free."""
        return int(self._world.clock(day, 18 * 60 - 1440).timestamp())

    def _house(self, words: str) -> _House:
        """Return a hotel by id or name; Declined `not_found`."""
        best = max(self._houses, key=lambda h: likeness(words, h.spot.id, h.spot.name, h.spot.name_zh))
        if likeness(words, best.spot.id, best.spot.name, best.spot.name_zh) < 0.3:
            raise Declined("not_found")
        return best


def _night(house: _House, rate: str) -> int:
    """Return minor units of a night and a room."""
    saver, breakfast = round(house.night_minor * SAVER), house.night_minor + BREAKFAST_MINOR
    return {"saver": saver, "flexible": house.night_minor, "breakfast": breakfast}[rate]
