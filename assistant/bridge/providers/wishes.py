"""All that a car may say to a service: these fields and no others. Times are ISO 8601 with offset, days ISO dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assistant.core.money import Money


@dataclass(frozen=True, slots=True)
class Where:
    """A place by name, by point, or both; a point is rounded by the car to what the service needs."""

    name: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    address: str = ""


class RideClass(StrEnum):
    """Kinds of vehicle."""

    ECONOMY = "economy"
    COMFORT = "comfort"
    PREMIUM = "premium"
    VAN = "van"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody else the ride or room is for."""

    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class RideWish:
    """`ride.book`."""

    pickup: Where
    destination: Where
    stops: tuple[Where, ...] = ()
    at: str = ""
    """Empty: now."""
    vehicle_class: RideClass | None = None
    """None: the cheapest that fits."""
    seats: int = 1
    luggage: int = 0
    shared: bool = False
    passenger: Person | None = None
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class RideChange:
    """A change of a ride; what is not given stays."""

    add_stop: Where | None = None
    remove_stop: str = ""
    destination: Where | None = None


class Handover(StrEnum):
    """How food reaches the person."""

    DELIVERY = "delivery"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class MealLine:
    """A dish with its options (size, shots, roast, milk, sugar, …)."""

    dish: str
    """Its id or its name in any language."""
    count: int = 1
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MealWish:
    """`meal.order`."""

    lines: tuple[MealLine, ...]
    kitchen: str = ""
    """Id or name; empty: the nearest that sells all of it."""
    handover: Handover = Handover.PICKUP
    address: Where | None = None
    """Where to deliver, or where the car is."""
    at: str = ""
    tip_minor: int = 0
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class MealChange:
    """A change of a meal before it is cooked; what is not given stays."""

    address: Where | None = None
    handover: Handover | None = None
    add: tuple[MealLine, ...] = ()


@dataclass(frozen=True, slots=True)
class HotelWish:
    """`hotel.book`."""

    hotel: str
    """Id or name."""
    rate: str = ""
    """Id; empty: the cheapest that can be cancelled."""
    check_in: str = ""
    nights: int = 1
    guests: int = 1
    rooms: int = 1
    guest: Person | None = None
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class HotelChange:
    """A change of a booking; what is not given stays."""

    check_in: str = ""
    nights: int | None = None
    rooms: int | None = None


class Carriage(StrEnum):
    """How to travel."""

    TRAIN = "train"
    FLIGHT = "flight"


class Cabin(StrEnum):
    """Class of seat."""

    SECOND = "second"
    FIRST = "first"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of a journey; `number` empty: the first that leaves after `after`."""

    origin: str
    destination: str
    day: str = ""
    number: str = ""
    after: str = ""
    carriage: Carriage | None = None


@dataclass(frozen=True, slots=True)
class TravelWish:
    """`travel.book`: one leg, or an itinerary of several, all or none."""

    legs: tuple[Leg, ...]
    cabin: Cabin = Cabin.SECOND
    seats: int = 1
    passengers: tuple[Person, ...] = ()
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class TravelChange:
    """Another train or flight for one leg (counted from 1)."""

    leg: int = 1
    day: str = ""
    after: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class RedirectWish:
    """`parcel.redirect`."""

    parcel: str
    address: Where | None = None
    day: str = ""
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class ShopLine:
    """Some of one product."""

    product: str
    """Id or name."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class ShopWish:
    """`shop.buy`."""

    lines: tuple[ShopLine, ...]
    address: Where | None = None
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class ReorderWish:
    """`shop.reorder`: what an earlier order held, at today's price."""

    order: str
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class ShopChange:
    """A change before it is sent; what is not given stays."""

    address: Where | None = None
    add: tuple[ShopLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PayWish:
    """`pay.pay`: parking, toll, charging, fuel, a bill, a person."""

    payee: str
    """Id or name of a payee the payment company knows."""
    amount: Money | None = None
    """None: what is due."""
    ceiling: Money | None = None
