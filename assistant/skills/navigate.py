"""Where to: start and end a route, find places, put stops on the way."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from assistant.core.context import Context
from assistant.core.headunit import Route
from assistant.core.order import OVER
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal, Step
from assistant.core.request import OneOf, Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills._orders import another_stop, latest


class Favourite(StrEnum):
    """A place that everybody has one of."""

    HOME = "home"
    WORK = "work"


class PlaceKind(StrEnum):
    """What kind of place is looked for; `Context.names` lists those of a kind under `place.<kind>`, nearest first."""

    FUEL = "fuel"
    CHARGING = "charging"
    PARKING = "parking"
    RESTAURANT = "restaurant"
    CAFE = "cafe"
    TOILET = "toilet"
    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"
    SUPERMARKET = "supermarket"
    BANK = "bank"


class RouteAvoid(StrEnum):
    """Roads that a route can keep away from."""

    TOLLS = "tolls"
    MOTORWAYS = "motorways"
    FERRIES = "ferries"


class WhichStop(StrEnum):
    """Which stops are meant, without their name."""

    NEXT = "next"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class StartRoute(Request):
    """Guide us somewhere."""

    labels = ("navigation.start", "navigation.open", "navigation.search_poi")
    favourite: Favourite | None = None
    place: Annotated[str, OneOf("place")] = ""
    """A listed place, or an address as it was said."""
    via: Annotated[str, OneOf("place")] = ""
    """A stop on the way."""
    avoid: RouteAvoid | None = None


@dataclass(frozen=True, slots=True)
class FindPlace(Request):
    """Find places of a kind nearby and offer the nearest."""

    labels = ("navigation.search_poi", "restaurant.search")
    kind: PlaceKind | None = None
    place: Annotated[str, OneOf("place")] = ""
    """The one that was chosen."""
    wish: str = ""
    """What was looked for in free words, when it is of no kind the map knows."""


@dataclass(frozen=True, slots=True)
class StopRoute(Request):
    """End the guidance."""

    labels = ("navigation.stop",)


@dataclass(frozen=True, slots=True)
class AddStop(Request):
    """Put a stop on the way."""

    labels = ("navigation.edit_stop",)
    favourite: Favourite | None = None
    place: Annotated[str, OneOf("place")] = ""
    kind: PlaceKind | None = None


@dataclass(frozen=True, slots=True)
class RemoveStop(Request):
    """Take a stop off the way."""

    labels = ("navigation.edit_stop",)
    place: Annotated[str, OneOf("place")] = ""
    which: WhichStop | None = None


def back_to(route: Route) -> tuple[Step, ...]:
    """Return the steps that put the route back as it was."""
    if not route.active:
        return (LocalCall("navigation.stop"),)
    stops = (LocalCall("navigation.add_stop", {"place": stop}) for stop in route.stops)
    return (LocalCall("navigation.start", {"destination": route.destination}), *stops)


def favourite_name(favourite: Favourite, context: Context) -> str:
    """Return the address kept for it, else its listed name, else nothing."""
    kept = context.preferences.get(favourite, "")
    return kept or next(iter(context.names.get(f"place.{favourite}", ())), "")


def plan_start(request: StartRoute, context: Context) -> Decision:
    """Start a route."""
    destination, said = request.place, request.place
    if request.favourite is not None:
        destination, said = favourite_name(request.favourite, context), f"@favourite.{request.favourite}"
        if not destination:
            return Refusal(request, Phrase(f"navigate.no_{request.favourite}"), "unknown")
    if not destination:
        return Question(request, Phrase("navigate.where_to"), "place")
    steps: list[Step] = [LocalCall("navigation.start", {"destination": destination})]
    undo = list(back_to(context.headunit.route))
    if request.via:
        steps.append(LocalCall("navigation.add_stop", {"place": request.via}))
    if request.avoid is not None:
        steps.append(LocalCall("navigation.avoid", {"what": request.avoid.value, "on": True}))
        if request.avoid not in context.headunit.route.avoid:
            undo.append(LocalCall("navigation.avoid", {"what": request.avoid.value, "on": False}))
    done = Phrase("navigate.started_via" if request.via else "navigate.started", {"place": said, "via": request.via})
    return Plan(request, tuple(steps), done, undo=tuple(undo))


def plan_find(request: FindPlace, context: Context) -> Decision:
    """Offer the nearest places, or go to the chosen one."""
    if request.place:
        steps = (LocalCall("navigation.start", {"destination": request.place}),)
        done = Phrase("navigate.started", {"place": request.place})
        return Plan(request, steps, done, undo=back_to(context.headunit.route))
    if request.kind is None:
        return Refusal(request, Phrase("navigate.no_such", {"wish": request.wish}), "not_found")
    near = context.names.get(f"place.{request.kind}", ())[:3]
    if not near:
        return Refusal(request, Phrase("navigate.none_near", {"kind": f"@place_kind.{request.kind}"}), "not_found")
    key = "navigate.nearest" if len(near) == 1 else "navigate.near"
    return Question(request, Phrase(key, {"choices": near, "kind": f"@place_kind.{request.kind}"}), "place", near)


def plan_add(request: AddStop, context: Context) -> Decision:
    """Put a stop on the running route."""
    route, stop = context.headunit.route, request.place
    riding = latest(context, "ride")
    if not route.active and stop and riding is not None and riding.state not in OVER:
        return another_stop(request, stop, riding)
    if not route.active:
        return Refusal(request, Phrase("navigate.no_route"), "no_route")
    if request.favourite is not None:
        stop = favourite_name(request.favourite, context)
    if request.kind is not None:
        near = context.names.get(f"place.{request.kind}", ())[:3]
        if not near:
            return Refusal(request, Phrase("navigate.none_near", {"kind": f"@place_kind.{request.kind}"}), "not_found")
        if not stop:
            slots: dict[str, SlotValue] = {"choices": near, "kind": f"@place_kind.{request.kind}"}
            return Question(request, Phrase("navigate.near", slots), "place", near)
    if not stop:
        return Question(request, Phrase("navigate.which_stop"), "place")
    steps = (LocalCall("navigation.add_stop", {"place": stop}),)
    undo = (LocalCall("navigation.remove_stop", {"place": stop}),)
    return Plan(request, steps, Phrase("navigate.stop_added", {"place": stop}), undo=undo)


def plan_remove(request: RemoveStop, route: Route) -> Decision:
    """Take stops off the running route."""
    if not route.stops:
        return Answer(request, Phrase("navigate.no_stops"))
    if request.place:
        gone = tuple(stop for stop in route.stops if stop.casefold() == request.place.casefold())
    elif request.which is WhichStop.ALL or len(route.stops) == 1:
        gone = route.stops
    elif request.which is not None:
        gone = route.stops[:1] if request.which is WhichStop.NEXT else route.stops[-1:]
    else:
        choices = route.stops[:3]
        return Question(request, Phrase("navigate.which_removed", {"choices": choices}), "place", choices)
    if not gone:
        return Refusal(request, Phrase("navigate.not_a_stop", {"place": request.place}), "not_found")
    steps = tuple(LocalCall("navigation.remove_stop", {"place": stop}) for stop in gone)
    undo = tuple(LocalCall("navigation.add_stop", {"place": stop}) for stop in gone)
    return Plan(request, steps, Phrase("navigate.stops_removed", {"places": gone}), undo=undo)


def plan_stop(request: StopRoute, route: Route) -> Decision:
    """End the guidance."""
    if not route.active:
        return Answer(request, Phrase("navigate.no_route"))
    return Plan(request, (LocalCall("navigation.stop"),), Phrase("navigate.stopped"), undo=back_to(route))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    match request:
        case StartRoute():
            return plan_start(request, context)
        case FindPlace():
            return plan_find(request, context)
        case AddStop():
            return plan_add(request, context)
        case RemoveStop():
            return plan_remove(request, context.headunit.route)
    assert isinstance(request, StopRoute)
    return plan_stop(request, context.headunit.route)


SKILL = Skill("navigate", (StartRoute, FindPlace, StopRoute, AddStop, RemoveStop), plan)
