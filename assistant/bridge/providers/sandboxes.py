"""Every sandbox company at one desk."""

from collections.abc import Callable
from typing import Any, Final

from assistant.bridge.providers.around import SandboxPlaces, SandboxRoutes, SandboxWeather
from assistant.bridge.providers.asks import (
    ForecastAsk,
    HotelSearch,
    KitchenSearch,
    MenuAsk,
    Nothing,
    ParcelAsk,
    PlaceSearch,
    ProductSearch,
    RateAsk,
    RideEstimate,
    RouteAsk,
    TripSearch,
)
from assistant.bridge.providers.desk import Desk
from assistant.bridge.providers.hotel import SandboxHotel
from assistant.bridge.providers.meal import SandboxMeal
from assistant.bridge.providers.parcel import SandboxParcels
from assistant.bridge.providers.pay import SandboxBills, SandboxMoney
from assistant.bridge.providers.phone import SandboxPhone
from assistant.bridge.providers.ports import Hotel, Meal, Parcels, Places, Ride, Routes, Shop, Trade, Travel, Weather
from assistant.bridge.providers.ride import SandboxRide
from assistant.bridge.providers.shop import SandboxShop
from assistant.bridge.providers.trade import Limits
from assistant.bridge.providers.travel import SandboxTravel
from assistant.bridge.providers.world import world
from assistant.bridge.services import Ask, Services

LIMITS: Final = Limits("CNY", voice_minor=30_000, order_minor=500_000, day_minor=2_000_000)
"""What the sandbox's owner allows: 300 yuan by voice, 5,000 an order, 20,000 a day."""


def sandboxes(desk: Desk, limits: Limits = LIMITS) -> Services:
    """Open every company at `desk`."""
    here = world()
    ride: Ride = SandboxRide(desk, here)
    meal: Meal = SandboxMeal(desk, here)
    hotel: Hotel = SandboxHotel(desk, here)
    travel: Travel = SandboxTravel(desk, here)
    parcel: Parcels = SandboxParcels(desk, here)
    shop: Shop = SandboxShop(desk, here)
    bills, money = SandboxBills(desk, here), SandboxMoney(desk, limits)
    places: Places = SandboxPlaces(desk, here)
    routes: Routes = SandboxRoutes(desk, here)
    weather: Weather = SandboxWeather(desk, here)
    trades: tuple[Trade, ...] = (ride, meal, hotel, travel, parcel, shop, bills)
    asks = {
        "ride.products": Ask(RideEstimate, _anyone(ride.products)),
        "meal.nearby": Ask(KitchenSearch, _anyone(meal.nearby)),
        "meal.menu": Ask(MenuAsk, _anyone(meal.menu)),
        "hotel.search": Ask(HotelSearch, _anyone(hotel.search)),
        "hotel.rates": Ask(RateAsk, _anyone(hotel.rates)),
        "travel.search": Ask(TripSearch, _anyone(travel.search)),
        "parcel.mine": Ask(Nothing, lambda customer, _: parcel.mine(customer)),
        "parcel.track": Ask(ParcelAsk, parcel.track),
        "shop.search": Ask(ProductSearch, _anyone(shop.search)),
        "pay.due": Ask(Nothing, lambda customer, _: bills.due(customer)),
        "pay.limits": Ask(Nothing, lambda customer, _: money.limits(customer)),
        "places.find": Ask(PlaceSearch, _anyone(places.find)),
        "routes.route": Ask(RouteAsk, _anyone(routes.route)),
        "weather.forecast": Ask(ForecastAsk, _anyone(weather.forecast)),
    }
    return Services({trade.service: trade for trade in trades}, money, SandboxPhone(desk), asks)


def _anyone(answer: Callable[[Any], object]) -> Callable[[str, Any], object]:
    """Ask without telling who asks."""
    return lambda _customer, ask: answer(ask)
