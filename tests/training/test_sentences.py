import random

import pytest

from assistant.core.text import LANGUAGES, Language
from assistant.languages.pack import Sentence
from assistant.skills import by_request
from assistant.training import generate
from assistant.training.noise import Noise
from assistant.training.numbers import spell
from assistant.training.rows import Row
from assistant.training.sampler import Piece, Sampler
from assistant.understand.schema import parse

REQUESTS = tuple(by_request())


@pytest.fixture(scope="module", params=LANGUAGES)
def rows(request: pytest.FixtureRequest) -> tuple[Language, list[Row]]:
    generate_fewer = {"templates": 0.05, "seeds": 0.05, "others": 0.05, "labels": 0.05}
    patch = pytest.MonkeyPatch()
    patch.setattr(generate, "DRAWS", generate_fewer)
    patch.setattr(generate, "SEVERAL", {"en": 30, "zh": 30})
    found = list(generate.Generator(request.param, REQUESTS, 1).rows())
    patch.undo()
    return request.param, found


def test_every_answer_is_one_the_schema_reads(rows: tuple[Language, list[Row]]) -> None:
    answers = [row.answer for row in rows[1] if row.answer]
    assert len(answers) > 0.7 * len(rows[1])
    assert [answer for answer in answers if parse(answer, REQUESTS) is None] == []


def test_every_copied_word_stands_in_its_sentence(rows: tuple[Language, list[Row]]) -> None:
    pieces = [(piece, row.text) for row in rows[1] for piece in row.answer.split('"')[1::2]]
    assert pieces
    bare = str.maketrans("", "", " '")
    lost = [(piece, text) for piece, text in pieces if piece.translate(bare) not in text.translate(bare)]
    assert len(lost) < 0.02 * len(pieces)  # contractions within free words


def test_every_request_is_said_in_every_language(rows: tuple[Language, list[Row]]) -> None:
    said = {name for row in rows[1] for name in row.first}
    assert {request.__name__ for request in REQUESTS} - said == set()


def test_some_sentences_hold_several_requests_and_many_none(rows: tuple[Language, list[Row]]) -> None:
    assert sum(";" in row.answer for row in rows[1]) >= 20
    assert sum(row.answer == "none" for row in rows[1]) >= 40


def test_the_same_seed_draws_the_same_sentences() -> None:
    first, second, other = (generate.Generator("en", REQUESTS, seed).rows() for seed in (1, 1, 2))
    told = [[next(rows).line() for _ in range(50)] for rows in (first, second, other)]
    assert told[0] == told[1] != told[2]


@pytest.fixture
def sampler() -> Sampler:
    own, _ = generate.joined("en")
    return Sampler(own, REQUESTS, generate.banks("en"), random.Random(3))


def test_fields_stand_in_declared_order_with_what_the_sentence_fixes(sampler: Sampler) -> None:
    sentence = Sentence("SetSeatComfort", {"on_off": "on"}, (), "here")
    drawn = sampler.draw(sentence, "{zone} seat {level}")
    assert drawn.answer.startswith("SetSeatComfort on_off=on level=")
    assert " zone=" in drawn.answer


def test_a_slot_of_another_request_is_only_said(sampler: Sampler) -> None:
    drawn = sampler.draw(Sentence("Stop", {}, (), "here"), "stop {artist}")
    assert drawn.answer == "Stop"
    assert len(drawn.pieces) == 2


def test_a_word_without_a_bank_is_named(sampler: Sampler) -> None:
    with pytest.raises(KeyError, match="nothing_known"):
        sampler.draw(Sentence("Stop", {}, (), "here"), "stop {nothing_known}")


def test_what_a_slot_says_is_never_misheard(sampler: Sampler) -> None:
    noise = Noise(sampler, {"to": ["two"], "two": ["to"]}, random.Random(1))
    drawn = sampler.draw(Sentence("Stop", {}, (), "here"), "to")
    fixed = type(drawn)((Piece("two", fixed=True), Piece("to")), "Stop", {})
    assert {noise.said(fixed).split()[-1] for _ in range(200)} >= {"to", "two"}
    assert all("two" in noise.said(fixed) for _ in range(50))


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [(0, "zero", "零"), (12, "twelve", "十二"), (40, "forty", "四十"), (22, "twenty two", "二十二"), (105, "one hundred five", "一百零五"), (116, "one hundred sixteen", "一百一十六"), (-3, "minus three", "零下三")],
)  # fmt: skip
def test_numbers_are_said(number: int, english: str, chinese: str) -> None:
    assert (spell(number, "en"), spell(number, "zh")) == (english, chinese)
