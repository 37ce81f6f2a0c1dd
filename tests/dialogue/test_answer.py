from dataclasses import replace
from datetime import time, timedelta

import pytest

from assistant.core.plan import Question
from assistant.core.request import Request
from assistant.core.text import Language, Phrase
from assistant.dialogue.answer import choose, merge
from assistant.skills.climate import SetTemperature
from assistant.skills.lights import CabinLight, SetLight
from assistant.skills.phone import MakeCall
from assistant.skills.timers import SetAlarm, StartTimer
from assistant.skills.volume import SetVolume
from tests.dialogue.conftest import STANDING, Ring, Tell, meaning

CAR = replace(STANDING, names={"contact": ("Ann Miller", "Bob")})


def answered(request: Request, field: str, text: str, *requests: Request, language: Language = "en") -> Request | None:
    """Answer the question for one field of a request."""
    question = Question(request, Phrase("what"), field)
    return merge(question, meaning(1, 1, text, *requests, language=language), CAR)


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("ten minutes", "en", timedelta(minutes=10)),
        ("Ten minutes, please.", "en", timedelta(minutes=10)),
        ("for an hour and a half", "en", timedelta(minutes=90)),
        ("十分钟", "zh", timedelta(minutes=10)),
        ("一个半小时吧", "zh", timedelta(minutes=90)),
    ],
)
def test_a_length_is_an_answer(text: str, language: Language, value: timedelta) -> None:
    assert answered(StartTimer(), "duration", text, language=language) == StartTimer(value)


@pytest.mark.parametrize(
    ("text", "language"), [("twenty two", "en"), ("22", "en"), ("to 22 degrees", "en"), ("二十二度", "zh")]
)
def test_a_number_is_an_answer(text: str, language: Language) -> None:
    assert answered(SetTemperature(), "degrees", text, language=language) == SetTemperature(22.0)


@pytest.mark.parametrize(("text", "language"), [("half past six pm", "en"), ("at 6:30 pm", "en"), ("下午六点半", "zh")])
def test_a_time_of_day_is_an_answer(text: str, language: Language) -> None:
    assert answered(SetAlarm(), "at", text, language=language) == SetAlarm(time(18, 30))


def test_a_word_of_a_list_is_an_answer() -> None:
    assert answered(SetLight(), "light", "the reading light") == SetLight(light=CabinLight.READING)


def test_a_name_the_car_knows_is_an_answer_in_its_own_spelling() -> None:
    assert answered(MakeCall(), "contact", "ann miller") == MakeCall("Ann Miller")


def test_a_name_the_car_does_not_know_is_handed_on_so_that_the_skill_can_say_so() -> None:
    assert answered(MakeCall(), "contact", "Zoe") == MakeCall("Zoe")


@pytest.mark.parametrize("text", ["what a lovely day", "", "never mind that", "ten", "turn left here"])
def test_what_is_no_length_does_not_answer_for_how_long(text: str) -> None:
    assert answered(StartTimer(), "duration", text) is None


def test_a_known_value_wins_over_what_else_the_sentence_may_mean() -> None:
    assert answered(StartTimer(), "duration", "ten minutes", Tell()) == StartTimer(timedelta(minutes=10))


def test_free_words_that_mean_something_else_are_no_answer() -> None:
    assert answered(Ring(), "name", "tell me", Tell()) is None
    assert answered(Ring(), "name", "tell me") == Ring("tell me")


def test_the_same_request_again_answers_only_with_what_was_asked() -> None:
    assert answered(SetVolume(), "level", "volume seven", SetVolume(level=7)) == SetVolume(level=7)
    assert answered(SetVolume(), "level", "set the volume", SetVolume()) is None


def test_long_talk_is_no_answer() -> None:
    assert answered(Ring(), "name", "well " * 40) is None


@pytest.mark.parametrize(
    ("text", "language", "chosen"),
    [
        ("the second one", "en", "b"),
        ("Two.", "en", "b"),
        ("last", "en", "c"),
        ("B", "en", "b"),
        ("第一个", "zh", "a"),
        ("最后一个", "zh", "c"),
        ("the fourth", "en", None),
        ("", "en", None),
    ],
)
def test_a_choice_is_named_by_its_words_or_its_place(text: str, language: Language, chosen: str | None) -> None:
    assert choose(text, ("a", "b", "c"), language) == chosen
