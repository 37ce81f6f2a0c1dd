import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import EngineError, ModelError
from assistant.speak.espeak import Espeak
from assistant.speak.piper import Piper
from assistant.speak.silent import Pace, Silent
from assistant.speak.voice import Heard, Talker
from assistant.worker import Token
from tests.speak import piper_voice

pytest.importorskip("piper")
SHARED = Path(os.environ.get("CABIN_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.fixture(scope="module")
def voice_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return piper_voice.make(tmp_path_factory.mktemp("voice") / "tones.onnx")


@pytest.fixture
def voice(voice_file: Path) -> Iterator[Piper]:
    piper = Piper(voice_file, "en")
    yield piper
    piper.close()


def pid_of(voice: Piper) -> int:
    assert voice._process is not None
    return voice._process._process.pid


def test_a_sentence_becomes_sound_from_another_process(voice: Piper) -> None:
    samples = np.frombuffer(b"".join(voice.synthesise("Okay, twenty two degrees.", "en")), "<i2")
    assert len(samples) > 20 * piper_voice.SAMPLES
    assert np.abs(samples).max() > 3000
    assert voice.sample_rate_hz == piper_voice.RATE_HZ
    assert pid_of(voice) != os.getpid()
    assert "Seccomp:\t2" in Path(f"/proc/{pid_of(voice)}/status").read_text()


def test_what_is_made_after_a_hush_does_not_leak_into_the_next_sentence(voice: Piper) -> None:
    short = b"".join(voice.synthesise("Yes.", "en"))
    for _ in range(3):
        long = voice.synthesise("One two three. Four five six. Seven eight nine. " * 20, "en")
        next(long)
        long.close()
        assert b"".join(voice.synthesise("Yes.", "en")) == short


def test_a_killed_process_is_an_error_now_and_a_new_process_next_time(voice: Piper) -> None:
    whole = b"".join(voice.synthesise("Yes.", "en"))
    first = pid_of(voice)
    sound = voice.synthesise("One two three. Four five six. " * 50, "en")
    next(sound)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(EngineError, match="died with exit code -9"):
        list(sound)
    assert b"".join(voice.synthesise("Yes.", "en")) == whole
    assert pid_of(voice) != first


def test_a_process_that_hangs_is_ended_and_replaced(voice: Piper, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join(voice.synthesise("Yes.", "en"))
    monkeypatch.setattr("assistant.speak.piper.SENTENCE_S", 0.3)
    os.kill(pid_of(voice), signal.SIGSTOP)
    before = time.monotonic()
    with pytest.raises(EngineError, match="does not answer"):
        list(voice.synthesise("Yes.", "en"))
    assert time.monotonic() - before < 2
    monkeypatch.undo()
    assert b"".join(voice.synthesise("Yes.", "en")) == whole


def test_strange_text_is_no_trouble(voice: Piper) -> None:
    for text in ("", " ", "😀", '{"id": 1}\n{"id": 2}', "[[", "\x00", "好的，二十二度。", "word " * 1000):
        list(voice.synthesise(text, "en"))
    assert list(voice.synthesise("Yes.", "en"))


def test_a_missing_or_broken_voice_is_said_with_the_mend(tmp_path: Path, voice_file: Path) -> None:
    with pytest.raises(ModelError, match="models fetch"):
        Piper(tmp_path / "none.onnx", "en")
    lonely = tmp_path / "lonely.onnx"
    lonely.write_bytes(voice_file.read_bytes())
    with pytest.raises(ModelError, match="json"):
        Piper(lonely, "en")


@pytest.mark.parametrize("damage", ["cut", "not onnx", "empty"])
def test_a_broken_model_leaves_the_parent_alive_and_is_not_retried_at_every_sentence(
    tmp_path: Path, voice_file: Path, damage: str
) -> None:
    whole = voice_file.read_bytes()
    path = tmp_path / "broken.onnx"
    path.write_bytes({"cut": whole[: len(whole) // 2], "not onnx": b"hello" * 1000, "empty": b""}[damage])
    path.with_name("broken.onnx.json").write_bytes(voice_file.with_name(f"{voice_file.name}.json").read_bytes())
    voice = Piper(path, "en")
    with pytest.raises(EngineError, match="piper"):
        list(voice.synthesise("Yes.", "en"))
    before = time.monotonic()
    with pytest.raises(EngineError, match="does not start"):
        list(voice.synthesise("Yes.", "en"))
    assert time.monotonic() - before < 1
    assert (
        Talker([voice, Espeak()], Silent(pace=Pace.FAST)).say(["Yes."], "en", lambda _: None, Token()).heard
        is Heard.WHOLE
    )


def test_a_voice_that_would_download_while_it_speaks_is_refused(tmp_path: Path, voice_file: Path) -> None:
    path = tmp_path / "pinyin.onnx"
    path.write_bytes(voice_file.read_bytes())
    settings = json.loads(voice_file.with_name(f"{voice_file.name}.json").read_text())
    path.with_name("pinyin.onnx.json").write_text(json.dumps(settings | {"phoneme_type": "pinyin"}))
    with pytest.raises(EngineError, match="pinyin"):
        list(Piper(path, "zh").synthesise("好的。", "zh"))


@pytest.mark.shared
def test_a_real_voice_speaks() -> None:
    path = SHARED / "weights" / "tts-piper-unit-en_US" / "en_US-unit-x_low.onnx"
    if not path.is_file():
        pytest.skip("needs ../shared")
    voice = Piper(path, "en")
    sound = b"".join(voice.synthesise("Okay, twenty two degrees for the passenger.", "en"))
    voice.close()
    seconds = len(sound) / 2 / voice.sample_rate_hz
    assert 2 < seconds < 6
