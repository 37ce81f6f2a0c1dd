"""Questions that cost nothing: these fields and no others. Days are ISO dates, empty where nothing was said."""

from dataclasses import dataclass, field

from assistant.bridge.providers.wishes import Carriage, Where
from assistant.core.money import Money


@dataclass(frozen=True, slots=True)
class RideEstimate:
    """`ride.products`."""

    pickup: Where
    destination: Where
    stops: tuple[Where, ...] = ()
    seats: int = 1
    luggage: int = 0
    shared: bool = False


@dataclass(frozen=True, slots=True)
class KitchenSearch:
    """`meal.nearby`."""

    near: Where = field(default_factory=Where)
    words: str = ""
    limit: int = 3


@dataclass(frozen=True, slots=True)
class MenuAsk:
    """`meal.menu`."""

    kitchen: str


@dataclass(frozen=True, slots=True)
class HotelSearch:
    """`hotel.search`."""

    near: Where = field(default_factory=Where)
    """A city, a place, or empty for here."""
    check_in: str = ""
    """ISO date; empty: tonight."""
    nights: int = 1
    guests: int = 1
    rooms: int = 1
    stars: int = 0
    """At least so many."""
    words: str = ""
    ceiling: Money | None = None
    """A night and a room."""
    limit: int = 3


@dataclass(frozen=True, slots=True)
class RateAsk:
    """`hotel.rates`."""

    hotel: str
    check_in: str = ""
    nights: int = 1
    rooms: int = 1


@dataclass(frozen=True, slots=True)
class TripSearch:
    """`travel.search`."""

    origin: str
    destination: str
    day: str = ""
    """ISO date; empty: today."""
    after: str = ""
    """Clock time HH:MM."""
    carriage: Carriage | None = None
    limit: int = 3


@dataclass(frozen=True, slots=True)
class ParcelAsk:
    """`parcel.track`."""

    parcel: str
    """Number, its last digits, or what is in it."""


@dataclass(frozen=True, slots=True)
class ProductSearch:
    """`shop.search`."""

    words: str
    limit: int = 3


@dataclass(frozen=True, slots=True)
class PlaceSearch:
    """`places.find`."""

    words: str = ""
    near: Where = field(default_factory=Where)
    kind: str = ""
    limit: int = 3


@dataclass(frozen=True, slots=True)
class RouteAsk:
    """`routes.route`."""

    origin: Where
    destination: Where
    stops: tuple[Where, ...] = ()
    avoid: tuple[str, ...] = ()
    """Any of tolls, motorways, ferries."""


@dataclass(frozen=True, slots=True)
class ForecastAsk:
    """`weather.forecast`."""

    near: Where = field(default_factory=Where)
    day: str = ""
    days: int = 1
    """So many from `day` on, 1 to 10."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """A question that needs no words: `parcel.mine`, `pay.limits`, `pay.due`."""
