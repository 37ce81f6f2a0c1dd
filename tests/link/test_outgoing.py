from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bridge.providers import asks, wishes
from assistant.link.outgoing import CALLS, MAX_ROWS, MAX_TEXT, Point, Rows, call_body, change_body, plain_body
from assistant.link.wire import Fault, Op, WireError

HERE = {"name": "home", "latitude_deg": 31.23456789, "longitude_deg": -121.98765432, "address": "Elm Street 7"}


def refused(call: str, args: dict[str, Any]) -> bool:
    service, method = call.split(".")
    try:
        call_body(service, method, args)
    except WireError as error:
        return error.fault is Fault.NOT_ALLOWED
    return False


@pytest.mark.parametrize(("call", "decimals"), [("ride.book", 4), ("ride.products", 3)])
def test_a_place_is_rounded_to_what_the_service_needs(call: str, decimals: int) -> None:
    service, method = call.split(".")
    body = call_body(service, method, {"pickup": HERE, "stops": (HERE,)})
    for place in (body["args"]["pickup"], body["args"]["stops"][0]):
        assert (place["latitude_deg"], place["longitude_deg"]) == (
            round(31.23456789, decimals),
            round(-121.98765432, decimals),
        )


def test_weather_learns_the_town_only_and_a_search_the_quarter() -> None:
    assert call_body("weather", "forecast", {"near": HERE})["args"]["near"]["latitude_deg"] == 31.2
    assert call_body("meal", "nearby", {"near": HERE})["args"]["near"]["latitude_deg"] == 31.23
    assert change_body("ride", {"add_stop": HERE})["args"]["add_stop"]["latitude_deg"] == 31.2346


def test_of_the_weather_the_days_leave_as_a_number_only() -> None:
    asked = {"near": {"name": "Fresno"}, "day": "2026-11-30", "days": 7}
    assert call_body("weather", "forecast", asked)["args"] == asked
    for days in ("7", True, [7], float("inf")):
        assert refused("weather.forecast", {"days": days})


@pytest.mark.parametrize("call", sorted(CALLS))
@pytest.mark.parametrize("extra", ["transcript", "audio", "contacts", "vin", "speed", "location", "heard"])
def test_a_field_that_is_not_listed_never_leaves(call: str, extra: str) -> None:
    assert refused(call, {extra: "x"})


def test_nor_does_one_hidden_in_a_place_a_person_a_list_or_a_text() -> None:
    assert refused("ride.book", {"pickup": {**HERE, "contact": "x"}})
    assert refused("ride.book", {"passenger": {"name": "Li", "email": "x"}})
    assert refused("meal.order", {"lines": [{"dish": "x", "heard": "y"}]})
    assert refused("meal.order", {"lines": [{"dish": {"audio": "x"}}]})
    assert refused("meal.order", {"lines": [{"dish": "x", "options": {"size": {"audio": "x"}}}]})
    assert refused("places.find", {"words": "x" * (MAX_TEXT + 1)})
    assert refused("routes.route", {"avoid": ["x"] * (MAX_ROWS + 1)})
    assert refused("ride.book", {"seats": float("nan")})
    assert refused("ride.book", {"seats": "2"})


@pytest.mark.parametrize("call", ["microphone.stream", "ride.", "ride.spy", "contacts.upload", "weather.change"])
def test_a_call_that_is_not_listed_never_leaves(call: str) -> None:
    assert refused(call, {})


def test_a_service_call_does_not_go_out_by_the_back_door() -> None:
    with pytest.raises(WireError):
        plain_body(Op.QUOTE, {"service": "ride", "args": {"audio": "x"}})
    with pytest.raises(WireError):
        plain_body(Op.STATUS, {"note": "x"})
    with pytest.raises(WireError):
        plain_body(Op.COMMIT, {"read_back": "x"})


def test_what_was_not_said_is_left_out() -> None:
    assert call_body("ride", "book", {"at": None, "seats": 2})["args"] == {"seats": 2}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=500)
@given(
    st.sampled_from(sorted(CALLS)),
    st.dictionaries(st.text(max_size=10) | st.sampled_from(["pickup", "lines", "near"]), JUNK, max_size=4),
)
def test_whatever_is_asked_for_only_listed_fields_leave(call: str, args: dict[str, Any]) -> None:
    service, method = call.split(".")
    try:
        body = call_body(service, method, args)
    except WireError:
        return
    assert body["args"].keys() <= CALLS[call].keys()


SHAPES = {
    "ride.book": "RideWish",
    "ride.change": "RideChange",
    "ride.products": "RideEstimate",
    "meal.order": "MealWish",
    "meal.change": "MealChange",
    "meal.nearby": "KitchenSearch",
    "meal.menu": "MenuAsk",
    "hotel.search": "HotelSearch",
    "hotel.rates": "RateAsk",
    "hotel.book": "HotelWish",
    "hotel.change": "HotelChange",
    "travel.search": "TripSearch",
    "travel.book": "TravelWish",
    "travel.change": "TravelChange",
    "parcel.mine": "Nothing",
    "parcel.track": "ParcelAsk",
    "parcel.redirect": "RedirectWish",
    "shop.search": "ProductSearch",
    "shop.buy": "ShopWish",
    "shop.reorder": "ReorderWish",
    "shop.change": "ShopChange",
    "pay.pay": "PayWish",
    "pay.due": "Nothing",
    "pay.limits": "Nothing",
    "places.find": "PlaceSearch",
    "routes.route": "RouteAsk",
    "weather.forecast": "ForecastAsk",
}


def test_the_list_is_what_the_services_take() -> None:
    assert SHAPES.keys() == CALLS.keys()
    for call, name in SHAPES.items():
        shape = getattr(wishes, name, None) or getattr(asks, name)
        assert set(CALLS[call]) == {field.name for field in fields(shape)}, call


def test_every_place_on_the_list_is_rounded() -> None:
    def points(kind: Any) -> bool:
        return isinstance(kind, Point) or (isinstance(kind, Rows) and isinstance(kind.row, Point))

    for listed in CALLS.values():
        for name, kind in listed.items():
            assert points(kind) or not isinstance(kind, dict) or "latitude_deg" not in kind, name
