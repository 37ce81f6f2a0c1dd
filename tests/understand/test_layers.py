from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from assistant.core.context import Context
from assistant.core.ports import Cancel
from assistant.core.request import Source, Understanding
from assistant.core.text import Hypothesis, Language, Transcript
from assistant.errors import EngineError
from assistant.skills import by_request
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
    model: Callable[[str, Language, Cancel], str] | None = None,
    cancel: Cancel | None = None,
) -> Understanding:
    alternatives = tuple(Hypothesis(words, sure, bound=True) for words, sure in bound)
    return Layers(RULES, model)(Transcript(text, language, alternatives=alternatives), CONTEXT, cancel or Wanted())


def _names(understanding: Understanding) -> list[str]:
    return [type(request).__name__ for request in understanding.requests]


def test_the_rules_answer_first_and_the_model_is_not_asked() -> None:
    def model(text: str, language: Language, cancel: Cancel) -> str:
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
    def model(text: str, language: Language, cancel: Cancel) -> str:
        return "SetTemperature degrees=22 zone=driver"

    said = _understand("on the driver side i fancy a cosy twenty two", model=model)
    invented = _understand("on the driver side i fancy it cosy", model=model)

    assert _names(said) == ["SetTemperature"]
    assert said.source is Source.MODEL
    assert invented.requests == ()


@pytest.mark.parametrize("answer", ["", "none", "rubbish", "SetTemperature degrees=", "\x00", "Fly to=moon"])
def test_a_model_that_answers_rubbish_is_a_model_that_knows_nothing(answer: str) -> None:
    assert _understand("colourless green ideas", model=lambda *_: answer).requests == ()


def test_a_model_that_fails_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    def model(text: str, language: Language, cancel: Cancel) -> str:
        raise EngineError("the model process died")

    assert _understand("colourless green ideas", model=model).requests == ()
    assert "died" in caplog.text
    assert "colourless" not in caplog.text


def test_a_pulled_token_stops_before_the_slow_layers() -> None:
    def model(text: str, language: Language, cancel: Cancel) -> str:
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
