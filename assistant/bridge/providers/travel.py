"""Sandbox trains and flights: a timetable, seats that run out, itineraries of several legs, changes."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from assistant.bridge import shape
from assistant.bridge.providers.asks import TripSearch
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import Spot, Trip
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.trade import Declined, Json, Stage
from assistant.bridge.providers.wishes import Cabin, Carriage, Leg, TravelChange, TravelWish
from assistant.bridge.providers.world import World
from assistant.core.money import Money
from assistant.core.quote import Item, Refund

PAYEE: Final = "Sandbox Tickets"
PAYEE_ZH: Final = "沙盒票务"
VALID_S: Final = 900.0
CLASSES: Final = {Cabin.SECOND: 1.0, Cabin.FIRST: 1.6, Cabin.BUSINESS: 3.0}
LAST_MINUTE: Final = 22 * 60
GATE_CLOSES_S: Final = 10 * 60
MAX_LEGS: Final = 6


@dataclass(frozen=True, slots=True)
class _Seat:
    """A leg that was found, and how many seats it has."""

    trip: Trip
    departs: datetime
    arrives: datetime
    seats: int


class SandboxTravel(Sandbox["_Tickets"]):
    """The ticket company."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Sell the timetable of `world`."""
        super().__init__(desk, _Tickets(world))

    def search(self, ask: TripSearch) -> tuple[Trip, ...]:
        """Return what leaves on a day, by departure."""
        self._desk.peek(Call(self.service, "search", "", ""))
        leg = Leg(ask.origin, ask.destination, ask.day, "", ask.after, ask.carriage)
        found = self._goods.seats(leg, self._desk.clock())
        return tuple(seat.trip for seat in found[: max(1, min(ask.limit, 10))])


class _Tickets:
    """What tickets cost and when they are given back."""

    service = "travel"
    methods: tuple[str, ...] = ("book",)

    def __init__(self, world: World) -> None:
        self._world = world

    def seats(self, leg: Leg, now: float, earliest: float = 0.0) -> list[_Seat]:
        """Return what still leaves on the leg's day after its time, by departure; Declined `not_found` for an unknown city."""
        origin, destination = self._world.city(leg.origin), self._world.city(leg.destination)
        day, after = self._world.day(leg.day, now), _minute(leg.after)
        lines = [
            row
            for row in self._world.rows["lines"]["rows"]
            if (row[0], row[1]) == (origin.id, destination.id) and leg.carriage in {None, Carriage(row[2])}
        ]
        found = [
            self._seat(row, origin, destination, day, minute)
            for row in lines
            for minute in range(row[6], LAST_MINUTE, row[7])
            if minute >= after
        ]
        soonest = max(now + GATE_CLOSES_S, earliest)
        kept = [seat for seat in found if seat.departs.timestamp() >= soonest]
        return sorted(kept, key=lambda seat: seat.departs)

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price an itinerary."""
        del method
        return self._price(shape.read(TravelWish, args), now)

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Take another train or flight for one leg."""
        wish, change = shape.read(TravelWish, terms["asked"]), shape.read(TravelChange, args)
        if not 1 <= change.leg <= len(wish.legs):
            raise Declined("not_found")
        old = wish.legs[change.leg - 1]
        new = replace(
            old,
            day=change.day or old.day,
            after=change.after or ("" if change.number else old.after),
            number=change.number,
        )
        legs = (*wish.legs[: change.leg - 1], new, *wish.legs[change.leg :])
        return self._price(replace(wish, legs=legs, ceiling=None), now)

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Ticketed at once; over when the last leg arrives."""
        facts = {
            "number": terms["numbers"],
            "departs": terms["departs"],
            "seat": f"{4 + round(now) % 12}{'ABCDF'[round(now) % 5]}",
        }
        return (
            Happening(0.0, "ticketed", Stage.BOOKED, facts),
            Happening(max(1.0, terms["over_at"] - now), "travelled", Stage.OVER, facts),
        )

    def _price(self, wish: TravelWish, now: float) -> Priced:
        """Find a seat for every leg, each after the one before."""
        if not 1 <= len(wish.legs) <= MAX_LEGS or not 1 <= wish.seats <= 9:
            raise Declined("not_available")
        chosen = self._itinerary(wish, now)
        factor = CLASSES[wish.cabin]
        items = tuple(
            Item(seat.trip.number, round(seat.trip.price.minor * factor) * wish.seats, wish.seats) for seat in chosen
        )
        first, total = int(chosen[0].departs.timestamp()), sum(item.minor for item in items)
        legs = tuple(
            replace(leg, number=seat.trip.number, day=seat.departs.date().isoformat(), after="")
            for leg, seat in zip(wish.legs, chosen, strict=True)
        )
        terms = {
            "asked": shape.write(replace(wish, legs=legs)),
            "numbers": " ".join(seat.trip.number for seat in chosen),
            "departs": chosen[0].trip.departs,
            "over_at": chosen[-1].arrives.timestamp(),
        }
        scarce = min(chosen, key=lambda seat: seat.seats)
        return Priced(
            payee=PAYEE,
            items=items,
            currency=self._world.currency,
            refund=(Refund(total * 5 // 100, first - 86_400), Refund(total * 20 // 100, first)),
            valid_s=VALID_S,
            terms=terms,
            facts=self._facts(chosen, wish),
            thing=f"seat:{scarce.trip.number}:{scarce.departs.date().isoformat()}",
            count=wish.seats,
            left=scarce.seats,
            ceiling=wish.ceiling,
        )

    def _itinerary(self, wish: TravelWish, now: float) -> list[_Seat]:
        """Return a seat for each leg; Declined `not_available` if one does not exist, or leaves before the last arrives."""
        chosen: list[_Seat] = []
        for leg in wish.legs:
            earliest = chosen[-1].arrives.timestamp() + GATE_CLOSES_S if chosen else 0.0
            fits = [seat for seat in self.seats(leg, now, earliest) if leg.number in {"", seat.trip.number}]
            if not fits:
                raise Declined("not_available")
            chosen.append(fits[0])
        return chosen

    @staticmethod
    def _facts(chosen: list[_Seat], wish: TravelWish) -> dict[str, Any]:
        """Return what a person hears before saying yes."""
        first, last = chosen[0].trip, chosen[-1].trip
        return {
            "payee": PAYEE,
            "payee_zh": PAYEE_ZH,
            "number": " ".join(seat.trip.number for seat in chosen),
            "legs": len(chosen),
            "carriage": first.carriage,
            "origin": first.origin,
            "origin_zh": first.origin_zh,
            "destination": last.destination,
            "destination_zh": last.destination_zh,
            "departs": first.departs,
            "arrives": last.arrives,
            "cabin": wish.cabin.value,
            "seats": wish.seats,
        }

    def _seat(self, row: list[Any], origin: Spot, destination: Spot, day: date, minute: int) -> _Seat:
        """Return one departure of a line."""
        departs = self._world.clock(day, minute)
        arrives = departs + timedelta(minutes=row[4])
        trip = Trip(
            f"{row[3]}{minute // 15:02d}",
            row[2],
            origin.name,
            origin.name_zh,
            destination.name,
            destination.name_zh,
            departs.isoformat(),
            arrives.isoformat(),
            Money(row[5], self._world.currency),
        )
        return _Seat(trip, departs, arrives, row[8])


def _minute(text: str) -> int:
    """Return the minute of the day of HH:MM; Declined `not_available` for anything else."""
    if not text:
        return 0
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise Declined("not_available")
    return 60 * int(hour) + int(minute)
