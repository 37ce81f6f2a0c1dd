import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant.core.audio import Clip
from assistant.core.effect import Expecting
from assistant.core.text import Language
from assistant.errors import EngineError, ModelError
from assistant.hear.whisper import Choice, Whisper
from tests.hear.test_moonshine import Token
from tests.hear.tiny_whisper import make_whisper

NOISE = Clip(np.random.default_rng(4).normal(0, 3000, 32000).astype("<i2").tobytes(), 0.0, 2.0)


class Scripted:
    """The library's face with a written answer."""

    def __init__(self, *segments: tuple[str, float, float, float]) -> None:
        self.asked: dict[str, Any] = {}
        self._segments = segments

    def transcribe(self, _: Any, **asked: Any) -> tuple[list[SimpleNamespace], None]:
        self.asked = asked
        names = ("text", "avg_logprob", "no_speech_prob", "compression_ratio")
        return [SimpleNamespace(**dict(zip(names, segment, strict=True))) for segment in self._segments], None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_whisper(tmp_path_factory.mktemp("whisper"), multilingual=True)


@pytest.fixture(scope="module")
def whisper(folder: Path) -> Whisper:
    return Whisper(folder, threads=1)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_model_of_the_real_format_answers_in_the_language_asked_for(whisper: Whisper, language: Language) -> None:
    heard = whisper.transcribe(NOISE, language, Expecting.COMMAND, Token())

    assert (heard.language, heard.engine) == (language, "whisper")
    assert heard.text == ""


def test_the_sound_may_choose_among_the_languages_it_knows(folder: Path) -> None:
    both = Whisper(folder, choice=Choice.AUTO, threads=1)
    chinese = Whisper(folder, ("zh",), choice=Choice.AUTO, threads=1)

    assert both.transcribe(NOISE, "en", Expecting.COMMAND, Token()).language in {"en", "zh"}
    assert chinese.transcribe(NOISE, "en", Expecting.COMMAND, Token()).language == "zh"


def test_the_likelier_language_is_chosen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sure(Scripted):
        def detect_language(self, _: Any) -> tuple[str, float, list[tuple[str, float]]]:
            return "ja", 0.6, [("ja", 0.6), ("zh", 0.3), ("en", 0.1)]

    whisper = Whisper(folder, choice=Choice.AUTO, threads=1)
    monkeypatch.setattr(whisper, "_model", Sure((" 打开空调。", -0.1, 0.1, 1.0)))
    heard = whisper.transcribe(NOISE, "en", Expecting.COMMAND, Token())

    assert (heard.text, heard.language) == ("打开空调。", "zh")


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(640), bytes(32000 * 31)])
def test_a_clip_of_any_length_is_taken(whisper: Whisper, pcm: bytes) -> None:
    heard = whisper.transcribe(Clip(pcm, 0.0, 0.0), "en", Expecting.COMMAND, Token())

    assert 0.0 <= heard.confidence <= 1.0


def test_a_cancelled_clip_is_empty(whisper: Whisper) -> None:
    assert whisper.transcribe(NOISE, "en", Expecting.COMMAND, Token(0)).text == ""


def answer(
    whisper: Whisper, monkeypatch: pytest.MonkeyPatch, *segments: tuple[str, float, float, float]
) -> tuple[str, float]:
    monkeypatch.setattr(whisper, "_model", Scripted(*segments))
    heard = whisper.transcribe(NOISE, "en", Expecting.COMMAND, Token())
    return heard.text, round(heard.confidence, 2)


def test_unlikely_silent_and_looping_segments_are_dropped(whisper: Whisper, monkeypatch: pytest.MonkeyPatch) -> None:
    good = (" Open the window.", -0.1, 0.1, 1.0)

    assert answer(whisper, monkeypatch, good) == ("Open the window.", 0.9)
    assert answer(whisper, monkeypatch, good, (" Thanks.", -1.2, 0.9, 1.0)) == ("Open the window.", 0.9)
    assert answer(whisper, monkeypatch, (" la la la", -0.1, 0.1, 3.0)) == ("", 0.0)
    assert answer(whisper, monkeypatch, (" Thanks for watching!", -0.3, 0.1, 1.0)) == ("", 0.0)


def test_hot_words_are_asked_for_each_clip(whisper: Whisper, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted()
    monkeypatch.setattr(whisper, "_model", scripted)
    monkeypatch.setattr(whisper, "_hot_words", lambda language: {"en": ["mocha", "Anna"], "zh": []}[language])

    whisper.transcribe(NOISE, "en", Expecting.COMMAND, Token())
    assert scripted.asked["hotwords"] == "mocha Anna"
    whisper.transcribe(NOISE, "zh", Expecting.COMMAND, Token())
    assert scripted.asked["hotwords"] is None
    assert scripted.asked["language"] == "zh"


def test_a_failure_of_the_library_is_an_engine_error(whisper: Whisper, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def transcribe(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("out of memory")

    monkeypatch.setattr(whisper, "_model", Broken())
    with pytest.raises(EngineError) as caught:
        whisper.transcribe(NOISE, "en", Expecting.COMMAND, Token())
    assert caught.value.mend


def test_an_english_model_is_not_taken_for_chinese(tmp_path: Path) -> None:
    folder = make_whisper(tmp_path, multilingual=False)

    with pytest.raises(ModelError, match="English only") as caught:
        Whisper(folder)
    assert caught.value.mend
    assert Whisper(folder, ("en",)).languages == ("en",)


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_missing_cut_or_foreign_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    for content in (None, (folder / name).read_bytes()[:1000], b"no model at all" * 100):
        copy = tmp_path / str(len(content or b""))
        shutil.copytree(folder, copy)
        (copy / name).unlink()
        if content is not None:
            (copy / name).write_bytes(content)
        with pytest.raises(ModelError) as caught:
            Whisper(copy)
        assert caught.value.mend
