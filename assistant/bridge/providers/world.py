"""The sandbox's world as frozen rows, and the two questions all companies ask of it: where is that, and how far."""

import math
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from assistant.bridge.providers.found import Spot
from assistant.bridge.providers.trade import Declined
from assistant.bridge.providers.wishes import Where

ROAD: Final = 1.35
"""Road kilometres per kilometre of straight line, a usual city figure."""
TOWN_KMH: Final = 28.0
KINDS_ZH: Final = {"station": "火车站", "airport": "机场", "mall": "商场", "charging": "充电站", "parking": "停车场"}
"""What people say for kinds of places whose names do not hold the word."""
MOTORWAY_KMH: Final = 85.0
MOTORWAY_FROM_KM: Final = 30.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the sandbox knows."""

    currency: str
    zone: tzinfo
    """That of this machine: the sandbox is wherever its car is, and its tonight is the car's."""
    cities: tuple[Spot, ...]
    spots: tuple[Spot, ...]
    rows: dict[str, Any]
    """The other tables as they stand in world.toml."""

    def locate(self, where: Where) -> Spot:
        """Return the place that is meant; Declined `not_found` if the sandbox has none like it."""
        if where.latitude_deg is not None and where.longitude_deg is not None:
            _check(where.latitude_deg, where.longitude_deg)
            name = where.name or where.address or "pin"
            return Spot("", name, name, "point", where.latitude_deg, where.longitude_deg, where.address, where.address)
        if not where.name and not where.address:
            return self.cities[0]
        found = self.search(where.name or where.address)
        if not found:
            raise Declined("not_found")
        return found[0]

    def search(self, words: str, kind: str = "") -> list[Spot]:
        """Return places of a name or kind, the best fit first."""
        ranked = [
            (likeness(words, spot.name, spot.name_zh, spot.kind, KINDS_ZH.get(spot.kind, "")), spot)
            for spot in (*self.spots, *self.cities)
        ]
        kept = [(score, spot) for score, spot in ranked if (score or not words) and kind in {"", spot.kind}]
        return [spot for _, spot in sorted(kept, key=lambda pair: -pair[0])]

    def city(self, words: str) -> Spot:
        """Return a city by name; Declined `not_found`."""
        best = max(self.cities, key=lambda city: likeness(words, city.name, city.name_zh, city.id))
        if not likeness(words, best.name, best.name_zh, best.id):
            raise Declined("not_found")
        return best

    def today(self, now: float) -> date:
        """Return the world's date at Unix seconds."""
        return datetime.fromtimestamp(now, self.zone).date()

    def day(self, text: str, now: float) -> date:
        """Return a day that is today or later; Declined `not_available` for one that is past, or no date."""
        today = self.today(now)
        try:
            day = date.fromisoformat(text) if text else today
        except ValueError as error:
            raise Declined("not_available") from error
        if not today <= day <= today + timedelta(days=365):
            raise Declined("not_available")
        return day

    def moment(self, text: str, now: float) -> float:
        """Return Unix seconds of an ISO time, now for an empty one; Declined `not_available` for the past, or no time."""
        if not text:
            return now
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise Declined("not_available") from error
        seconds = (at if at.tzinfo else at.replace(tzinfo=self.zone)).timestamp()
        if seconds < now - 60:
            raise Declined("not_available")
        return seconds

    def clock(self, day: date, minute: int) -> datetime:
        """Return minute `minute` of a day as aware time (minutes may run past midnight)."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(minutes=minute)


@cache
def world() -> World:
    """Return the world that ships with the package."""
    raw = tomllib.loads(resources.files(__package__).joinpath("world.toml").read_text("utf-8"))
    cities = tuple(
        Spot(c["id"], c["name"], c["name_zh"], "city", c["latitude_deg"], c["longitude_deg"], city=c["id"])
        for c in raw["city"]
    )
    spots = tuple(
        Spot(i, en, zh, kind, lat, lon, a, b, "hangzhou") for i, kind, en, zh, lat, lon, a, b in raw["places"]["rows"]
    )
    kitchens = tuple(Spot(r[0], r[2], r[3], r[1], r[4], r[5], city="hangzhou") for r in raw["kitchens"]["rows"])
    hotels = tuple(Spot(r[0], r[1], r[2], "hotel", r[4], r[5], city=r[3]) for r in raw["hotels"]["rows"])
    zone = datetime.now().astimezone().tzinfo or UTC
    return World(raw["currency"], zone, cities, (*spots, *kitchens, *hotels), raw)


@lru_cache(4_096)
def likeness(words: str, *names: str) -> float:
    """Return 0..1: how well what was said fits the best of several names; 1 is equal, 0 has nothing of it."""
    said = words.casefold().strip()
    return max((_likeness(said, name.casefold()) for name in names if name), default=0.0) if said else 0.0


def _likeness(said: str, name: str) -> float:
    """Compare two names."""
    if said == name:
        return 1.0
    if said in name or name in said:
        return 0.6 + 0.3 * min(len(said), len(name)) / max(len(said), len(name))
    heard, known = set(said.split()), set(name.split())
    return 0.5 * len(heard & known) / len(heard | known)


def km(a: Spot, b: Spot) -> float:
    """Return road kilometres between two places, at least a tenth."""
    lat_a, lat_b = math.radians(a.latitude_deg), math.radians(b.latitude_deg)
    d_lat, d_lon = lat_b - lat_a, math.radians(b.longitude_deg - a.longitude_deg)
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return max(0.1, round(2 * 6371.0 * math.asin(min(1.0, math.sqrt(h))) * ROAD, 1))


def minutes(length_km: float) -> int:
    """Return driving minutes for road kilometres."""
    slow, fast = min(length_km, MOTORWAY_FROM_KM), max(0.0, length_km - MOTORWAY_FROM_KM)
    return max(1, round(60 * (slow / TOWN_KMH + fast / MOTORWAY_KMH)))


def _check(latitude_deg: float, longitude_deg: float) -> None:
    """Refuse a point that is not on the earth."""
    if not (-90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180):
        raise Declined("not_found")
