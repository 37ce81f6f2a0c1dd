"""The sandbox companies behave like the real trade, and fail as told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.bridge import shape
from assistant.bridge.providers import faults
from assistant.bridge.providers.around import SandboxPlaces, SandboxRoutes, SandboxWeather
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
from assistant.bridge.providers.desk import Desk
from assistant.bridge.providers.faults import Fault, Switch
from assistant.bridge.providers.hotel import SandboxHotel
from assistant.bridge.providers.meal import SandboxMeal
from assistant.bridge.providers.parcel import ParcelState, SandboxParcels
from assistant.bridge.providers.pay import SandboxBills, SandboxMoney
from assistant.bridge.providers.phone import SandboxPhone
from assistant.bridge.providers.ride import SandboxRide
from assistant.bridge.providers.shop import SandboxShop
from assistant.bridge.providers.tables import bookings, calls
from assistant.bridge.providers.trade import Declined, Limits, Stage, Unreachable, Unsure
from assistant.bridge.providers.travel import SandboxTravel
from assistant.bridge.providers.wishes import Where
from assistant.bridge.providers.world import world
from assistant.core.money import Money
from assistant.core.quote import canonical

TRIP = {"pickup": {"name": "Wulin Square"}, "destination": {"name": "杭州东站"}}
LIMITS = Limits("CNY", 20_000, 500_000, 1_000_000)

WISHES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "ride": (SandboxRide, "book", TRIP),
    "meal": (SandboxMeal, "order", {"lines": [{"dish": "latte", "options": {"size": "large"}}]}),
    "hotel": (SandboxHotel, "book", {"hotel": "lakeview", "check_in": "2026-11-22", "nights": 2}),
    "travel": (SandboxTravel, "book", {"legs": [{"origin": "Hangzhou", "destination": "上海", "day": "2026-11-22"}]}),
    "parcel": (SandboxParcels, "redirect", {"parcel": "book", "address": {"name": "Civic Center"}}),
    "pay": (SandboxBills, "pay", {"payee": "parking"}),
}


def trade(desk: Desk, service: str) -> tuple[Any, str, dict[str, Any]]:
    made, method, args = WISHES[service]
    return made(desk, world()), method, args


@pytest.mark.parametrize("service", list(WISHES))
def test_a_wish_is_priced_bought_told_and_done_once(desk: Desk, order_ids: Callable[[], str], service: str) -> None:
    shop, method, args = trade(desk, service)
    order = order_ids()

    offer = shop.offer(f"{order}:quote", order, method, args)
    assert shop.offer(f"{order}:quote", order, method, args) == offer
    first = shop.place(f"{order}:place", order, "car1", offer)
    again = shop.place(f"{order}:place", order, "car1", offer)

    assert first == again == shop.find(f"{order}:place") == shop.look(first.reference)
    assert offer.quote.amount.minor == sum(item.minor for item in offer.quote.items)
    assert len(shop.statement(0)) == 1
    rows = desk.database.read(
        lambda c: c.execute(sa.select(calls.c.calls).where(calls.c.key == f"{order}:place")).scalars().all()
    )
    assert rows == [2]


def test_a_ride_goes_through_the_states_of_the_trade_and_its_driver_comes_nearer(
    desk: Desk, clock: Any, order_ids: Callable[[], str]
) -> None:
    ride, order = SandboxRide(desk, world()), order_ids()
    booking = ride.place("k", order, "car1", ride.offer("q", order, "book", TRIP))
    seen, etas = [booking.state], []

    for _ in range(150):
        clock.now += 15
        booking = ride.look(booking.reference)
        if booking.state != seen[-1]:
            seen.append(booking.state)
        if booking.state in {"accepted", "arriving"}:
            etas.append(booking.facts["driver_latitude_deg"])

    assert seen == ["processing", "accepted", "arriving", "arrived", "in_progress", "completed"]
    assert booking.stage is Stage.OVER
    assert etas == sorted(etas, reverse=True)
    with pytest.raises(Declined, match="too_late"):
        ride.cancel("c", order, booking.reference)


def test_more_seats_luggage_stops_and_sharing_change_the_price(desk: Desk) -> None:
    ride = SandboxRide(desk, world())
    trip = RideEstimate(Where("Wulin Square"), Where("East Station"))

    alone = {p.vehicle_class: p.price.minor for p in ride.products(trip)}
    six = ride.products(RideEstimate(trip.pickup, trip.destination, seats=6))
    stop = ride.products(RideEstimate(trip.pickup, trip.destination, (Where("West Lake"),)))
    shared = ride.products(RideEstimate(trip.pickup, trip.destination, shared=True))

    assert list(alone.values()) == sorted(alone.values())
    assert [p.vehicle_class for p in six] == ["van"]
    assert stop[0].price.minor > alone["economy"] > shared[0].price.minor


def test_a_price_above_the_ceiling_is_refused_with_the_price(desk: Desk, order_ids: Callable[[], str]) -> None:
    ride, order = SandboxRide(desk, world()), order_ids()

    with pytest.raises(Declined, match="over_ceiling") as caught:
        ride.offer("q", order, "book", {**TRIP, "ceiling": {"minor": 1000, "currency": "CNY"}})

    assert caught.value.quote is not None
    assert caught.value.quote.amount > Money(1000, "CNY")


def test_a_stop_added_on_the_way_costs_more_and_is_billed_as_a_whole(desk: Desk, order_ids: Callable[[], str]) -> None:
    ride, order = SandboxRide(desk, world()), order_ids()
    offer = ride.offer("q", order, "book", TRIP)
    booking = ride.place("k", order, "car1", offer)

    more = ride.reoffer("q2", order, booking.reference, {"add_stop": {"name": "West Lake"}})
    ride.alter("k2", order, booking.reference, more)

    assert more.quote.amount > offer.quote.amount
    assert [entry.amount for entry in ride.statement(0)] == [more.quote.amount]


def test_cancelling_costs_what_the_refund_rule_said(desk: Desk, clock: Any, order_ids: Callable[[], str]) -> None:
    hotel, fees = SandboxHotel(desk, world()), []
    for step in (0, 1, 2):
        order = order_ids()
        start = clock.now
        offer = hotel.offer(f"{order}:q", order, "book", WISHES["hotel"][2])
        booking = hotel.place(f"{order}:p", order, "car1", offer)
        ends = [part.until for part in offer.quote.refund[:step]]
        clock.now = max([start, *(until + 1 for until in ends if until is not None)])
        fees.append(hotel.cancel(f"{order}:c", order, booking.reference).fee_minor)
        assert fees[-1] == offer.quote.fee(clock.now).minor
        clock.now = start

    assert fees == [0, 98_000, 196_000]


def test_rooms_run_out_and_come_back_when_an_offer_lapses(desk: Desk, clock: Any, order_ids: Callable[[], str]) -> None:
    hotel = SandboxHotel(desk, world())
    wish = {"hotel": "龙井民宿", "check_in": "2026-11-25", "rooms": 3, "guests": 3}
    first, second = order_ids(), order_ids()
    hotel.offer("q1", first, "book", wish)

    with pytest.raises(Declined, match="sold_out"):
        hotel.offer("q2", second, "book", wish)
    clock.now += 1000
    assert hotel.offer("q3", second, "book", wish).quote.amount.minor == 3 * 28_800


def test_an_itinerary_has_every_leg_after_the_one_before_or_none(desk: Desk, order_ids: Callable[[], str]) -> None:
    travel = SandboxTravel(desk, world())
    there = {"origin": "Hangzhou", "destination": "Shanghai", "day": "2026-11-22", "after": "09:00"}
    on = {"origin": "Shanghai", "destination": "Nanjing", "day": "2026-11-22"}
    nowhere = {"origin": "Nanjing", "destination": "Shenzhen", "day": "2026-11-22"}

    facts = travel.offer("q", order_ids(), "book", {"legs": [there, on]}).facts

    assert facts["legs"] == 2
    assert str(facts["departs"])[11:16] >= "09:00"
    with pytest.raises(Declined, match="not_available"):
        travel.offer("q2", order_ids(), "book", {"legs": [there, on, nowhere]})


def test_one_leg_can_be_moved_to_a_later_train(desk: Desk, order_ids: Callable[[], str]) -> None:
    travel, order = SandboxTravel(desk, world()), order_ids()
    booking = travel.place("p", order, "car1", travel.offer("q", order, "book", WISHES["travel"][2]))

    later = travel.reoffer("q2", order, booking.reference, {"leg": 1, "after": "15:00"})

    assert str(later.facts["departs"])[11:16] >= "15:00"


def test_a_parcel_on_the_van_cannot_be_sent_elsewhere(desk: Desk, order_ids: Callable[[], str]) -> None:
    parcels = SandboxParcels(desk, world())

    assert parcels.track("car1", ParcelAsk("鞋子")).state == ParcelState.OUT_FOR_DELIVERY
    assert {parcel.state for parcel in parcels.mine("car1")} <= set(ParcelState)
    with pytest.raises(Declined, match="too_late"):
        parcels.offer("q", order_ids(), "redirect", {"parcel": "shoes", "day": "2026-11-25"})


def test_the_shop_sells_again_what_it_sold_and_takes_it_back(
    desk: Desk, clock: Any, order_ids: Callable[[], str]
) -> None:
    shop, first, second = SandboxShop(desk, world()), order_ids(), order_ids()
    offer = shop.offer("q", first, "buy", {"lines": [{"product": "screen wash", "count": 2}]})
    booking = shop.place("p", first, "car1", offer)

    again = shop.offer("q2", second, "reorder", {"order": first})
    clock.now += 5 * 86_400

    assert again.quote.items == offer.quote.items
    assert shop.cancel("c", first, booking.reference).fee_minor == 800


def test_the_coffee_menu_has_every_option_that_can_be_said(desk: Desk) -> None:
    coffee = SandboxMeal(desk, world()).menu(MenuAsk("湖畔咖啡"))
    options = coffee[0].options

    assert {dish.id for dish in coffee} >= {
        "drip_coffee",
        "iced_mocha",
        "americano",
        "espresso",
        "cappuccino",
        "house_coffee",
    }
    assert set(options) == {"size", "shots", "roast", "milk", "milk_amount", "sugar", "sugar_amount"}
    assert {"eight_ounce", "twenty_ounce"} <= set(options["size"])


def test_food_is_found_nearby_in_both_languages_and_delivered_only_so_far(
    desk: Desk, order_ids: Callable[[], str]
) -> None:
    meal = SandboxMeal(desk, world())
    near = meal.nearby(KitchenSearch(Where("East Station"), "咖啡"))
    wish = {"lines": [{"dish": "牛肉面"}], "handover": "delivery", "address": {"name": "Airport"}}

    assert near[0].id == "station-coffee"
    with pytest.raises(Declined, match="too_far"):
        meal.offer("q", order_ids(), "order", wish)


def test_places_routes_weather_and_searches_answer(desk: Desk) -> None:
    everything = world()
    places = SandboxPlaces(desk, everything)

    assert places.find(PlaceSearch("hospital", Where("West Lake")))[0].kind == "hospital"
    assert places.find(PlaceSearch("西湖"))[0].id == "west-lake"
    assert places.find(PlaceSearch("", Where("Civic Center"), "charging"))[0].id == "charge-1"
    route = SandboxRoutes(desk, everything).route(RouteAsk(Where("West Lake"), Where("Shanghai")))
    assert 150 < route.km < 300
    forecast = SandboxWeather(desk, everything).forecast(ForecastAsk(Where("北京"), "2026-11-22"))
    assert forecast == SandboxWeather(desk, everything).forecast(ForecastAsk(Where("Beijing"), "2026-11-22"))
    hotels = SandboxHotel(desk, everything)
    assert hotels.search(HotelSearch(Where("Hangzhou"), stars=5))[0].id == "riverside"
    assert [rate.free_until is None for rate in hotels.rates(RateAsk("lakeview"))] == [True, False, False]
    trains = SandboxTravel(desk, everything).search(TripSearch("Hangzhou", "Shanghai", "2026-11-22", "18:00"))
    assert len(trains) == 3
    assert SandboxShop(desk, everything).search(ProductSearch("cat food"))[0].id == "cat_food"


def forecast(desk: Desk, first: int, days: int) -> dict[str, Any]:
    """Return as JSON what is told of `days` days in Beijing, the first of them so many after today."""
    everything = world()
    day = everything.today(desk.clock()) + timedelta(days=first)
    ask = shape.read(ForecastAsk, {"near": {"name": "Beijing"}, "day": day.isoformat(), "days": days})
    told = shape.write(SandboxWeather(desk, everything).forecast(ask))
    assert isinstance(told, dict)
    return told


def test_the_weather_of_several_days_is_that_of_each_as_far_as_it_is_known(desk: Desk) -> None:
    week = forecast(desk, 1, 7)
    each = [forecast(desk, 1 + number, 1) for number in range(7)]

    assert {key: value for key, value in week.items() if key != "further"} == each[0]
    assert [{**row, "place": "Beijing", "place_zh": "北京"} for row in week["further"]] == each[1:]
    assert len(forecast(desk, 0, 10)["further"]) == len(forecast(desk, 0, 99)["further"]) == 9
    assert len(forecast(desk, 7, 7)["further"]) == 3, "ten days ahead and no more"
    assert forecast(desk, 10, 7)["further"] == []
    with pytest.raises(Declined, match="beyond_forecast"):
        forecast(desk, 11, 7)


def test_one_day_is_answered_in_the_same_bytes_as_before_there_were_several(desk: Desk) -> None:
    everything = world()
    told = SandboxWeather(desk, everything).forecast(shape.read(ForecastAsk, {"near": {"name": "北京"}}))

    assert canonical(shape.write(told)).decode() == (
        f'{{"day":"{told.day}","high_celsius":{told.high_celsius},"low_celsius":{told.low_celsius},"place":"Beijing",'
        f'"place_zh":"北京","rain_percent":{told.rain_percent},"sky":"{told.sky}","wind_kmh":{told.wind_kmh}}}'
    )


def test_money_is_taken_once_given_back_once_and_never_above_the_limit(
    desk: Desk, order_ids: Callable[[], str]
) -> None:
    money, order = SandboxMoney(desk, LIMITS), order_ids()
    amount = Money(5000, "CNY")

    held = money.authorise("a", order, "car1", "Kitchen", amount)
    taken = [money.capture("c", order, held.reference, amount) for _ in range(3)][-1]
    back = [money.refund("r", order, held.reference, Money(4000, "CNY")) for _ in range(3)][-1]

    assert (taken.captured.minor, back.refunded.minor) == (5000, 4000)
    assert [(entry.kind, entry.amount.minor) for entry in money.statement(0)] == [("capture", 5000), ("refund", 4000)]
    with pytest.raises(Declined, match="nothing_to_refund"):
        money.refund("r2", order, held.reference, Money(1001, "CNY"))
    with pytest.raises(Declined, match="over_limit"):
        money.authorise("a2", order, "car1", "Kitchen", Money(500_001, "CNY"))
    with pytest.raises(Declined, match="key_reused"):
        money.authorise("a", order, "car1", "Kitchen", Money(1, "CNY"))


def test_the_phone_tells_its_answer_until_it_is_acknowledged(desk: Desk, order_ids: Callable[[], str]) -> None:
    phone, order = SandboxPhone(desk), order_ids()
    for _ in range(2):
        phone.ask("k", order, "car1", "d" * 64, Money(1, "CNY"), "Kitchen")

    assert phone.answers() == ()
    assert phone.answer(order, yes=True) == 1
    assert phone.answers() == ((order, "d" * 64, True),)
    phone.acknowledge(order, "d" * 64)
    assert phone.answers() == ()


def arm(desk: Desk, fault: Fault, value: float = 0.0, times: int = 1, method: str = faults.ANY) -> None:
    faults.set_fault(desk.database, Switch(fault, "ride", method, value=value, times=times))


def test_a_company_told_to_fail_fails_in_each_way(desk: Desk, clock: Any, order_ids: Callable[[], str]) -> None:
    ride, order = SandboxRide(desk, world()), order_ids()
    offer = ride.offer("q", order, "book", TRIP)

    arm(desk, Fault.SLOW, 3.0)
    arm(desk, Fault.DOWN)
    with pytest.raises(Unreachable):
        ride.place("k", order, "car1", offer)
    assert clock.slept == [3.0]
    arm(desk, Fault.SOLD_OUT)
    with pytest.raises(Declined, match="sold_out"):
        ride.place("k", order, "car1", offer)
    arm(desk, Fault.TIMEOUT_BEFORE_TAKING)
    with pytest.raises(Unsure):
        ride.place("k", order, "car1", offer)
    assert ride.find("k") is None
    arm(desk, Fault.TIMEOUT_AFTER_TAKING)
    with pytest.raises(Unsure):
        ride.place("k", order, "car1", offer)
    assert ride.find("k") == ride.place("k", order, "car1", offer)


def test_a_price_that_moved_by_a_cent_is_not_sold_at_the_old_one(desk: Desk, order_ids: Callable[[], str]) -> None:
    ride, order = SandboxRide(desk, world()), order_ids()
    offer = ride.offer("q", order, "book", TRIP)
    arm(desk, Fault.PRICE_CHANGED, 1, method="place")

    with pytest.raises(Declined, match="price_changed"):
        ride.place("k", order, "car1", offer)
    dearer = ride.offer("q2", order, "book", TRIP)

    assert dearer.quote.amount.minor == offer.quote.amount.minor + 1
    assert dearer.quote.digest != offer.quote.digest
    assert ride.place("k2", order, "car1", dearer).stage is Stage.UNDER_WAY


def test_news_comes_late_twice_or_out_of_order_when_told_to(
    desk: Desk, clock: Any, order_ids: Callable[[], str]
) -> None:
    ride = SandboxRide(desk, world())
    told: dict[Fault, list[int]] = {}
    for fault in (Fault.DOUBLE_CALLBACK, Fault.OUT_OF_ORDER, Fault.LOST_CALLBACK, Fault.CALLED_OFF):
        order = order_ids()
        offer = ride.offer(f"{order}:q", order, "book", TRIP)
        arm(desk, fault, method="place")
        ride.place(f"{order}:p", order, "car1", offer)
        clock.now += 3 * 3600
        news = [callback for callback in ride.callbacks(99) if callback.order == order]
        told[fault] = [callback.booking.seq for callback in news]
        ride.acknowledge(news)
        assert [callback for callback in ride.callbacks(99) if callback.order == order] == []

    assert told[Fault.DOUBLE_CALLBACK] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    assert sorted(told[Fault.OUT_OF_ORDER]) == [1, 2, 3, 4, 5, 6, 7]
    assert told[Fault.LOST_CALLBACK] == []
    assert told[Fault.CALLED_OFF] == [1]


def test_forgetting_an_order_keeps_its_amount_and_nothing_else(desk: Desk, order_ids: Callable[[], str]) -> None:
    meal, order = SandboxMeal(desk, world()), order_ids()
    wish = {
        "lines": [{"dish": "latte"}],
        "handover": "delivery",
        "address": {"name": "West Lake", "address": "secret lane 5"},
    }
    meal.place("p", order, "car1", meal.offer("q", order, "order", wish))

    meal.forget(order)

    rows = desk.database.read(lambda c: c.execute(sa.select(bookings)).all())
    assert [row.amount for row in rows] == [3400]
    assert "secret" not in str(rows)
    assert "car1" not in str(rows)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ({**TRIP, "speed": 9}, "no field 'speed'"),
        ({**TRIP, "seats": "two"}, "seats is not int"),
        ({**TRIP, "seats": True}, "seats is not int"),
        ({**TRIP, "vehicle_class": "rocket"}, "none of"),
        ({"pickup": TRIP["pickup"]}, "destination is missing"),
        ({**TRIP, "at": "x" * 500}, "longer than"),
        ({**TRIP, "stops": [{}] * 99}, "list of at most"),
        ({**TRIP, "ceiling": {"minor": 1, "currency": "yuan"}}, "ISO 4217"),
        ([], "not an object"),
    ],
)
def test_a_wish_with_a_foreign_field_or_type_is_refused_and_the_field_named(
    desk: Desk, order_ids: Callable[[], str], args: Any, word: str
) -> None:
    with pytest.raises(shape.ShapeError, match=word):
        SandboxRide(desk, world()).offer("q", order_ids(), "book", args)


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00+08:00", "tomorrow", "2027-11-20T12:00:00+08:00"])
def test_a_time_that_cannot_be_is_declined(desk: Desk, order_ids: Callable[[], str], at: str) -> None:
    with pytest.raises(Declined, match="not_available"):
        SandboxRide(desk, world()).offer("q", order_ids(), "book", {**TRIP, "at": at})
