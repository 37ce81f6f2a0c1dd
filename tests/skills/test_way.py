"""Routes: where to, stops, what to avoid, when we arrive."""

from datetime import UTC, datetime, time, timedelta

import pytest

from assistant.core.context import Connectivity, Context
from assistant.core.headunit import HeadUnit, Route
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.skills import by_request
from assistant.skills.navigate import (
    AddStop,
    Favourite,
    FindPlace,
    PlaceKind,
    RemoveStop,
    RouteAvoid,
    StartRoute,
    WhichStop,
)
from assistant.skills.route import ArrivalFact, AskArrival, AskTraffic, AskWhere, AvoidRoads, RouteSwitch, SpeakGuidance

NOW = datetime(2026, 11, 6, 14, 0, tzinfo=UTC)
NAMES = {
    "place": ("Airport", "Library"),
    "place.home": ("12 Maple Avenue",),
    "place.fuel": ("Shell", "Esso", "Total", "Aral"),
    "place.bank": ("City Bank",),
}
ROUTE = Route(
    active=True,
    destination="Airport",
    stops=("Library", "Museum"),
    remaining_km=12.34,
    arrival=NOW + timedelta(minutes=20),
)


def decided(
    request: Request, route: Route = ROUTE, preferences: dict[str, str] | None = None, here: str = ""
) -> Decision:
    around = Context(0.0, NOW, headunit=HeadUnit(route=route, here=here), names=NAMES, preferences=preferences or {})
    return by_request()[type(request)].plan(request, around)


def test_taking_back_a_new_route_returns_to_the_old_one_with_its_stops() -> None:
    plan = decided(StartRoute(place="Library"))

    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("navigation.start", {"destination": "Library"}),)
    assert plan.undo == (
        LocalCall("navigation.start", {"destination": "Airport"}),
        LocalCall("navigation.add_stop", {"place": "Library"}),
        LocalCall("navigation.add_stop", {"place": "Museum"}),
    )


def test_taking_back_a_first_route_and_what_it_avoids_leaves_nothing() -> None:
    plan = decided(StartRoute(place="Library", avoid=RouteAvoid.TOLLS), Route())

    assert isinstance(plan, Plan)
    assert plan.undo == (LocalCall("navigation.stop"), LocalCall("navigation.avoid", {"what": "tolls", "on": False}))


def test_home_is_the_address_kept_as_home_then_the_one_on_the_map() -> None:
    kept = decided(StartRoute(Favourite.HOME), preferences={"home": "5 Elm Road"})
    listed = decided(StartRoute(Favourite.HOME))
    nowhere = decided(StartRoute(Favourite.WORK))

    assert isinstance(kept, Plan)
    assert kept.steps == (LocalCall("navigation.start", {"destination": "5 Elm Road"}),)
    assert isinstance(listed, Plan)
    assert listed.steps == (LocalCall("navigation.start", {"destination": "12 Maple Avenue"}),)
    assert isinstance(nowhere, Refusal)


def test_a_route_without_a_goal_asks_where_to() -> None:
    question = decided(StartRoute())

    assert isinstance(question, Question)
    assert question.field == "place"


def test_at_most_three_places_are_offered_and_the_chosen_one_is_the_goal() -> None:
    question = decided(FindPlace(PlaceKind.FUEL))
    chosen = decided(FindPlace(PlaceKind.FUEL, "Esso"))

    assert isinstance(question, Question)
    assert question.choices == ("Shell", "Esso", "Total")
    assert isinstance(chosen, Plan)
    assert chosen.steps == (LocalCall("navigation.start", {"destination": "Esso"}),)


def test_a_kind_of_place_that_is_not_near_is_said_so() -> None:
    for request in (FindPlace(PlaceKind.HOSPITAL), FindPlace(wish="circus"), AddStop(kind=PlaceKind.HOSPITAL)):
        assert isinstance(decided(request), Refusal)


def test_a_stop_needs_a_route() -> None:
    assert isinstance(decided(AddStop(place="Library"), Route()), Refusal)
    assert isinstance(decided(AddStop()), Question)


@pytest.mark.parametrize(
    ("request_", "gone"),
    [
        (RemoveStop(place="museum"), ("Museum",)),
        (RemoveStop(which=WhichStop.NEXT), ("Library",)),
        (RemoveStop(which=WhichStop.LAST), ("Museum",)),
        (RemoveStop(which=WhichStop.ALL), ("Library", "Museum")),
    ],
)
def test_the_stops_that_are_meant_are_removed(request_: RemoveStop, gone: tuple[str, ...]) -> None:
    plan = decided(request_)

    assert isinstance(plan, Plan)
    assert plan.steps == tuple(LocalCall("navigation.remove_stop", {"place": stop}) for stop in gone)


def test_an_unnamed_stop_is_asked_for_only_where_there_are_several() -> None:
    assert isinstance(decided(RemoveStop()), Question)
    assert isinstance(decided(RemoveStop(), Route(active=True, destination="Airport", stops=("Library",))), Plan)
    assert isinstance(decided(RemoveStop(), Route()), Answer)
    assert isinstance(decided(RemoveStop(place="Moon")), Refusal)


def test_what_is_avoided_already_is_only_said() -> None:
    assert isinstance(decided(AvoidRoads(RouteAvoid.TOLLS), Route(avoid=("tolls",))), Answer)
    plan = decided(AvoidRoads(RouteAvoid.TOLLS, RouteSwitch.OFF), Route(avoid=("tolls",)))

    assert isinstance(plan, Plan)
    assert plan.undo == (LocalCall("navigation.avoid", {"what": "tolls", "on": True}),)


def test_guidance_that_is_silent_already_stays_so() -> None:
    assert isinstance(decided(SpeakGuidance(RouteSwitch.OFF), Route(muted=True)), Answer)
    assert isinstance(decided(SpeakGuidance(RouteSwitch.ON), Route(muted=True)), Plan)


def test_the_rest_of_the_way_is_told_in_round_figures() -> None:
    answer = decided(AskArrival(ArrivalFact.DURATION))

    assert isinstance(answer, Answer)
    assert answer.phrase.key == "route.duration"
    assert answer.phrase.slots == {"at": time(14, 20), "left": timedelta(minutes=20), "km": 12}


def test_the_way_to_another_place_is_not_made_up() -> None:
    assert isinstance(decided(AskArrival(place="Library")), Refusal)
    assert isinstance(decided(AskArrival(place="airport")), Answer)


def test_where_we_are_is_only_told_if_it_is_known() -> None:
    assert isinstance(decided(AskWhere()), Refusal)
    assert isinstance(decided(AskWhere(), here="Old Town"), Answer)


def test_the_traffic_needs_a_connection_and_says_so() -> None:
    offline = decided(AskTraffic())
    online = by_request()[AskTraffic].plan(AskTraffic(), Context(0.0, NOW, connectivity=Connectivity.ONLINE))

    assert isinstance(offline, Refusal)
    assert isinstance(online, Refusal)
    assert (offline.reason, online.reason) == ("offline", "not_available")
