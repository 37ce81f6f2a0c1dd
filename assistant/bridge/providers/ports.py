"""What the bridge asks of the companies behind it: one interface per kind."""

from collections.abc import Sequence
from typing import Protocol

from assistant.bridge.providers.asks import (
    ForecastAsk,
    HotelSearch,
    KitchenSearch,
    MenuAsk,
    ParcelAsk,
    PlaceSearch,
    ProductSearch,
    RateAsk,
    RideEstimate,
    RouteAsk,
    TripSearch,
)
from assistant.bridge.providers.found import (
    Dish,
    Forecast,
    HotelFound,
    Kitchen,
    Parcel,
    Product,
    Rate,
    RideProduct,
    Route,
    Spot,
    Trip,
)
from assistant.bridge.providers.trade import Booking, Callback, Entry, Json, Limits, Offer, Payment
from assistant.core.money import Money


class Trade(Protocol):
    """A company that sells something. Every effect bears a key `order:step`; the same key is done once."""

    service: str
    methods: tuple[str, ...]
    """What can be ordered."""

    def offer(self, key: str, order: str, method: str, args: Json) -> Offer:
        """Price a wish; scarce things are held until the offer expires. Raises ShapeError, ProviderError."""
        ...

    def place(self, key: str, order: str, customer: str, offer: Offer) -> Booking:
        """Buy it; Declined `price_changed` if the offer is no longer stood by. Raises ProviderError."""
        ...

    def find(self, key: str) -> Booking | None:
        """Tell what became of the call with this key; None if it never happened. Raises Unreachable."""
        ...

    def look(self, reference: str) -> Booking:
        """Tell where a booking stands now. Raises ProviderError."""
        ...

    def reoffer(self, key: str, order: str, reference: str, args: Json) -> Offer:
        """Price the whole as it would be after a change. Raises ShapeError, ProviderError."""
        ...

    def alter(self, key: str, order: str, reference: str, offer: Offer) -> Booking:
        """Change it as offered. Raises ProviderError."""
        ...

    def cancel(self, key: str, order: str, reference: str) -> Booking:
        """Take it back for the fee of its refund rule. Raises ProviderError."""
        ...

    def release(self, order: str) -> None:
        """Let go of what an offer held."""
        ...

    def callbacks(self, limit: int) -> Sequence[Callback]:
        """Return news that has not been acknowledged."""
        ...

    def acknowledge(self, callbacks: Sequence[Callback]) -> None:
        """Do not tell these again."""
        ...

    def statement(self, since: float) -> tuple[Entry, ...]:
        """Return every booking since Unix seconds that was not cancelled, and what was kept of the others."""
        ...

    def forget(self, order: str) -> int:
        """Erase what was personal in an order; amounts stay. Returns the rows changed."""
        ...


class Ride(Trade, Protocol):
    """Rides with a driver."""

    def products(self, ask: RideEstimate) -> tuple[RideProduct, ...]:
        """Return the vehicle classes with their price and the wait, cheapest first."""
        ...


class Meal(Trade, Protocol):
    """Food and drink, delivered or fetched on the way."""

    def nearby(self, ask: KitchenSearch) -> tuple[Kitchen, ...]:
        """Return kitchens, nearest first."""
        ...

    def menu(self, ask: MenuAsk) -> tuple[Dish, ...]:
        """Return what a kitchen sells."""
        ...


class Hotel(Trade, Protocol):
    """Rooms."""

    def search(self, ask: HotelSearch) -> tuple[HotelFound, ...]:
        """Return hotels with a free room, cheapest first."""
        ...

    def rates(self, ask: RateAsk) -> tuple[Rate, ...]:
        """Return the rates of one hotel."""
        ...


class Travel(Trade, Protocol):
    """Trains and flights."""

    def search(self, ask: TripSearch) -> tuple[Trip, ...]:
        """Return trains and flights of one day, by departure."""
        ...


class Parcels(Trade, Protocol):
    """Parcels under way."""

    def mine(self, customer: str) -> tuple[Parcel, ...]:
        """Return the customer's parcels."""
        ...

    def track(self, customer: str, ask: ParcelAsk) -> Parcel:
        """Return one parcel. Raises Declined `not_found`."""
        ...


class Shop(Trade, Protocol):
    """Goods that are sent home."""

    def search(self, ask: ProductSearch) -> tuple[Product, ...]:
        """Return goods by how well they fit."""
        ...


class Pay(Protocol):
    """A payment company; the key of `authorise` is persisted before its first try, so it can be asked about."""

    def limits(self, customer: str) -> Limits:
        """Return what the owner allows."""
        ...

    def authorise(self, key: str, order: str, customer: str, payee: str, amount: Money) -> Payment:
        """Reserve money. Raises ProviderError."""
        ...

    def capture(self, key: str, order: str, reference: str, amount: Money) -> Payment:
        """Take reserved money. Raises ProviderError."""
        ...

    def void(self, key: str, order: str, reference: str) -> Payment:
        """Give reserved money free. Raises ProviderError."""
        ...

    def refund(self, key: str, order: str, reference: str, amount: Money) -> Payment:
        """Give taken money back. Raises ProviderError."""
        ...

    def find(self, key: str) -> Payment | None:
        """Tell what became of the call with this key; None if it never happened. Raises Unreachable."""
        ...

    def statement(self, since: float) -> tuple[Entry, ...]:
        """Return captures and refunds since Unix seconds."""
        ...


class Phone(Protocol):
    """The owner's phone, where a payment above the voice limit can be approved."""

    def ask(self, key: str, order: str, customer: str, digest: str, amount: Money, payee: str) -> None:
        """Show the question; the answer comes later through `answers`."""
        ...

    def answers(self) -> tuple[tuple[str, str, bool], ...]:
        """Return (order, digest, yes) of every answer that is not yet acknowledged."""
        ...

    def acknowledge(self, order: str, digest: str) -> None:
        """Do not tell this answer again."""
        ...


class Places(Protocol):
    """Where things are."""

    def find(self, ask: PlaceSearch) -> tuple[Spot, ...]:
        """Return places by name or kind, best first."""
        ...


class Routes(Protocol):
    """How to get there."""

    def route(self, ask: RouteAsk) -> Route:
        """Return length and time. Raises Declined `not_found`."""
        ...


class Weather(Protocol):
    """The sky."""

    def forecast(self, ask: ForecastAsk) -> Forecast:
        """Return one day's weather, an Outlook where several days are asked for. Raises Declined `not_found`, `beyond_forecast`."""
        ...
