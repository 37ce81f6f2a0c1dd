from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from assistant.core.context import Context
from assistant.core.ports import Cancel
from assistant.core.request import Source, Understanding
from assistant.core.text import Hypothesis, Language, Transcript
from assistant.core.vehicle import Zone
from assistant.errors import EngineError
from assistant.skills import by_request
from assistant.skills.climate import ClimateFeature, SetTemperature, SwitchClimate
from assistant.understand.guess import Guess, Trust
from assistant.understand.layers import AGREED, Layers
from assistant.understand.rules import Rules

NAMES = {"contact": ("Anna O'Neil", "Bob Smith", "Bob Smyth", "Siobhan Murphy"), "place": ("Central Station",)}
CONTEXT = Context(at=0, now=datetime(2026, 11, 21, 15, tzinfo=UTC), names=NAMES)
RULES = Rules(by_request())


class Wanted:
    """A token that says the answer is still wanted."""

    def cancelled(self) -> bool:
        return False


class Pulled:
    """A token that was pulled."""

    def cancelled(self) -> bool:
        return True


def _understand(
    text: str,
    *bound: tuple[str, float],
    language: Language = "en",
    model: Callable[[str, Language, Cancel], Guess] | None = None,
    cancel: Cancel | None = None,
) -> Understanding:
    alternatives = tuple(Hypothesis(words, sure, bound=True) for words, sure in bound)
    return Layers(RULES, model)(Transcript(text, language, alternatives=alternatives), CONTEXT, cancel or Wanted())


def _names(understanding: Understanding) -> list[str]:
    return [type(request).__name__ for request in understanding.requests]


def test_the_rules_answer_first_and_the_model_is_not_asked() -> None:
    def model(text: str, language: Language, cancel: Cancel) -> Guess:
        raise AssertionError(text)

    found = _understand("set the temperature to 22 and play some music", model=model)

    assert _names(found) == ["SetTemperature", "PlayMedia"]
    assert found.source is Source.RULES


def test_agreement_of_both_readings_is_confidence() -> None:
    assert _understand("next track", ("next track", 0.9)).confidence == AGREED
    assert _understand("next track", ("previous track", 0.9)).confidence < AGREED
    assert _understand("turn up the volume", ("turn the volume up", 0.99)).confidence == AGREED
    assert _understand("next track").confidence < AGREED


def test_an_exact_open_reading_wins_over_another_bound_one() -> None:
    found = _understand("next track", ("previous track", 0.9))

    assert _names(found) == ["NextTrack"]


def test_a_bound_reading_counts_where_the_open_one_is_none_but_sounds_alike() -> None:
    assert _names(_understand("play the necks trek", ("play the next track", 0.9))) == ["NextTrack"]
    assert _names(_understand("the weather was lovely in prague", ("next track", 0.9))) == []
    assert _names(_understand("necks trek cologne", ("next track", 0.1))) == []


def test_sound_finds_what_no_rule_reads() -> None:
    found = _understand("naxt track")

    assert _names(found) == ["NextTrack"]
    assert found.source is Source.SOUND
    assert found.text == "next track"


def test_a_name_is_matched_by_sound_and_two_alike_are_asked_about() -> None:
    sure, doubt, stranger = (_understand(f"call {name}") for name in ("shivawn murphy", "bop smith", "xavier quartz"))

    assert sure.requests[0].contact == "Siobhan Murphy"  # type: ignore[attr-defined]
    assert doubt.missing[0].choices == ("Bob Smith", "Bob Smyth")
    assert stranger.requests[0].contact == "xavier quartz"  # type: ignore[attr-defined]
    assert not stranger.missing


def test_the_model_is_asked_last_and_its_answer_is_checked() -> None:
    def model(text: str, language: Language, cancel: Cancel) -> Guess:
        return Guess("SetTemperature degrees=22 zone=driver", 0.9, 0.9, Trust.ACT)

    said = _understand("on the driver side i fancy a cosy twenty two", model=model)
    invented = _understand("on the driver side i fancy it cosy", model=model)

    assert _names(said) == ["SetTemperature"]
    assert said.source is Source.MODEL
    assert said.unsure is False
    assert invented.requests == (SetTemperature(zone=Zone.DRIVER),)
    assert invented.unsure


@pytest.mark.parametrize("answer", ["", "none", "rubbish", "SetTemperature degrees=", "\x00", "Fly to=moon"])
def test_a_model_that_answers_rubbish_is_a_model_that_knows_nothing(answer: str) -> None:
    assert _understand("colourless green ideas", model=lambda *_: Guess(answer, 1.0, 1.0, Trust.ACT)).requests == ()


def _guessing(answer: str, trust: Trust, *, foreign: bool = False) -> Callable[[str, Language, Cancel], Guess]:
    return lambda *_: Guess(answer, 0.6, 0.9, trust, foreign=foreign)


def test_a_model_that_doubts_is_asked_about_and_one_that_guesses_is_silent() -> None:
    text, answer = "it is about time i knew how late we are", "AskTime"
    sure, unsure, silent = (_understand(text, model=_guessing(answer, trust)) for trust in Trust)

    assert (_names(sure), sure.unsure, sure.confidence) == (["AskTime"], False, 0.54)
    assert (_names(unsure), unsure.unsure) == (["AskTime"], True)
    assert silent.requests == ()


def test_sound_is_asked_unless_the_model_is_certain_that_nothing_was_for_us() -> None:
    assert _names(_understand("naxt track", model=_guessing("none", Trust.SILENT))) == ["NextTrack"]
    assert _understand("naxt track", model=_guessing("none", Trust.SILENT, foreign=True)).requests == ()


def test_a_model_that_is_sure_overrules_a_sentence_that_took_words_for_anything_at_all() -> None:
    text = "delete my doctor's appointment reminder"

    def sure(decision: float, trust: Trust = Trust.ACT) -> Understanding:
        return _understand(text, model=lambda *_: Guess("CancelReminder which=all", decision, 0.9, trust))

    assert _names(_understand(text)) == ["ChangeCalendar"]
    assert _names(sure(0.9)) == ["CancelReminder"]
    assert _names(sure(0.5)) == ["ChangeCalendar"]
    assert _names(sure(0.9, Trust.ASK)) == ["CancelReminder"]
    assert [sure(0.9, trust).unsure for trust in (Trust.ACT, Trust.ASK)] == [False, True]
    assert _names(sure(0.9, Trust.SILENT)) == ["ChangeCalendar"]
    assert (
        _understand(text, model=lambda *_: Guess('ChangeCalendar about="dinner"', 0.9, 0.9, Trust.ACT)).source
        is Source.RULES
    )


def test_another_reading_of_the_same_sound_does_not_ask_the_model_again() -> None:
    asked: list[str] = []

    def model(text: str, language: Language, cancel: Cancel) -> Guess:
        asked.append(text)
        return Guess("none", 0.5)

    layers = Layers(RULES, model)
    for alternatives in ((), (Hypothesis("next track", 0.1, bound=True),)):
        layers(Transcript("colourless green ideas", "en", alternatives=alternatives), CONTEXT, Wanted())
    assert asked == ["colourless green ideas"]


@pytest.mark.parametrize("text", ["", " ", "\x00", "<|>", "word " * 10_000, "字" * 501])
def test_the_model_is_not_asked_about_what_is_no_sentence(text: str) -> None:
    def model(text: str, language: Language, cancel: Cancel) -> Guess:
        raise AssertionError(text)

    assert _understand(text, model=model).requests == ()


@pytest.mark.parametrize(
    ("text", "language", "answer", "field", "value"),
    [
        ("帮我 navigate to the airport", "zh", 'StartRoute place=" the airport"', "place", "the airport"),
        ("please 打开空调", "en", "SwitchClimate feature=climate on_off=on", "feature", "climate"),
        ("把 temperature 调到 twenty two", "zh", "SetTemperature degrees=22", "degrees", 22.0),
        ("set a timer for 十分钟", "en", 'StartTimer duration="十分钟"', "duration", timedelta(minutes=10)),
    ],
)
def test_a_sentence_in_both_languages_is_checked_in_both(
    text: str, language: Language, answer: str, field: str, value: object
) -> None:
    found = _understand(text, language=language, model=_guessing(answer, Trust.ACT))

    assert [getattr(request, field) for request in found.requests] == [value]


def test_what_a_word_of_the_other_language_contradicts_is_invented() -> None:
    model = _guessing("SwitchClimate feature=climate on_off=off", Trust.ACT)

    found = _understand("please 打开空调 would you", model=model)

    assert found.requests == (SwitchClimate(feature=ClimateFeature.CLIMATE),)
    assert found.unsure


def test_a_sentence_wholly_in_the_other_language_is_read_by_its_rules() -> None:
    assert _names(_understand("open the window", language="zh")) == ["MoveWindow"]
    assert _names(_understand("打开空调")) == ["SwitchClimate"]


def test_a_model_that_fails_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    def model(text: str, language: Language, cancel: Cancel) -> Guess:
        raise EngineError("the model process died")

    assert _understand("colourless green ideas", model=model).requests == ()
    assert "died" in caplog.text
    assert "colourless" not in caplog.text


def test_a_pulled_token_stops_before_the_slow_layers() -> None:
    def model(text: str, language: Language, cancel: Cancel) -> Guess:
        raise AssertionError(text)

    assert _understand("naxt track", model=model, cancel=Pulled()).requests == ()
    assert _names(_understand("next track", model=model, cancel=Pulled())) == ["NextTrack"]


@pytest.mark.parametrize(
    "text", ["", " ", "😀", "turn it up " * 5_000, "打开空调 and turn it up", "\x00\udcff", "no " * 300]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_that_is_said_can_break_it(text: str, language: Language) -> None:
    _understand(text, (text, 0.5), language=language)


def test_a_turn_ends_early_only_on_a_whole_sentence() -> None:
    assert _understand("pause the music").complete
    assert _understand("set the temperature to twenty").complete
    assert not _understand("remind me to").complete
    assert not _understand("can i get a large mocha").complete  # people think between the details of an order
    assert not _understand("colourless green ideas").complete
