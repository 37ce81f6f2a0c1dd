"""Sandbox rides: now or later, with stops, seats, luggage and a ceiling; a driver who comes, and a rule for cancelling."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from assistant.bridge import shape
from assistant.bridge.providers.asks import RideEstimate
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import RideProduct, Spot
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.sandbox import Sandbox
from assistant.bridge.providers.trade import Booking, Declined, Json, Stage
from assistant.bridge.providers.wishes import RideChange, RideClass, RideWish, Where
from assistant.bridge.providers.world import World, km, minutes
from assistant.core.money import Money
from assistant.core.quote import Item, Refund

PAYEE: Final = "Sandbox Rides"
PAYEE_ZH: Final = "沙盒出行"
PRICE_LOCK_S: Final = 600.0
FREE_CANCEL_S: Final = 120
LATE_FEE_MINOR: Final = 500
SHARED: Final = 0.7
STOP_MINOR: Final = 300
MAX_STOPS: Final = 3
SOONEST_LATER_S: Final = 30 * 60
LATEST_LATER_S: Final = 3 * 86_400
"""A booked ride is at least half an hour and at most three days away, as in the trade."""


@dataclass(frozen=True, slots=True)
class Fare:
    """A vehicle class."""

    name: RideClass
    start_minor: int
    km_minor: int
    seats: int
    luggage: int
    wait_min: int


FARES: Final = (
    Fare(RideClass.ECONOMY, 1100, 240, 4, 2, 4),
    Fare(RideClass.COMFORT, 1500, 320, 4, 3, 5),
    Fare(RideClass.PREMIUM, 2600, 480, 4, 3, 7),
    Fare(RideClass.VAN, 2200, 420, 6, 6, 8),
)
DRIVERS: Final = (
    ("Wang", "王师傅", "浙A·D1826"),
    ("Chen", "陈师傅", "浙A·D7704"),
    ("Li", "李师傅", "浙A·F3319"),
    ("Zhao", "赵师傅", "浙A·B9052"),
)
CARS: Final = (
    ("white BYD Qin", "白色比亚迪秦"),
    ("black Zeekr 001", "黑色极氪001"),
    ("silver Geely Galaxy", "银色吉利银河"),
    ("blue Nio ET5", "蓝色蔚来ET5"),
)


class SandboxRide(Sandbox["_Rides"]):
    """The ride company."""

    def __init__(self, desk: Desk, world: World) -> None:
        """Drive through `world`."""
        super().__init__(desk, _Rides(world))

    def products(self, ask: RideEstimate) -> tuple[RideProduct, ...]:
        """Return the vehicle classes that fit, cheapest first."""
        self._desk.peek(Call(self.service, "products", "", ""))
        wish = RideWish(ask.pickup, ask.destination, ask.stops, seats=ask.seats, luggage=ask.luggage, shared=ask.shared)
        return self._goods.products(wish)

    def look(self, reference: str) -> Booking:
        """Tell where the ride stands, and where the driver is while coming."""
        booking = super().look(reference)
        if booking.state not in {"accepted", "arriving"}:
            return booking
        left_s = self.until(reference, "arrived") * self._desk.pace
        share = max(0.0, min(1.0, left_s / (60.0 * float(booking.facts["wait_min"]))))
        position = {
            name: round(float(booking.facts[f"pickup_{name}"]) + share * float(booking.facts[f"away_{name}"]), 4)
            for name in ("latitude_deg", "longitude_deg")
        }
        hidden = {"away_latitude_deg", "away_longitude_deg", "wait_min"}
        facts = {name: fact for name, fact in booking.facts.items() if name not in hidden}
        driver: dict[str, Any] = {f"driver_{name}": value for name, value in position.items()}
        start, here = (
            Spot("", "", "", "point", float(at["latitude_deg"]), float(at["longitude_deg"]))
            for at in ({name: facts[f"pickup_{name}"] for name in position}, position)
        )
        driver["driver_km"] = km(start, here)
        return replace(booking, facts={**facts, **driver, "eta_min": max(0, round(left_s / 60))})


class _Rides:
    """What rides cost and how they go."""

    service = "ride"
    methods: tuple[str, ...] = ("book",)

    def __init__(self, world: World) -> None:
        self._world = world

    def products(self, wish: RideWish) -> tuple[RideProduct, ...]:
        """Return the classes that fit a wish, cheapest first."""
        spots = self._way(wish)
        length = round(sum(km(a, b) for a, b in pairwise(spots)), 1)
        fits = [fare for fare in FARES if fare.seats >= wish.seats and fare.luggage >= wish.luggage]
        found = [
            RideProduct(
                fare.name.value,
                Money(self._fare(fare, length, wish), self._world.currency),
                fare.wait_min,
                fare.seats,
                fare.luggage,
                minutes(length) + 2 * len(wish.stops),
                length,
            )
            for fare in fits
        ]
        return tuple(sorted(found, key=lambda product: product.price.minor))

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price one ride."""
        del method
        return self._price(shape.read(RideWish, args), now)

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Add or remove a stop, or go elsewhere; the time and vehicle stay."""
        wish, change = shape.read(RideWish, terms["asked"]), shape.read(RideChange, args)
        stops = tuple(stop for stop in wish.stops if not change.remove_stop or stop.name != change.remove_stop)
        if change.add_stop is not None:
            stops = (*stops, change.add_stop)
        changed = replace(wish, stops=stops, destination=change.destination or wish.destination, at="", ceiling=None)
        priced = self._price(replace(changed, vehicle_class=RideClass(terms["class"])), now)
        return replace(priced, terms={**priced.terms, "at": terms["at"]})

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Send a driver: found, coming, there, under way, over."""
        chosen = sum(terms["class"].encode()) + round(now) // 7
        name, name_zh, plate = DRIVERS[chosen % len(DRIVERS)]
        car, car_zh = CARS[chosen % len(CARS)]
        driver = {"driver": name, "driver_zh": name_zh, "plate": plate, "car": car, "car_zh": car_zh}
        wait_s, trip_s = 60.0 * terms["wait_min"], 60.0 * terms["trip_min"]
        start_s = max(0.0, terms["at"] - now - wait_s) if terms["at"] else 0.0
        pickup = {"pickup_latitude_deg": terms["latitude_deg"], "pickup_longitude_deg": terms["longitude_deg"]}
        coming = {
            **driver,
            **pickup,
            "away_latitude_deg": 0.012,
            "away_longitude_deg": -0.009,
            "wait_min": terms["wait_min"],
            "eta_min": terms["wait_min"],
        }
        arriving = tuple(
            Happening(
                start_s + wait_s * share,
                "arriving",
                Stage.UNDER_WAY,
                {**coming, "eta_min": round(terms["wait_min"] * (1 - share))},
            )
            for share in (0.25, 0.5, 0.75)
        )
        return (
            Happening(0.0, "scheduled" if start_s else "processing", Stage.UNDER_WAY),
            Happening(start_s + 6.0, "accepted", Stage.UNDER_WAY, coming),
            *arriving,
            Happening(start_s + wait_s, "arrived", Stage.UNDER_WAY, {**driver, "eta_min": 0}),
            Happening(
                start_s + wait_s + 60.0, "in_progress", Stage.UNDER_WAY, {**driver, "arrive_min": terms["trip_min"]}
            ),
            Happening(start_s + wait_s + 60.0 + trip_s, "completed", Stage.OVER, driver),
        )

    def _price(self, wish: RideWish, now: float) -> Priced:
        """Price a wish with the class it names, or the cheapest."""
        at = self._when(wish, now)
        products = [p for p in self.products(wish) if wish.vehicle_class in {None, RideClass(p.vehicle_class)}]
        if not products:
            raise Declined("not_available")
        product, start = products[0], self._world.locate(wish.pickup)
        late = int((at or now + PRICE_LOCK_S) + FREE_CANCEL_S)
        return Priced(
            payee=PAYEE,
            items=(Item(f"{product.vehicle_class} ride", product.price.minor),),
            currency=self._world.currency,
            refund=(Refund(0, late), Refund(min(LATE_FEE_MINOR, product.price.minor), late + 60 * product.wait_min)),
            valid_s=PRICE_LOCK_S,
            terms={
                "asked": shape.write(wish),
                "class": product.vehicle_class,
                "at": at,
                "wait_min": product.wait_min,
                "trip_min": product.trip_min,
                "latitude_deg": round(start.latitude_deg, 4),
                "longitude_deg": round(start.longitude_deg, 4),
            },
            facts=self._facts(wish, product),
            ceiling=wish.ceiling,
        )

    def _facts(self, wish: RideWish, product: RideProduct) -> dict[str, Any]:
        """Return what a person hears before saying yes."""
        start, end = self._world.locate(wish.pickup), self._world.locate(wish.destination)
        return {
            "payee": PAYEE,
            "payee_zh": PAYEE_ZH,
            "vehicle_class": product.vehicle_class,
            "wait_min": product.wait_min,
            "trip_min": product.trip_min,
            "km": product.km,
            "pickup": start.name,
            "pickup_zh": start.name_zh,
            "destination": end.name,
            "destination_zh": end.name_zh,
            "stops": len(wish.stops),
        }

    def _when(self, wish: RideWish, now: float) -> float:
        """Return Unix seconds of a later ride, 0 for now."""
        if not wish.at:
            return 0.0
        at = self._world.moment(wish.at, now)
        if at < now + SOONEST_LATER_S:
            return 0.0
        if at > now + LATEST_LATER_S:
            raise Declined("not_available")
        return at

    def _way(self, wish: RideWish) -> list[Spot]:
        """Return the places of a ride in order."""
        if len(wish.stops) > MAX_STOPS or not 1 <= wish.seats <= 6 or wish.luggage < 0:
            raise Declined("not_available")
        wanted: tuple[Where, ...] = (wish.pickup, *wish.stops, wish.destination)
        spots = [self._world.locate(where) for where in wanted]
        if km(spots[0], spots[-1]) <= 0.1 and len(spots) == 2:
            raise Declined("already_there")
        return spots

    @staticmethod
    def _fare(fare: Fare, length_km: float, wish: RideWish) -> int:
        """Return minor units."""
        full = fare.start_minor + round(fare.km_minor * length_km) + STOP_MINOR * len(wish.stops)
        shared = wish.shared and fare.name is RideClass.ECONOMY
        return round(full * SHARED / 10) * 10 if shared else round(full / 10) * 10
