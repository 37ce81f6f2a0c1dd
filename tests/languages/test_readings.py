from datetime import date, datetime, time, timedelta

import pytest

from assistant.core.money import Money
from assistant.languages import chinese, english
from assistant.languages.readings import Half, settled
from assistant.languages.tokens import words

SATURDAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 15, 0)  # noqa: DTZ001 - only its wall clock is read


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("zero", "", 0),
        ("twenty two", "", 22),
        ("twenty two and a half degrees", "degrees", 22.5),
        ("twenty two point five", "", 22.5),
        ("a hundred and five", "", 105),
        ("two thousand three hundred", "", 2300),
        ("22.5", "", 22.5),
        ("minus five", "", -5),
        ("half", "percent", 50),
        ("three quarters", "percent", 75),
        ("a third", "percent", 33),
        ("fifty percent", "percent", 50),
    ],
)
def test_english_numbers(text: str, unit: str, value: float) -> None:
    assert english.number(words(text), unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("二十二", "", 22),
        ("十", "", 10),
        ("两", "", 2),
        ("一百零五", "", 105),
        ("一百二", "", 120),
        ("两千三百", "", 2300),
        ("二十二点五", "", 22.5),
        ("二十六度半", "degrees", 26.5),
        ("22.5度", "degrees", 22.5),
        ("零下五度", "degrees", -5),
        ("百分之五十", "percent", 50),
        ("一半", "percent", 50),
        ("三成", "percent", 30),
        ("四分之一", "percent", 25),
        ("50%", "percent", 50),
    ],
)
def test_chinese_numbers(text: str, unit: str, value: float) -> None:
    assert chinese.number(words(text, characters=True), unit) == value


@pytest.mark.parametrize("value", [0, 7, 10, 16, 22, 22.5, 30, 45, 99, 100, 105, 110, 215, 360, 1000, -5])
def test_what_is_spelled_is_read_back_in_both_languages(value: float) -> None:
    for text in english.spell(value):
        assert english.number(words(text)) == value, text
    for text in chinese.spell(value):
        assert chinese.number(words(text, characters=True)) == value, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("half past six", time(18, 30)),
        ("half past two", time(2, 30)),
        ("6:30 pm", time(18, 30)),
        ("six thirty five in the morning", time(6, 35)),
        ("quarter to seven", time(18, 45)),
        ("five to one am", time(0, 55)),
        ("noon", time(12)),
        ("midnight", time(0)),
        ("18:05", time(18, 5)),
        ("730 pm", time(19, 30)),
        ("nine at night", time(21)),
        ("six oclock", time(18)),
        ("four oh five", time(16, 5)),
    ],
)
def test_english_times_mean_the_next_that_comes(text: str, expected: time) -> None:
    clock = english.clock(words(text))

    assert clock is not None
    assert settled(clock, None, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("下午三点半", time(15, 30)),
        ("早上七点", time(7)),
        ("晚上十一点一刻", time(23, 15)),
        ("十八点零五分", time(18, 5)),
        ("6:30", time(18, 30)),
        ("差五分七点", time(18, 55)),
        ("中午", time(12)),
        ("凌晨两点", time(2)),
        ("三点二十", time(15, 20)),
    ],
)
def test_chinese_times(text: str, expected: time) -> None:
    clock = chinese.clock(words(text, characters=True))

    assert clock is not None
    assert settled(clock, None, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", SATURDAY),
        ("tomorrow morning", date(2026, 11, 22)),
        ("the day after tomorrow", date(2026, 11, 23)),
        ("on friday", date(2026, 11, 27)),
        ("saturday", date(2026, 11, 28)),
        ("next monday", date(2026, 11, 23)),
        ("the third of may", date(2027, 5, 3)),
        ("may 3rd", date(2027, 5, 3)),
        ("the 30th", date(2026, 11, 30)),
        ("in three days", date(2026, 11, 24)),
        ("in a week", date(2026, 11, 28)),
        ("the 20th of this month", date(2026, 11, 20)),
        ("next month on the 13th", date(2026, 12, 13)),
        ("at the end of February", date(2027, 2, 28)),
        ("the end of next month", date(2026, 12, 31)),
        ("next week on thursday", date(2026, 11, 26)),
        ("tomorrow's", date(2026, 11, 22)),
    ],
)
def test_english_days(text: str, expected: date) -> None:
    found = english.day(words(text), SATURDAY)

    assert found is not None
    assert found.date == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("明天", date(2026, 11, 22)),
        ("大后天", date(2026, 11, 24)),
        ("周五", date(2026, 11, 27)),
        ("下周一", date(2026, 11, 23)),
        ("星期天", date(2026, 11, 22)),
        ("五月三号", date(2027, 5, 3)),
        ("5月3晚上", date(2027, 5, 3)),
        ("30号", date(2026, 11, 30)),
        ("三天后", date(2026, 11, 24)),
        ("下个月13号", date(2026, 12, 13)),
        ("这个月20号", date(2026, 11, 20)),
        ("月底", date(2026, 11, 30)),
        ("二月底", date(2027, 2, 28)),
    ],
)
def test_chinese_days(text: str, expected: date) -> None:
    found = chinese.day(words(text, characters=True), SATURDAY)

    assert found is not None
    assert found.date == expected


def test_the_half_of_the_day_may_stand_with_the_day() -> None:
    tonight, six = english.day(("tonight",), SATURDAY), english.clock(("six",))
    evening, seven = chinese.day(tuple("明晚"), SATURDAY), chinese.clock(tuple("七点"))

    assert tonight is not None
    assert tonight.half is Half.NIGHT
    assert six is not None
    assert settled(six, tonight, NOW.replace(hour=3)) == time(18)
    assert evening is not None
    assert seven is not None
    assert settled(seven, evening, NOW) == time(19)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("ten minutes", 600),
        ("an hour and a half", 5400),
        ("half an hour", 1800),
        ("one and a half hours", 5400),
        ("two minutes and thirty seconds", 150),
        ("1 hour 20 minutes", 4800),
        ("a couple of minutes", 120),
        ("three quarters of an hour", 2700),
        ("90 sec", 90),
    ],
)
def test_english_lengths(text: str, seconds: float) -> None:
    assert english.length(words(text)) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("十分钟", 600),
        ("一个半小时", 5400),
        ("半小时", 1800),
        ("半个小时", 1800),
        ("两分半钟", 150),
        ("1小时20分钟", 4800),
        ("一刻钟", 900),
        ("九十秒", 90),
        ("三天", 259_200),
    ],
)
def test_chinese_lengths(text: str, seconds: float) -> None:
    assert chinese.length(words(text, characters=True)) == timedelta(seconds=seconds)


def test_money_is_whole_minor_units() -> None:
    assert english.money(words("twenty dollars")) == Money(2000, "USD")
    assert english.money(words("$5.50")) == Money(550, "USD")
    assert english.money(words("three euros and fifty cents")) == Money(350, "EUR")
    assert chinese.money(words("五十块", characters=True)) == Money(5000, "CNY")
    assert chinese.money(words("十二块五", characters=True)) == Money(1250, "CNY")
    assert chinese.money(words("二十美元", characters=True)) == Money(2000, "USD")
