"""The way we are on: what it avoids, whether the guidance speaks, when we arrive, where we are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from assistant.core.context import Connectivity, Context
from assistant.core.headunit import Route
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import OneOf, Request
from assistant.core.text import Phrase, SlotValue
from assistant.skills import Skill
from assistant.skills.navigate import Favourite, RouteAvoid, favourite_name


class RouteSwitch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class ArrivalFact(StrEnum):
    """What somebody wants to know about the rest of the way."""

    TIME = "time"
    DURATION = "duration"
    DISTANCE = "distance"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class AvoidRoads(Request):
    """Keep away from a kind of road, or no longer."""

    labels = ("navigation.setting",)
    avoid: RouteAvoid | None = None
    switch: RouteSwitch = RouteSwitch.ON


@dataclass(frozen=True, slots=True)
class SpeakGuidance(Request):
    """Let the guidance speak, or silence it."""

    labels = ("navigation.setting",)
    switch: RouteSwitch = RouteSwitch.ON


@dataclass(frozen=True, slots=True)
class AskArrival(Request):
    """When do we arrive, how long and how far is it, where are we going."""

    labels = ("navigation.route_info",)
    fact: ArrivalFact | None = None
    place: Annotated[str, OneOf("place")] = ""
    favourite: Favourite | None = None


@dataclass(frozen=True, slots=True)
class AskWhere(Request):
    """Where are we."""

    labels = ("navigation.route_info",)


@dataclass(frozen=True, slots=True)
class AskTraffic(Request):
    """How is the traffic."""

    labels = ("navigation.route_info",)
    offline = False
    place: Annotated[str, OneOf("place")] = ""
    """Where, or on the way to where."""


def plan_avoid(request: AvoidRoads, route: Route) -> Decision:
    """Avoid a kind of road from now on, or allow it again."""
    if request.avoid is None:
        return Question(request, Phrase("route.avoid_what"), "avoid")
    on, was = request.switch is RouteSwitch.ON, request.avoid in route.avoid
    what = f"@route_avoid.{request.avoid}"
    if on is was:
        return Answer(request, Phrase(f"route.avoid_{request.switch}", {"what": what}))
    steps = (LocalCall("navigation.avoid", {"what": request.avoid.value, "on": on}),)
    undo = (LocalCall("navigation.avoid", {"what": request.avoid.value, "on": was}),)
    return Plan(request, steps, Phrase(f"route.avoid_{request.switch}", {"what": what}), undo=undo)


def plan_guidance(request: SpeakGuidance, route: Route) -> Decision:
    """Silence the guidance or let it speak."""
    call, back = ("unmute", "mute") if request.switch is RouteSwitch.ON else ("mute", "unmute")
    done = Phrase(f"route.guidance_{request.switch}")
    if route.muted is (call == "mute"):
        return Answer(request, done)
    return Plan(request, (LocalCall(f"navigation.{call}"),), done, undo=(LocalCall(f"navigation.{back}"),))


def whole_minutes(arrival: datetime, now: datetime) -> timedelta:
    """Return the time left, rounded to whole minutes, never negative."""
    return timedelta(minutes=max(0, round((arrival - now).total_seconds() / 60)))


def asks_elsewhere(request: AskArrival, context: Context) -> bool:
    """Tell whether the question is about another place than the route's end."""
    asked = request.place
    if request.favourite is not None:
        asked = favourite_name(request.favourite, context) or request.favourite
    return bool(asked) and asked.casefold() != context.headunit.route.destination.casefold()


def answer_arrival(request: AskArrival, context: Context) -> Decision:
    """Tell about the rest of the way."""
    route = context.headunit.route
    if asks_elsewhere(request, context):
        return Refusal(request, Phrase("route.only_this"), "not_available")
    if not route.active:
        return Answer(request, Phrase("navigate.no_route"))
    if request.fact is ArrivalFact.DESTINATION:
        return Answer(request, Phrase("route.destination", {"place": route.destination}))
    if route.arrival is None or route.remaining_km is None:
        return Refusal(request, Phrase("route.unknown"), "unknown")
    km = round(route.remaining_km, 1 if route.remaining_km < 10 else None)
    slots: dict[str, SlotValue] = {
        "at": route.arrival.time(),
        "left": whole_minutes(route.arrival, context.now),
        "km": km,
    }
    return Answer(request, Phrase(f"route.{request.fact or 'arrival'}", slots))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    headunit = context.headunit
    match request:
        case AvoidRoads():
            return plan_avoid(request, headunit.route)
        case SpeakGuidance():
            return plan_guidance(request, headunit.route)
        case AskArrival():
            return answer_arrival(request, context)
        case AskWhere() if headunit.here:
            return Answer(request, Phrase("route.here", {"here": headunit.here}))
        case AskWhere():
            return Refusal(request, Phrase("route.unknown_here"), "unknown")
    reason = "offline" if context.connectivity is not Connectivity.ONLINE else "not_available"
    return Refusal(request, Phrase(f"route.traffic_{reason}"), reason)


SKILL = Skill("route", (AvoidRoads, SpeakGuidance, AskArrival, AskWhere, AskTraffic), plan)
