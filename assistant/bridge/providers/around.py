"""Sandbox places, routes and weather: questions that cost nothing."""

from dataclasses import asdict
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Final

from assistant.bridge.providers.asks import ForecastAsk, PlaceSearch, RouteAsk
from assistant.bridge.providers.desk import Call, Desk
from assistant.bridge.providers.found import Forecast, Outlook, Route, Sky, Spot
from assistant.bridge.providers.trade import Declined
from assistant.bridge.providers.world import MOTORWAY_FROM_KM, TOWN_KMH, World, km, minutes
from assistant.core.money import Money

TOLL_MINOR_KM: Final = 50
FORECAST_DAYS: Final = 10
MOST_DAYS: Final = 10
"""Of one question."""
SKIES: Final = ("clear", "clear", "cloudy", "cloudy", "rain", "rain", "storm", "fog")
MONTH_CELSIUS: Final = (5, 7, 11, 17, 22, 26, 30, 30, 25, 20, 14, 8)
"""Mean temperature of each month, about Hangzhou's."""


class SandboxPlaces:
    """Where things are."""

    service = "places"

    def __init__(self, desk: Desk, world: World) -> None:
        """Look around in `world`."""
        self._desk, self._world = desk, world

    def find(self, ask: PlaceSearch) -> tuple[Spot, ...]:
        """Return places: by fit where words were said, else the nearest of a kind."""
        self._desk.peek(Call(self.service, "find", "", ""))
        here = self._world.locate(ask.near)
        found = self._world.search(ask.words, ask.kind)
        near = [_from(spot, km(here, spot)) for spot in found if spot.kind != "city" or ask.words]
        exact = [spot for spot in near if ask.words.casefold() == spot.kind] or near
        ordered = exact if ask.words and exact is near else sorted(exact, key=lambda spot: spot.km or 0.0)
        return tuple(ordered[: max(1, min(ask.limit, 10))])


class SandboxRoutes:
    """How to get there."""

    service = "routes"

    def __init__(self, desk: Desk, world: World) -> None:
        """Drive through `world`."""
        self._desk, self._world = desk, world

    def route(self, ask: RouteAsk) -> Route:
        """Return length and time; without motorways it takes as long as in town."""
        self._desk.peek(Call(self.service, "route", "", ""))
        spots = [self._world.locate(where) for where in (ask.origin, *ask.stops, ask.destination)]
        legs = [km(a, b) for a, b in pairwise(spots)]
        slow = bool({"motorways", "tolls"} & set(ask.avoid))
        toll = 0 if slow else sum(round(TOLL_MINOR_KM * max(0.0, leg - MOTORWAY_FROM_KM)) for leg in legs)
        time = sum(round(60 * leg / TOWN_KMH) if slow else minutes(leg) for leg in legs)
        return Route(round(sum(legs), 1), time, Money(toll, self._world.currency), spots[0].name, spots[-1].name)


class SandboxWeather:
    """A sky made of the day and the place, the same whenever it is asked."""

    service = "weather"

    def __init__(self, desk: Desk, world: World) -> None:
        """Hang over `world`."""
        self._desk, self._world = desk, world

    def forecast(self, ask: ForecastAsk) -> Forecast:
        """Return one day's weather, at most ten days ahead, or that of several as far as it is known."""
        self._desk.peek(Call(self.service, "forecast", "", ""))
        now = self._desk.clock()
        here, first = self._world.locate(ask.near), self._world.day(ask.day, now)
        left = (self._world.today(now) + timedelta(days=FORECAST_DAYS) - first).days
        if left < 0:
            raise Declined("beyond_forecast")
        city = min(self._world.cities, key=lambda city: km(city, here))
        count = max(1, min(ask.days, MOST_DAYS))
        days = [_sky(city, first + timedelta(days=number)) for number in range(min(count, left + 1))]
        found = {**asdict(days[0]), "place": city.name, "place_zh": city.name_zh}
        return Forecast(**found) if count == 1 else Outlook(**found, further=tuple(days[1:]))


def _sky(city: Spot, day: date) -> Sky:
    """Return the weather of a city on one day."""
    chance = sha256(f"{city.id} {day.isoformat()}".encode()).digest()
    mean = MONTH_CELSIUS[day.month - 1] - round((city.latitude_deg - 30) * 0.7) + chance[1] % 5 - 2
    sky = SKIES[chance[0] % len(SKIES)]
    rain = {"rain": 60 + chance[2] % 40, "storm": 80 + chance[2] % 20, "cloudy": 20}.get(sky, 5)
    snowy = sky == "rain" and mean < 1
    return Sky(day.isoformat(), "snow" if snowy else sky, mean - 4, mean + 4, rain, 5 + chance[3] % 30)


def _from(spot: Spot, length_km: float) -> Spot:
    """Return a place with its distance."""
    return Spot(
        spot.id,
        spot.name,
        spot.name_zh,
        spot.kind,
        spot.latitude_deg,
        spot.longitude_deg,
        spot.address,
        spot.address_zh,
        spot.city,
        length_km,
    )
