from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from assistant.core.context import Context
from assistant.core.text import Language
from assistant.skills import by_request
from assistant.skills.travel import BookTicket
from assistant.understand import schema
from assistant.understand.evidence import Evidence
from assistant.understand.rules import Rules

CONTEXT = Context(
    at=0,
    now=datetime(2026, 11, 21, 15, tzinfo=UTC),
    names={"contact": ("Anna O'Neil", "Bob Smith"), "place": ("Central Station",)},
    preferences={"home": "12 High Street"},
)
EVIDENCE = Evidence(Rules(by_request()))


def _checked(answer: str, text: str, language: Language = "en") -> tuple[Any, ...]:
    """Return the requests, all of whose values must have been said."""
    requests, whole = _left(answer, text, language)
    assert whole
    return requests


def _left(answer: str, text: str, language: Language = "en") -> tuple[tuple[Any, ...], bool]:
    written = schema.parse(answer, by_request())
    assert written is not None, "the answer itself is not of the form"
    return EVIDENCE.requests(written, text, language, CONTEXT)


@pytest.mark.parametrize(
    ("answer", "text", "language"),
    [
        ("SetTemperature degrees=22 zone=driver", "i fancy twenty two on the driver's side", "en"),
        ("SetTemperature degrees=22.5", "i fancy twenty two and a half", "en"),
        ("SetTemperature degrees=99", "i fancy ninety nine", "en"),
        ("MoveWindow part=window move=open percent=50", "let the windows come half open", "en"),
        ('MakeCall contact="Bob Smith"', "get bop smith on the line", "en"),
        ('MakeCall contact="peter pan"', "get Peter Pan on the line", "en"),
        (
            'SetReminder text="buy milk" at="half past six" day="tomorrow"',
            "tomorrow half past six i must not forget to buy milk",
            "en",
        ),
        (
            'SetReminder text="water the plants" after="an hour and a half"',
            "in an hour and a half i should water the plants",
            "en",
        ),
        ("SetTemperature degrees=26", "主驾这边弄成二十六度", "zh"),
        ('SetReminder text="买牛奶" at="六点半"', "六点半别让我忘了买牛奶", "zh"),
    ],
)
def test_what_was_said_is_kept(answer: str, text: str, language: Language) -> None:
    assert _checked(answer, text, language)


@pytest.mark.parametrize(
    ("answer", "text", "language", "left"),
    [
        ("SetTemperature degrees=22", "i fancy twenty", "en", "SetTemperature"),
        ("SetTemperature degrees=22 zone=passenger", "i fancy twenty two", "en", "SetTemperature degrees=22"),
        (
            "SetTemperature degrees=22 zone=passenger",
            "i fancy twenty two on the driver's side",
            "en",
            "SetTemperature degrees=22",
        ),
        (
            "SwitchClimate feature=air_conditioning on_off=off",
            "please have the air conditioning on",
            "en",
            "SwitchClimate feature=air_conditioning",
        ),
        ('MakeCall contact="Anna O\'Neil"', "get bob smith on the line", "en", "MakeCall"),
        ('MakeCall contact="joe"', "get bob smith on the line", "en", "MakeCall"),
        ('SetReminder text="buy bread"', "do not let me forget to buy milk", "en", "SetReminder"),
        (
            'SetReminder text="buy milk" at="seven"',
            "in the evening i have to buy milk",
            "en",
            'SetReminder text="buy milk"',
        ),
        (
            'SetReminder text="buy milk" at="milk"',
            "in the evening i have to buy milk",
            "en",
            'SetReminder text="buy milk"',
        ),
        ("SetTemperature degrees=26", "主驾这边弄成二十度", "zh", "SetTemperature"),
        ('SetReminder text="买面包"', "别让我忘了买牛奶", "zh", "SetReminder"),
    ],
)
def test_what_was_not_said_is_left_out_and_told(answer: str, text: str, language: Language, left: str) -> None:
    assert _left(answer, text, language) == (_checked(left, text, language), False)


def test_one_invented_value_makes_the_whole_answer_doubtful() -> None:
    found, whole = _left("NextTrack;SetTemperature degrees=22", "skip this and make it twenty")

    assert [type(request).__name__ for request in found] == ["NextTrack", "SetTemperature"]
    assert found[1].degrees is None
    assert not whole


def test_a_preference_of_the_user_counts_as_said() -> None:
    (request,) = _checked('StartRoute place="12 High Street"', "take me to my house")

    assert request.place == "12 High Street"


def test_copied_words_become_values_by_the_languages_own_readings() -> None:
    (request,) = _checked(
        'SetReminder text="buy milk" at="six" day="tomorrow evening"', "tomorrow evening six i must buy milk"
    )
    (later,) = _checked('SetReminder text="买牛奶" after="一个半小时"', "一个半小时以后别让我忘了买牛奶", "zh")

    assert (request.at, request.day) == (time(18), date(2026, 11, 22))
    assert later.after == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("answer", "text", "language", "day", "at"),
    [
        ('BookRide place="the airport"', "tomorrow at nine i need a lift to the airport", "en", 22, time(9)),
        ('BookRide place="the airport" at="nine"', "tomorrow at nine i need a lift to the airport", "en", 22, time(9)),
        ('BookTicket destination="北京"', "明天下午三点广州到北京的火车", "zh", 22, time(15)),
        ('BookRide place="five points"', "a lift to five points", "en", None, None),
        ('BookRide place="the airport"', "at nine or at ten a lift to the airport", "en", None, None),
        ('BookRide place="the airport";Stop', "tomorrow at nine a lift to the airport and stop", "en", None, None),
    ],
)
def test_a_day_and_a_time_said_once_are_not_lost(
    answer: str, text: str, language: Language, day: int | None, at: time | None
) -> None:
    request = _checked(answer, text, language)[0]
    assert request.at == at
    assert request.day == (date(2026, 11, day) if day else None)


@pytest.mark.parametrize(
    ("answer", "text", "language", "origin", "goal"),
    [
        (
            'BookRide place="大渔"',
            "好，我想呼叫从中国航空博物馆到大渔铁板烧(蓝色港湾店)的出租车，谢谢",
            "zh",
            "中国航空博物馆",
            "大渔铁板烧(蓝色港湾店)",
        ),
        ('BookRide origin="北京"', "从北京全聚德打车到野生动物园，车牌是什么", "zh", "北京全聚德", "野生动物园"),
        ("BookTicket", "需要预订一趟从诺里奇出发，周三到达剑桥的火车", "zh", "诺里奇", "剑桥"),
        ("BookTicket", "想找一趟从剑桥出发的火车", "zh", "剑桥", ""),
        ('BookRide place="北京"', "在星期一从9点去北京", "zh", "", "北京"),
        ("BookRide favourite=home", "从公司去家里", "zh", "", ""),
        ("BookTicket", "i want to go from palo alto to san jose on friday", "en", "palo alto", "san jose"),
        ('BookTicket destination="a"', "from a to b or from c to d", "en", "", "a"),
    ],
)
def test_from_where_and_where_to_are_copied_whole(
    answer: str, text: str, language: Language, origin: str, goal: str
) -> None:
    request = _checked(answer, text, language)[0]
    assert request.origin == origin
    assert (request.destination if isinstance(request, BookTicket) else request.place) == goal


def test_a_request_without_a_day_takes_none() -> None:
    assert _checked("Stop", "stop it tomorrow at nine")


@pytest.mark.parametrize(("copied", "dish"), [(0.3, "veggie burgers"), (0.95, "burgers")])
def test_what_was_copied_with_doubt_is_what_the_form_of_the_sentence_says(copied: float, dish: str) -> None:
    text = "i would like two veggie burgers please"
    written = schema.parse('OrderMeal dish=" burgers" portions=2', by_request())
    assert written

    found: tuple[tuple[Any, ...], bool] = EVIDENCE.requests(written, text, "en", CONTEXT, copied)
    (request,), whole = found

    assert whole
    assert (request.dish, request.portions) == (dish, 2.0)


@pytest.mark.parametrize(
    ("answer", "text", "language", "span"),
    [
        ('AskWeather place=" york"', "any snow in york this week", "en", "this_week"),
        ('AskWeather day=" next week\'s"', "let me know of ice in the next week's forecast", "en", "next_week"),
        ("AskWeather", "看下最近5天的温度吧", "zh", "coming_days"),
        ('AskWeather day=" friday"', "will it rain this week on friday", "en", None),
    ],
)
def test_days_at_once_that_were_left_out_are_what_the_sentence_says(
    answer: str, text: str, language: Language, span: str | None
) -> None:
    ((request,), _) = _left(answer, text, language)

    assert (request.span, request.day is None) == (span, span is not None)


def test_a_time_that_one_clause_says_counts_though_the_sentence_falls_into_several() -> None:
    (request,) = _checked(
        'BookRide place=" the old mill"', "I need a taxi. I am going to the old mill and leave at 16:15"
    )

    assert request.at == time(16, 15)
