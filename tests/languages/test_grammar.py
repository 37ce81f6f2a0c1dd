import random
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from assistant.errors import ConfigError
from assistant.languages.grammar import Grammar
from assistant.languages.pack import Sentence

NOW = datetime(2026, 11, 21, 15, 0)  # noqa: DTZ001 - only its wall clock is read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set the temperature to 22", "Warm(degrees=22.0)"),
        (
            "Um, could you put the driver's side temperature to twenty-two and a half degrees, please?",
            "Warm(degrees=22.5, side=driver)",
        ),
        ("make it 45", "Warm(degrees=45.0)"),
        ("fan at 3", "Warm(level=3)"),
        ("fan on full blast", "Warm(level=3)"),
        ("that's cold", "Warm(up=True)"),
        ("open the co driver window 50%", "Open(percent=50.0, side=passenger)"),
        ("open the driver window halfway", "Open(percent=50.0, side=driver)"),
        ("call anna o'neil", "Call(who=Anna O'Neil)"),
        ("phone Peter Pan", "Call(who=Peter Pan)"),
        (
            "remind me tomorrow evening at six to Water the Plants!",
            "Remind(text=Water the Plants, at=18:00:00, day=2026-11-22)",
        ),
        ("remind me in an hour and a half to go", "Remind(text=go, after=1:30:00)"),
        ("play some jazz for $5", "Play(wish=some jazz, price=5.00 USD)"),
        ("what's up", "?"),
        ("play a trivia game", "-"),
        ("", "?"),
        ("😀", "?"),
    ],
)
def test_a_sentence_becomes_its_request(small: Any, text: str, expected: str) -> None:
    assert small.says(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("turn up the heat and call bob", "Warm(up=True) + Call(who=Bob)"),
        ("turn up the heat, open the driver window", "Warm(up=True) + Open(side=driver)"),
        ("call Peter Pan and then make it 20", "Call(who=Peter Pan) + Warm(degrees=20.0)"),
        ("play jazz and make it 20", "Play(wish=jazz) + Warm(degrees=20.0)"),
        ("play rock and roll", "Play(wish=rock and roll)"),
        ("remind me to turn up the heat and call bob", "Remind(text=turn up the heat and call bob)"),
    ],
)
def test_several_requests_come_in_the_order_said(small: Any, text: str, expected: str) -> None:
    assert small.says(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open the driver and the passenger window", "Open(side=driver) + Open(side=passenger)"),
        ("open the driver window and passenger window", "Open(side=driver) + Open(side=passenger)"),
        (
            "set the driver temperature to 20 and the passenger temperature to 22",
            "Warm(degrees=20.0, side=driver) + Warm(degrees=22.0, side=passenger)",
        ),
    ],
)
def test_words_two_requests_share_need_not_be_repeated(small: Any, text: str, expected: str) -> None:
    assert small.says(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make it twenty no twenty two", "Warm(degrees=22.0)"),
        ("call anna o'neil no sorry bob smith", "Call(who=Bob Smith)"),
        ("open the driver, I mean the passenger window", "Open(side=passenger)"),
        ("turn up the heat no don't", "?"),
    ],
)
def test_what_a_speaker_takes_back_does_not_count(small: Any, text: str, expected: str) -> None:
    assert small.says(text) == expected


def test_a_name_the_car_does_not_know_is_told_apart(small: Any) -> None:
    known, unknown = small.readout("call bob"), small.readout("call peter")

    assert known.reads[0].unknown == ()
    assert unknown.reads[0].unknown == ("who",)
    assert known.cost < unknown.cost


def test_a_number_out_of_range_is_understood_so_that_the_range_can_be_said(small: Any) -> None:
    assert small.readout("make it 99").reads[0].request.degrees == 99


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("turn up the heat", True),
        ("turn up the heat please", True),
        ("make it twenty", False),  # two
        ("make it 22", True),  # degrees, and a half
        ("open the driver window", False),  # to 50
        ("open the driver window to 50", True),
        ("call bob", False),  # smith
        ("call bob smith", True),
        ("call peter", False),
        ("remind me to go", False),
    ],
)
def test_a_sentence_is_complete_if_no_longer_one_means_something_else(small: Any, text: str, complete: bool) -> None:
    assert small.readout(text).complete is complete


def test_two_values_for_one_field_are_no_request(small: Any) -> None:
    pack = replace(small.pack, sentences=(Sentence("Open", {}, ("open {side} and {side}",), "here"),))

    grammar = Grammar(pack, small.grammar.requests)

    assert grammar.read("open driver and passenger", NOW) is None
    assert grammar.read("open driver and driver", NOW) is not None


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (Sentence("Fly", {}, ("fly",), "x.toml sentence 1"), "no request class"),
        (Sentence("Open", {}, ("open {door}",), "x.toml sentence 1"), "no field 'door'"),
        (Sentence("Open", {}, ("open {doors:side}",), "x.toml sentence 1"), "no list 'doors'"),
        (Sentence("Open", {}, ("open <it>",), "x.toml sentence 1"), "no rule <it>"),
        (Sentence("Warm", {}, ("warm {up}",), "x.toml sentence 1"), "true or false"),
    ],
)
def test_a_sentence_that_does_not_fit_is_an_error_with_its_place(small: Any, sentence: Sentence, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Grammar(replace(small.pack, sentences=(sentence,)), small.grammar.requests)

    assert "x.toml" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "turn up the heat and " * 2_500,
        "play " * 10_000,
        "😀" * 10_000,
        "twenty " * 10_000,
        "call bob no " * 3_000,
        "remind me to " * 3_000,
        "打开车窗 turn up the heat ✓",
        "\x00\x7f\u202e\ufffd" * 100,
    ],
)
def test_no_sentence_however_long_or_odd_takes_long(small: Any, text: str) -> None:
    began = time.process_time()

    small.readout(text)

    assert time.process_time() - began < 5.0


def test_random_words_of_the_language_never_fail(small: Any) -> None:
    chance = random.Random(3)
    words = [*sorted(word for word in small.grammar.walk.vocabulary if word.isalnum()), "22", "6:30", "zzz", ","]

    for _ in range(2_000):
        small.readout(" ".join(chance.choices(words, k=chance.randint(1, 9))))


def test_what_was_worked_out_for_sentences_is_forgotten_and_they_read_alike(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["set the driver temperature to 22", "open the driver's side window to 40 percent", "call anna o'neil"]
    texts += [f"remind me to water the {number} plants" for number in range(20)]
    before = [small.readout(text) for text in texts]
    walk = small.grammar.walk
    monkeypatch.setattr("assistant.languages.walk.MOST_CLOSURES", 20)

    for number, text in enumerate(texts):
        assert small.readout(text) == before[number]
        known = [token.word for token in small.grammar.tokens(text)]
        walk.states(walk.known(known[:1]))
        assert len(walk._closures) < 60
    monkeypatch.setattr("assistant.languages.walk.MOST_PLACES", 20)
    assert [small.readout(text) for text in texts] == before
