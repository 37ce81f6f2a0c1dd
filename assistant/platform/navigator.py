"""A navigation for the bench: knows some places, drives towards them with the clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from assistant.core.headunit import Route
from assistant.core.vehicle import Value
from assistant.platform.world import Spot, World

STOP_KM: Final = 1.5
STOP_MINUTES: Final = 4.0
"""What a stop adds to the way."""
DETOUR: Final = 1.15
"""What avoiding a kind of road makes of the way."""
AVOIDABLE: Final = ("tolls", "motorways", "ferries")


@dataclass(frozen=True, slots=True)
class Leg:
    """The way to one place at the moment it was chosen."""

    spot: Spot
    driven_s: float = 0.0


class Navigator:
    """State of the navigation; every method returns an empty text, or the word of a reason why not."""

    def __init__(self, world: World, now: Callable[[], datetime]) -> None:
        """Know the map; `now` is aware local time."""
        self.world = world
        self.now = now
        self.here = world.here
        self.leg: Leg | None = None
        self.stops: tuple[str, ...] = ()
        self.avoided: tuple[str, ...] = ()
        self.muted = False

    def spot(self, words: str) -> Spot | None:
        """Return the place of that name, alias, address or kind, else the nearest one whose name holds the words."""
        said = words.casefold().strip()
        near = sorted(self.world.places, key=lambda place: place.km)
        for place in near:
            if said in {known.casefold() for known in (place.name, place.kind, place.address, *place.aliases)}:
                return place
        return next((p for p in near if len(said) > 1 and said in f"{p.name} {p.address}".casefold()), None)

    def seconds(self) -> float:
        """Return how long the whole way takes."""
        if self.leg is None:
            return 0.0
        minutes = self.leg.spot.minutes * DETOUR ** len(self.avoided) + STOP_MINUTES * len(self.stops)
        return minutes * 60

    def advance(self, seconds: float) -> None:
        """Let time pass: we come nearer, and arrive."""
        if self.leg is None:
            return
        self.leg = replace(self.leg, driven_s=self.leg.driven_s + seconds)
        if self.leg.driven_s >= self.seconds():
            self.here = self.leg.spot.address or self.leg.spot.name
            self.leg, self.stops = None, ()

    def snapshot(self) -> Route:
        """Return the route as it stands."""
        if self.leg is None:
            return Route(avoid=self.avoided, muted=self.muted)
        whole_s = self.seconds()
        left = max(0.0, whole_s - self.leg.driven_s)
        km = self.leg.spot.km * DETOUR ** len(self.avoided) + STOP_KM * len(self.stops)
        arrival = self.now() + timedelta(seconds=left)
        return Route(
            active=True,
            destination=self.leg.spot.name,
            stops=self.stops,
            remaining_km=km * left / whole_s if whole_s else 0.0,
            arrival=arrival,
            avoid=self.avoided,
            muted=self.muted,
        )

    def start(self, args: Mapping[str, Value]) -> str:
        """Guide to `destination`: a place, an address or its kind."""
        spot = self.spot(str(args["destination"]))
        if spot is None:
            return "unknown_place"
        self.leg, self.stops = Leg(spot), ()
        return ""

    def stop(self, _: Mapping[str, Value]) -> str:
        """End the guidance."""
        self.leg, self.stops = None, ()
        return ""

    def add_stop(self, args: Mapping[str, Value]) -> str:
        """Put `place` on the way."""
        spot = self.spot(str(args["place"]))
        if self.leg is None or spot is None:
            return "no_route" if self.leg is None else "unknown_place"
        self.stops = (*self.stops, spot.name)
        return ""

    def remove_stop(self, args: Mapping[str, Value]) -> str:
        """Take `place` off the way; the later one where it was put on twice."""
        spot = self.spot(str(args["place"]))
        if spot is None or spot.name not in self.stops:
            return "not_found"
        last = len(self.stops) - 1 - self.stops[::-1].index(spot.name)
        self.stops = self.stops[:last] + self.stops[last + 1 :]
        return ""

    def avoid(self, args: Mapping[str, Value]) -> str:
        """Keep away from `what` (tolls, motorways, ferries) if `on`, else no longer."""
        what = str(args["what"])
        if what not in AVOIDABLE:
            return "not_available"
        rest = tuple(road for road in self.avoided if road != what)
        self.avoided = (*rest, what) if args["on"] else rest
        return ""

    def mute(self, _: Mapping[str, Value]) -> str:
        """Silence the guidance."""
        self.muted = True
        return ""

    def unmute(self, _: Mapping[str, Value]) -> str:
        """Let the guidance speak."""
        self.muted = False
        return ""
