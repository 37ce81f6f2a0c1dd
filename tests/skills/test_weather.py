"""The weather of several days: which are asked about, and how what was told of them is said."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any

import pytest

from assistant.core.context import Context
from assistant.core.plan import Answer, CloudCall, Inquiry
from assistant.core.text import Language
from assistant.dialogue.speech import AT_MOST_WHILE_MOVING
from assistant.skills.weather import SKIES, AskWeather, Span, found, plan
from assistant.speak.words import SPEECHLESS, render

MONDAY, SATURDAY, SUNDAY = date(2026, 11, 30), date(2026, 12, 5), date(2026, 12, 6)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def around(today: date, language: Language = "en") -> Context:
    return Context(0.0, datetime.combine(today, time(9), UTC), language)


def asked(request: AskWeather, today: date) -> dict[str, Any]:
    decision = plan(request, around(today))
    assert isinstance(decision, Inquiry)
    return dict(decision.call.body)


def answered(first: date, *skies: str) -> dict[str, Any]:
    """Return what a bridge answers: each day a degree warmer than the one before."""
    rows = [
        {
            "day": (first + timedelta(days=number)).isoformat(),
            "sky": sky,
            "low_celsius": number - 1,
            "high_celsius": number + 6,
            "rain_percent": 50,
            "wind_kmh": 10,
        }
        for number, sky in enumerate(skies)
    ]
    return {**rows[0], "place": "Fresno", "place_zh": "弗雷斯诺", "further": rows[1:]}


def said(span: Span, today: date, told: dict[str, Any], language: Language = "en") -> str:
    decision = found(AskWeather(place="Fresno", span=span), told, around(today, language))
    assert isinstance(decision, Answer)
    return render(decision.phrase, language, today)


def days(span: Span, today: date, told: Sequence[str]) -> dict[str, Any]:
    return answered(date.fromisoformat(asked(AskWeather(span=span), today)["day"]), *told)


@pytest.mark.parametrize(
    ("span", "today", "first", "count"),
    [
        (Span.THIS_WEEK, MONDAY, MONDAY, 7),
        (Span.THIS_WEEK, date(2026, 12, 3), date(2026, 12, 3), 4),
        (Span.THIS_WEEK, SATURDAY, SATURDAY, 2),
        (Span.THIS_WEEK, SUNDAY, SUNDAY, 7),
        (Span.NEXT_WEEK, MONDAY, date(2026, 12, 7), 7),
        (Span.NEXT_WEEK, SUNDAY, date(2026, 12, 7), 7),
        (Span.NEXT_WEEK, date(2026, 12, 31), date(2027, 1, 4), 7),
        (Span.WEEKEND, MONDAY, SATURDAY, 2),
        (Span.WEEKEND, SATURDAY, SATURDAY, 2),
        (Span.WEEKEND, date(2026, 12, 30), date(2027, 1, 2), 2),
        (Span.COMING_DAYS, SATURDAY, SATURDAY, 4),
    ],
)
def test_the_days_of_a_span_are_asked_for_by_the_first_and_their_number(
    span: Span, today: date, first: date, count: int
) -> None:
    body = asked(AskWeather("Fresno", span=span), today)

    assert body == {"near": {"name": "Fresno"}, "day": first.isoformat(), "days": count}


@pytest.mark.parametrize(
    ("request_", "today", "day"),
    [
        (AskWeather(), MONDAY, MONDAY),
        (AskWeather(day=SATURDAY), MONDAY, SATURDAY),
        (AskWeather(day=SATURDAY, span=Span.THIS_WEEK), MONDAY, SATURDAY),
        (AskWeather(span=Span.WEEKEND), SUNDAY, SUNDAY),
    ],
)
def test_one_day_is_asked_for_as_ever(request_: AskWeather, today: date, day: date) -> None:
    assert plan(request_, around(today)) == Inquiry(
        request_, CloudCall("weather", "forecast", {"near": {"name": ""}, "day": day.isoformat()})
    )


WEEK = ("clear", "rain", "clear", "rain", "cloudy", "clear", "clear")
SAID: list[tuple[Span, date, tuple[str, ...], str, str]] = [
    (
        Span.THIS_WEEK,
        MONDAY,
        WEEK,
        "Today to Sunday in Fresno: minus 1 to 12 degrees. Rain on Tuesday and on Thursday. Otherwise mostly clear.",
        "今天到星期日弗雷斯诺负一到十二度。星期二和星期四有雨。其余时间以晴为主。",
    ),
    (
        Span.NEXT_WEEK,
        date(2026, 12, 2),
        ("cloudy", "snow", "snow", "snow", "storm", "fog", "fog"),
        (
            "Monday, December 7th to Sunday, December 13th in Fresno: minus 1 to 12 degrees. Storms on Friday. "
            "Snow from Tuesday to Thursday. Fog on Saturday and Sunday. Otherwise cloudy."
        ),
        "十二月七号星期一到十二月十三号星期日弗雷斯诺负一到十二度。星期五有雷雨。星期二到星期四有雪。星期六和星期日有雾。其余时间多云。",
    ),
    (
        Span.NEXT_WEEK,
        MONDAY,
        ("rain", "rain", "rain", "rain"),
        (
            "Monday, December 7th to Thursday, December 10th in Fresno: minus 1 to 9 degrees. Rain every day. "
            "The forecast I got ends there."
        ),
        "十二月七号星期一到十二月十号星期四弗雷斯诺负一到九度。每天都有雨。我拿到的预报只到这里。",
    ),
    (
        Span.WEEKEND,
        MONDAY,
        ("rain", "clear"),
        "Saturday, December 5th in Fresno: rain, minus 1 to 6 degrees; Sunday, December 6th: clear, 0 to 7 degrees.",
        "十二月五号星期六弗雷斯诺有雨，负一到六度；十二月六号星期日晴，零到七度。",
    ),
    (
        Span.WEEKEND,
        SUNDAY,
        ("rain",),
        "Sunday, December 6th in Fresno: rain, minus 1 to 6 degrees.",
        "十二月六号星期日弗雷斯诺有雨，负一到六度。",
    ),
    (
        Span.WEEKEND,
        date(2026, 12, 31),
        ("fog",),
        "Saturday, January 2nd, 2027 in Fresno: fog, minus 1 to 6 degrees. The forecast I got ends there.",
        "二零二七年一月二号星期六弗雷斯诺有雾，负一到六度。我拿到的预报只到这里。",
    ),
    (
        Span.THIS_WEEK,
        SATURDAY,
        ("cloudy", "storm"),
        "Today in Fresno: cloudy, minus 1 to 6 degrees; tomorrow: storms, 0 to 7 degrees.",
        "今天弗雷斯诺多云，负一到六度；明天有雷雨，零到七度。",
    ),
    (
        Span.THIS_WEEK,
        MONDAY,
        ("clear",),
        "Today in Fresno: clear, minus 1 to 6 degrees. The forecast I got ends there.",
        "今天弗雷斯诺晴，负一到六度。我拿到的预报只到这里。",
    ),
    (
        Span.COMING_DAYS,
        SUNDAY,
        ("rain", "rain", "clear", "cloudy"),
        "Today to Wednesday in Fresno: minus 1 to 9 degrees. Rain today and on Monday. Otherwise clear or cloudy.",
        "今天到星期三弗雷斯诺负一到九度。今天和星期一有雨。其余时间晴或多云。",
    ),
    (
        Span.COMING_DAYS,
        MONDAY,
        ("cloudy", "clear", "cloudy", "cloudy"),
        "Today to Thursday in Fresno: minus 1 to 9 degrees. It will be mostly cloudy.",
        "今天到星期四弗雷斯诺负一到九度。天气以多云为主。",
    ),
]


@pytest.mark.parametrize(("span", "today", "skies", "en", "zh"), SAID)
def test_several_days_are_told_by_name_and_in_short(
    span: Span, today: date, skies: tuple[str, ...], en: str, zh: str
) -> None:
    told = days(span, today, skies)

    assert said(span, today, told) == en
    assert said(span, today, told, "zh") == zh


def test_an_answer_about_the_first_day_alone_is_told_as_that_days() -> None:
    told = days(Span.THIS_WEEK, MONDAY, ("clear",))
    del told["further"]

    assert said(Span.THIS_WEEK, MONDAY, told).startswith("Today in Fresno")
    assert said(Span.THIS_WEEK, MONDAY, told).endswith("ends there.")


@pytest.mark.parametrize("today", [MONDAY, SUNDAY])
def test_whichever_days_it_rains_on_just_these_are_told_also_while_driving(today: date) -> None:
    for wet in product((True, False), repeat=7):
        told = days(Span.THIS_WEEK, today, ["rain" if one else "clear" for one in wet])
        decision = found(AskWeather(span=Span.THIS_WEEK), told, around(today))
        assert isinstance(decision, Answer)
        assert all(len(x) <= AT_MOST_WHILE_MOVING for x in decision.phrase.slots.values() if isinstance(x, tuple))

        names = [WEEKDAYS[(today.weekday() + number) % 7] for number in range(7)]
        heard = render(decision.phrase, "en", today)

        assert rainy(heard, ["today", *names[1:]]) == list(wet), heard
        assert ("clear" in heard) is not all(wet), heard


def rainy(heard: str, names: list[str]) -> list[bool]:
    """Return on which of the days the sentence says that it rains."""
    part = re.search(r"Rain ([^.]*)\.", heard)
    if part is None:
        return [False] * 7
    if part[1] in {"every day", "every other day"}:
        return [part[1] == "every day" or number % 2 == 0 for number in range(7)]
    wet = [False] * 7
    for first, last in re.findall(r"from (\w+) to (\w+)", part[1]):
        for number in range(names.index(first), names.index(last) + 1):
            wet[number] = True
    for name in re.findall(r"\w+", re.sub(r"from \w+ to \w+", "", part[1])):
        if name in names:
            wet[names.index(name)] = True
    return wet


def test_of_a_sky_we_have_no_word_for_nothing_is_said() -> None:
    heard = said(Span.COMING_DAYS, MONDAY, days(Span.COMING_DAYS, MONDAY, ("@weather.snow", "rain", "clear", "clear")))

    assert heard == "Today to Thursday in Fresno: minus 1 to 9 degrees. Rain on Tuesday."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sky_can_be_said_on_any_number_of_days(language: Language) -> None:
    for sky in SKIES:
        for count in range(1, 8):
            told = days(Span.NEXT_WEEK, MONDAY, [sky] * count)
            assert said(Span.NEXT_WEEK, MONDAY, told, language) != SPEECHLESS[language]


ROW = answered(MONDAY, "clear", "clear")["further"][0]
BAD: dict[str, dict[str, Any]] = {
    "more days than were asked about": answered(MONDAY, *["clear"] * 5),
    "other days": answered(SATURDAY, "clear", "clear"),
    "a gap": {**answered(MONDAY, "clear"), "further": [{**ROW, "day": "2026-12-02"}]},
    "a day twice": {**answered(MONDAY, "clear"), "further": [{**ROW, "day": "2026-11-30"}]},
    "no day": {key: value for key, value in answered(MONDAY, "clear").items() if key != "day"},
    "no degrees": {**answered(MONDAY, "clear"), "further": [{"day": "2026-12-01", "sky": "clear"}]},
    "words for degrees": {**answered(MONDAY, "clear"), "further": [{**ROW, "low_celsius": "cold"}]},
    "a list for degrees": {**answered(MONDAY, "clear"), "further": [{**ROW, "high_celsius": [1]}]},
    "no list": {**answered(MONDAY, "clear"), "further": 7},
    "nothing for a list": {**answered(MONDAY, "clear"), "further": None},
    "words for a list": {**answered(MONDAY, "clear"), "further": "sun"},
    "an object for a list": {**answered(MONDAY, "clear"), "further": {"day": ROW}},
    "words for days": {**answered(MONDAY, "clear"), "further": ["clear"]},
}


@pytest.mark.parametrize("told", BAD.values(), ids=BAD)
def test_an_answer_that_is_none_is_refused_as_the_desk_expects(told: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError, IndexError)):
        found(AskWeather(span=Span.COMING_DAYS), told, around(MONDAY))
