from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.money import Money
from assistant.core.text import LANGUAGES, Language, Phrase, SlotValue
from assistant.languages.pack import LanguagePack
from assistant.speak.words import SPEECHLESS, render, sentences

TODAY = date(2026, 11, 21)
"""A Saturday."""
EN = {
    "set": "Okay, {value} degrees{where}.",
    "plain": "{value}",
    "percent": "Open {value}%.",
    "counted": "You have {value} {value:timer|timers}.",
    "on": "Your alarm is set {value}.",
    "date": "Today is {value:date}.",
    "choice": "Did you mean {value:or}?",
    "variants": "unused",
    "for.driver": " for the driver",
    "loop": "{value}",
    "broken": "Okay, {value",
    "deep.1": "{value}",
}
ZH = {
    "set": "好的，{where}{value}度。",
    "plain": "{value}",
    "percent": "已打开到{value}%。",
    "counted": "有{value}个计时器{value:|}。",
    "second": "第{value}个",
    "heat": "座椅加热{value}档",
    "on": "闹钟定在{value}。",
    "date": "今天是{value:date}。",
    "choice": "是{value:or}？",
    "for.driver": "主驾",
}


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two languages of this test's own, read by the real renderer."""
    packs = {}
    for code, texts in zip(LANGUAGES, (EN, ZH), strict=True):
        phrases = {key: (text,) for key, text in texts.items()} | {"variants": ("One.", "Two.", "Three.")}
        empty: MappingProxyType[str, str] = MappingProxyType({})
        packs[code] = LanguagePack(
            code, MappingProxyType(phrases), empty, MappingProxyType({}), MappingProxyType({}), ()
        )
    with monkeypatch.context() as patched:
        patched.setattr("assistant.speak.words.load", packs.__getitem__)
        yield


def say(key: str, value: SlotValue, language: Language = "en", **slots: SlotValue) -> str:
    return render(Phrase(key, {"value": value, **slots}), language, TODAY)


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (22.5, "22.5", "二十二点五"),
        (22.0, "22", "二十二"),
        (-5, "Minus 5", "负五"),
        (0.1 + 0.2, "0.3", "零点三"),
        (110, "110", "一百一十"),
        (2000, "2000", "两千"),
        (10_500, "10500", "一万零五百"),
        (Money(1250, "EUR"), "12 euros 50", "十二点五欧元"),
        (Money(1250, "CNY"), "12 yuan 50", "十二元五角"),
        (Money(1205, "CNY"), "12 yuan and 5 fen", "十二元零五分"),
        (Money(200, "USD"), "2 dollars", "两美元"),
        (Money(50, "USD"), "50 cents", "零点五美元"),
        (Money(1200, "JPY"), "1200 yen", "一千二百日元"),
        (Money(1250, "CHF"), "12.50 CHF", "12.50 CHF"),
        (time(18, 30), "6:30 pm", "下午六点半"),
        (time(0), "Midnight", "凌晨零点"),
        (time(14), "2 pm", "下午两点"),
        (time(7, 5), "7:05 am", "早上七点零五分"),
        (date(2026, 11, 22), "Tomorrow", "明天"),
        (date(2026, 11, 23), "Monday", "后天"),
        (date(2027, 3, 3), "March 3rd, 2027", "二零二七年三月三号"),
        (datetime(2026, 11, 22, 18, 0), "Tomorrow at 6 pm", "明天下午六点"),  # noqa: DTZ001 - local time as it is said
        (timedelta(minutes=10), "10 minutes", "十分钟"),
        (timedelta(hours=2, minutes=1), "2 hours and 1 minute", "两小时一分钟"),
        (timedelta(0), "0 seconds", "零秒"),
        (("tea", "milk", "juice"), "Tea, milk and juice", "tea、milk和juice"),
        (("tea",), "Tea", "tea"),
        (True, "On", "开"),
    ],
)
def test_values_are_said_as_people_say_them(value: SlotValue, english: str, chinese: str) -> None:
    assert say("plain", value) == english
    assert say("plain", value, "zh") == chinese


def test_a_number_agrees_with_what_is_counted() -> None:
    assert say("counted", 1) == "You have 1 timer."
    assert say("counted", 3) == "You have 3 timers."
    assert say("set", 1, where="") == "Okay, 1 degree."
    assert say("percent", 50) == "Open 50 percent."
    assert say("percent", 50, "zh") == "已打开到百分之五十。"


def test_two_is_counted_in_chinese_but_not_numbered() -> None:
    assert say("counted", 2, "zh") == "有两个计时器。"
    assert say("set", 2, "zh", where="") == "好的，两度。"
    assert say("second", 2, "zh") == "第二个"
    assert say("heat", 2, "zh") == "座椅加热二档"
    assert say("set", 22, "zh", where="") == "好的，二十二度。"


def test_a_phrase_may_be_said_within_a_phrase_and_an_empty_slot_vanishes() -> None:
    assert say("set", 22, where="@for.driver") == "Okay, 22 degrees for the driver."
    assert say("set", 22, "zh", where="@for.driver") == "好的，主驾二十二度。"
    assert say("set", 22, where="") == "Okay, 22 degrees."
    assert say("set", 22, where=None) == "Okay, 22 degrees."


def test_days_and_choices_have_a_second_form() -> None:
    assert say("on", TODAY) == "Your alarm is set today."
    assert say("date", TODAY) == "Today is November 21st."
    assert say("date", TODAY, "zh") == "今天是十一月二十一号。"
    assert say("choice", ("a", "b")) == "Did you mean a or b?"
    assert say("choice", ("a", "b", "c"), "zh") == "是a、b还是c？"


def test_the_same_is_always_said_the_same_way_and_the_variants_are_all_used() -> None:
    said = [say("variants", number) for number in range(20)]
    assert said == [say("variants", number) for number in range(20)]
    assert set(said) == {"One.", "Two.", "Three."}


@pytest.mark.parametrize(
    ("key", "slots"),
    [
        ("nowhere", {}),
        ("set", {"value": 22}),
        ("broken", {"value": 22}),
        ("set", {"value": 22, "where": "@no.such"}),
        ("loop", {"value": "@loop"}),
        ("plain", {"value": float("nan")}),
    ],
)
def test_what_cannot_be_said_is_owned_up_to_and_logged(
    key: str, slots: dict[str, SlotValue], caplog: pytest.LogCaptureFixture
) -> None:
    for language in LANGUAGES:
        assert render(Phrase(key, slots), language, TODAY) in {SPEECHLESS[language], "Nan"}
    assert key in caplog.text


@given(st.integers(0, 10**12 - 1))
def test_every_whole_number_is_said_in_chinese_and_can_be_read_back(value: int) -> None:
    digits = dict(zip("零一二两三四五六七八九", (0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
    total, group, digit = 0, 0, 0
    said = say("plain", value, "zh")
    assert "零零" not in said
    assert not (said.endswith("零") and value)
    for character in said:
        if character in digits:
            digit = digits[character]
        elif character in "十百千":
            group, digit = group + (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character], 0
        else:
            size = {"万": 10**4, "亿": 10**8}[character]
            total, group, digit = (
                (total + group + digit) * size if character == "亿" else total + (group + digit) * size,
                0,
                0,
            )
    assert total + group + digit == value


def test_sentences_are_cut_where_a_voice_breathes() -> None:
    assert sentences("It is 6.5 degrees. Take a coat! Anything else?") == (
        "It is 6.5 degrees.",
        "Take a coat!",
        "Anything else?",
    )
    assert sentences("好的。明天下雨！要带伞吗？") == ("好的。", "明天下雨！", "要带伞吗？")
    assert sentences("") == ()
