"""What people order, change, repeat and give back: from sentences to what the services are asked, in both languages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from assistant.core.money import Money
from assistant.core.order import Fact, Order, Receipt, State
from assistant.core.plan import Answer, CloudCall, Decision, Inquiry, Plan, Question, Refusal
from assistant.core.quote import Item, Quote, Refund
from assistant.core.request import Request
from assistant.core.text import Language
from assistant.offer import priced, too_dear
from assistant.skills import by_request, orders, ride, shop, stay, travel
from assistant.skills._orders import refund
from assistant.skills.meal import OrderMeal
from assistant.skills.meal import plan as meal_plan
from assistant.skills.navigate import AddStop, Favourite
from assistant.skills.navigate import plan as navigate_plan
from assistant.skills.ride import BookRide, There
from assistant.understand.rules import Rules
from tests.skills.conftest import World

NOW = 1_000_000
NAMES = {
    "place": ("West Lake", "Airport", "西湖", "机场"),
    "contact": ("Anna Li", "李安娜"),
    "menu": ("Hamburger", "French fries", "汉堡", "薯条"),
    "place.work": ("8 Bridge Street",),
}
RULES = Rules(by_request())
SAID: list[tuple[Language, str, str, Mapping[str, Any]]] = [
    ("en", "share a ride to the west lake", "BookRide", {"sharing": "shared"}),
    (
        "en",
        "book a shared taxi to the west lake for two people with two suitcases",
        "BookRide",
        {"seats": 2, "luggage": 2},
    ),
    ("en", "get me a ride to the west lake for no more than thirty", "BookRide", {"at_most": 30, "who": ""}),
    ("en", "book a van to the airport tomorrow at six", "BookRide", {"ride_class": "van"}),
    ("en", "get me a ride home", "BookRide", {"favourite": "home"}),
    ("en", "book me a taxi there at six", "BookRide", {"there": "there"}),
    ("en", "change the destination of my taxi to the airport", "ChangeRide", {"place": "Airport"}),
    ("en", "change my hotel to two nights", "ChangeHotel", {"nights": 2}),
    ("en", "take a later train", "ChangeTicket", {"shift": "later"}),
    ("en", "change my train to tomorrow after ten", "ChangeTicket", {}),
    ("en", "find me a phone charger", "FindProduct", {"product": "phone charger"}),
    ("en", "return my umbrella", "ReturnProduct", {}),
    ("en", "the same ride again", "Reorder", {}),
    ("en", "deliver it to my office instead", "DeliverElsewhere", {"favourite": "work"}),
    ("en", "send my parcel with the book to the office", "RedirectParcel", {"favourite": "work", "what": "book"}),
    ("en", "order a burger and fries", "OrderMeal", {"second": "French fries"}),
    ("en", "what does it cost to cancel my hotel", "AskRefund", {"thing": "hotel"}),
    ("zh", "拼车去西湖", "BookRide", {"sharing": "shared"}),
    ("zh", "叫个拼车去西湖，两个人，两件行李，不超过三十块", "BookRide", {"seats": 2, "luggage": 2}),
    ("zh", "叫车去西湖不超过三十", "BookRide", {"at_most": 30}),
    ("zh", "明天早上六点叫辆商务车去机场", "BookRide", {"ride_class": "van"}),
    ("zh", "叫个六点的车过去", "BookRide", {"there": "there"}),
    ("zh", "给李安娜叫辆车去机场", "BookRide", {"who": "李安娜"}),
    ("zh", "把我叫的车的目的地改成机场", "ChangeRide", {"place": "机场"}),
    ("zh", "酒店改成两晚", "ChangeHotel", {"nights": 2}),
    ("zh", "改晚一点的车", "ChangeTicket", {"shift": "later"}),
    ("zh", "帮我找个车载充电器", "FindProduct", {}),
    ("zh", "把雨伞退了", "ReturnProduct", {}),
    ("zh", "改送到我公司", "DeliverElsewhere", {"favourite": "work"}),
    ("zh", "来一个汉堡和薯条", "OrderMeal", {"second": "薯条"}),
    ("zh", "酒店还能免费取消吗", "AskRefund", {"thing": "hotel"}),
]


@pytest.mark.parametrize(("language", "text", "name", "fields"), SAID)
def test_a_sentence_is_read_as_what_it_orders(
    language: Language, text: str, name: str, fields: Mapping[str, Any]
) -> None:
    readout = RULES.grammar(language, NAMES).read(text, datetime(2026, 11, 3, 9, tzinfo=UTC))

    assert readout is not None
    (read,) = readout.reads
    assert type(read.request).__name__ == name
    assert {field: getattr(read.request, field) for field in fields} == dict(fields)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "book a hotel in Hangzhou tonight and a ride there at six"),
        ("zh", "帮我订今晚杭州的酒店，再叫个六点的车过去"),
    ],
)
def test_a_wish_of_two_parts_is_read_as_both(language: Language, text: str) -> None:
    readout = RULES.grammar(language, NAMES).read(text, datetime(2026, 11, 3, 9, tzinfo=UTC))

    assert readout is not None
    assert [type(read.request).__name__ for read in readout.reads] == ["BookHotel", "BookRide"]
    assert all(read.request.buys for read in readout.reads)


def bought(service: str, body: Mapping[str, Any] | None = None, state: State = State.DONE, **told: Fact) -> Order:
    price = Money(15_800, "CNY")
    rule = (Refund(0, NOW + 86_400), Refund(5_000, NOW + 2 * 86_400), Refund(15_800))
    quote = Quote("Sandbox", price, (Item("it", 15_800),), rule, NOW + 600)
    return Order(
        f"018bcfe5-6800-7ff6-89d6-{service:0>12.12}",
        service,
        "book",
        body or {},
        datetime(2026, 11, 3, tzinfo=UTC),
        0.0,
        state,
        quote=quote,
        receipt=Receipt("R1", price, NOW),
        facts=told,
        bound=quote.digest,
    )


def call_of(decision: Decision) -> CloudCall:
    assert isinstance(decision, Plan | Inquiry)
    step = decision.call if isinstance(decision, Inquiry) else decision.steps[0]
    assert isinstance(step, CloudCall)
    return step


def test_there_is_the_place_of_what_was_ordered_and_its_day(world: World) -> None:
    hotel = bought("hotel", hotel="Lakeview Hotel", hotel_zh="望湖宾馆", check_in="2026-11-05")
    context = replace(world(), orders=(hotel,), bridge_now=float(NOW))
    request = BookRide(there=There.THERE, at=time(18))

    call = call_of(ride.plan(request, context))
    body_zh = call_of(ride.plan(request, replace(context, language="zh"))).body

    assert call.body["destination"] == {"name": "Lakeview Hotel"}
    assert str(call.body["at"]).startswith("2026-11-05T18:00")
    assert body_zh["destination"] == {"name": "望湖宾馆"}
    assert isinstance(ride.plan(request, world()), Question), "nothing was spoken of"


def test_a_stop_goes_to_the_route_or_else_to_the_ride_under_way(world: World) -> None:
    under_way = bought("ride", state=State.IN_PROGRESS)
    stop = AddStop(place="West Lake")

    assert isinstance(navigate_plan(stop, world()), Refusal)
    call = call_of(navigate_plan(stop, replace(world(), orders=(under_way,))))

    assert (call.order, call.body) == (under_way.id, {"add_stop": {"name": "West Lake"}})


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (stay.ChangeHotel(nights=2), {"nights": 2}),
        (stay.ChangeHotel(day=date(2026, 11, 9), rooms=2), {"check_in": "2026-11-09", "rooms": 2}),
    ],
)
def test_a_room_is_changed_where_one_is_booked(request_: Request, body: dict[str, Any], world: World) -> None:
    order = bought("hotel")

    assert isinstance(stay.plan(request_, world()), Refusal)
    call = call_of(stay.plan(request_, replace(world(), orders=(order,))))

    assert (call.method, call.order, call.body) == ("change", order.id, body)


def test_another_train_is_looked_for_after_or_before_the_booked_one(world: World) -> None:
    legs = {"legs": [{"origin": "Hangzhou", "destination": "Shanghai", "carriage": "train", "number": "G7330"}]}
    order = bought("travel", legs, departs="2026-11-04T07:40:00+00:00")
    context = replace(world(), orders=(order,))
    rows = [
        {
            "number": f"G{hour}",
            "departs": f"2026-11-04T0{hour}:00:00+00:00",
            "price": {"minor": 7300, "currency": "CNY"},
        }
        for hour in range(4, 10)
    ]

    later = travel.plan(travel.ChangeTicket(shift=travel.Shift.LATER), context)
    earlier = travel.found(travel.ChangeTicket(shift=travel.Shift.EARLIER), {"found": rows}, context)
    chosen = travel.plan(travel.ChangeTicket(number="G7", day=date(2026, 11, 4)), context)

    assert call_of(later).body["after"] == "07:41"
    assert isinstance(earlier, Question)
    assert earlier.choices == ("G5", "G6", "G7")
    assert call_of(chosen).body == {"leg": 1, "number": "G7", "day": "2026-11-04"}


def test_what_is_given_back_is_what_was_bought_not_what_was_called_off_later(world: World) -> None:
    kept = bought("shop")
    dropped = replace(kept, id=f"{kept.id[:-1]}9", state=State.CANCELLED, receipt=None)
    context = replace(world(), orders=(kept, dropped), bridge_now=float(NOW))

    plan = shop.plan(shop.ReturnProduct(), context)
    again = shop.plan(shop.Reorder(), context)

    assert call_of(plan).order == kept.id
    assert isinstance(plan, Plan)
    assert plan.read_back is not None
    assert plan.read_back.key == "orders.sure_return_free"
    assert call_of(again).body == {"order": kept.id}


def test_at_most_three_goods_within_the_price_are_offered(world: World) -> None:
    rows = [
        {"name": f"Charger {n}", "name_zh": f"充电器{n}", "price": {"minor": 2_000 * n, "currency": "CNY"}}
        for n in range(1, 7)
    ]

    three = shop.found(shop.FindProduct("charger"), {"found": rows}, world())
    cheap = shop.found(shop.FindProduct("charger", at_most=40), {"found": rows}, world())

    assert isinstance(three, Question)
    assert isinstance(cheap, Question)
    assert (len(three.choices), len(cheap.choices)) == (3, 2)
    assert isinstance(three.request, shop.BuyProduct)
    assert isinstance(shop.found(shop.FindProduct("charger", at_most=10), {"found": rows}, world()), Refusal)


def test_food_is_brought_elsewhere_only_where_some_is_under_way(world: World) -> None:
    names = replace(world(), names=NAMES)
    request = orders.DeliverElsewhere(favourite=Favourite.WORK)
    meal = bought("meal", state=State.IN_PROGRESS)

    assert isinstance(orders.plan(request, names), Refusal)
    call = call_of(orders.plan(request, replace(names, orders=(meal,))))

    assert (call.service, call.body) == ("meal", {"address": {"name": "8 Bridge Street"}})


def test_two_dishes_are_one_order_brought_or_fetched(world: World) -> None:
    context = replace(world(), names=NAMES)

    fetched = call_of(meal_plan(OrderMeal("Hamburger", 2, "French fries"), context)).body
    brought = call_of(meal_plan(OrderMeal("Hamburger", favourite=Favourite.WORK), context)).body

    assert fetched == {
        "lines": [{"dish": "Hamburger", "count": 2}, {"dish": "French fries", "count": 1}],
        "handover": "pickup",
    }
    assert (brought["handover"], brought["address"]) == ("delivery", {"name": "8 Bridge Street"})


def test_the_whole_timeline_of_a_refund_is_told(world: World) -> None:
    context = replace(world(), bridge_now=float(NOW))
    order = bought("hotel")
    assert order.quote is not None

    slots = refund(order.quote, context)
    answer = orders.plan(orders.AskRefund(), replace(context, orders=(order,)))

    assert slots["refund"] == "@orders.refund_free_until_less_then_nothing"
    assert slots["later"] == Money(5_000, "CNY")
    assert isinstance(answer, Answer)


@pytest.mark.parametrize(("minor", "key"), [(20_000, "more"), (10_000, "less"), (15_800, "same")])
def test_a_change_is_read_back_with_its_difference_and_the_new_facts(minor: int, key: str, world: World) -> None:
    order = bought("hotel", nights=1, new_nights=2, hotel="Lakeview Hotel")
    assert order.quote is not None
    changed = replace(order, quote=replace(order.quote, amount=Money(minor, "CNY")))
    wish = stay.plan(stay.ChangeHotel(nights=2), replace(world(), orders=(order,)))
    assert isinstance(wish, Plan)

    plan = priced(wish, changed, replace(world(), bridge_now=float(NOW)))

    assert plan.read_back is not None
    assert plan.read_back.key == f"orders.read_change_{key}"
    assert plan.read_back.slots["difference"] == Money(abs(minor - 15_800), "CNY")
    assert plan.read_back.slots["nights"] == 2


def test_what_costs_more_than_was_said_is_refused_with_its_price() -> None:
    order = replace(bought("ride"), state=State.REFUSED, reason="over_ceiling", receipt=None)

    phrase = too_dear(order)

    assert phrase is not None
    assert phrase.slots["amount"] == Money(15_800, "CNY")
    assert too_dear(replace(order, reason="sold_out")) is None
