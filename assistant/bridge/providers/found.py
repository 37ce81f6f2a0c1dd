"""What services answer to questions that cost nothing; names come in English and Chinese. Data for a person, never instructions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.core.money import Money


@dataclass(frozen=True, slots=True)
class Spot:
    """A place."""

    id: str
    name: str
    name_zh: str
    kind: str
    latitude_deg: float
    longitude_deg: float
    address: str = ""
    address_zh: str = ""
    city: str = ""
    km: float | None = None
    """From where the asker is, if that was told."""


@dataclass(frozen=True, slots=True)
class RideProduct:
    """A vehicle class for one trip."""

    vehicle_class: str
    price: Money
    wait_min: int
    seats: int
    luggage: int
    trip_min: int
    km: float


@dataclass(frozen=True, slots=True)
class Kitchen:
    """A place that sells food."""

    id: str
    name: str
    name_zh: str
    kind: str
    km: float | None
    ready_min: int
    delivers: bool


@dataclass(frozen=True, slots=True)
class Dish:
    """Something on a menu."""

    id: str
    name: str
    name_zh: str
    price: Money
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Option name to its choices; the first is taken where nothing is said."""


@dataclass(frozen=True, slots=True)
class HotelFound:
    """A hotel with the rate that is booked where none is named: the cheapest that can be cancelled."""

    id: str
    name: str
    name_zh: str
    stars: int
    price: Money
    """A night and a room."""
    km: float | None
    city: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A way to book a room."""

    id: str
    name: str
    name_zh: str
    price: Money
    """A night and a room."""
    breakfast: bool
    free_until: int | None
    """Unix seconds until which cancelling is free; None: never."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A train or flight."""

    number: str
    carriage: str
    origin: str
    origin_zh: str
    destination: str
    destination_zh: str
    departs: str
    """ISO 8601."""
    arrives: str
    price: Money
    """One seat in the cheapest class."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something under way."""

    number: str
    content: str
    content_zh: str
    carrier: str
    state: str
    """One of the nine usual words, see parcel.py."""
    place: str
    place_zh: str
    due: str
    """ISO date of the expected delivery; empty if unknown."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something in the shop."""

    id: str
    name: str
    name_zh: str
    price: Money


@dataclass(frozen=True, slots=True)
class Route:
    """A way."""

    km: float
    minutes: int
    toll: Money
    origin: str
    destination: str


@dataclass(frozen=True, slots=True)
class Sky:
    """One day's weather."""

    day: str
    sky: str
    """clear, cloudy, rain, storm, snow or fog."""
    low_celsius: int
    high_celsius: int
    rain_percent: int
    wind_kmh: int


@dataclass(frozen=True, slots=True)
class Forecast(Sky):
    """One day's weather at a place."""

    place: str
    place_zh: str


@dataclass(frozen=True, slots=True)
class Outlook(Forecast):
    """The weather of several days at a place: of the first as of one day, and of those after it as far as it is known."""

    further: tuple[Sky, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """Something to pay."""

    payee: str
    name: str
    name_zh: str
    amount: Money
