import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest

from assistant.core.text import Language
from assistant.errors import EngineError
from assistant.speak.espeak import Espeak


def a_program(folder: Path, script: str) -> str:
    path = folder / "voice"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(("language", "sentence"), [("en", "Okay, twenty two degrees."), ("zh", "好的，二十二度。")])
def test_a_sentence_becomes_one_to_six_seconds_of_sound(language: Language, sentence: str) -> None:
    voice = Espeak()
    samples = np.frombuffer(b"".join(voice.synthesise(sentence, language)), "<i2")
    assert 1 < len(samples) / voice.sample_rate_hz < 6
    assert np.abs(samples).max() > 5000


def test_the_first_sound_comes_soon() -> None:
    voice = Espeak()
    waits = []
    for _ in range(7):
        before = time.monotonic()
        next(iter(voice.synthesise("The passenger window is half open.", "en")))
        waits.append(time.monotonic() - before)
    assert min(waits) < 0.4


def test_what_looks_like_an_option_or_phonemes_is_only_text() -> None:
    voice = Espeak()
    for text in ("--version", "-v", "[[h@'loU]] \x00\x1b[31m", "😀", "", " \n "):
        assert len(b"".join(voice.synthesise(text, "en"))) % 2 == 0


def test_what_is_said_does_not_stand_in_the_process_list() -> None:
    sentence = "my secret destination " * 50
    sound = iter(Espeak().synthesise(sentence, "en"))
    next(sound)
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert any(b"espeak-ng" in line for line in lines)
    assert not any(b"secret destination" in line for line in lines)


def test_closing_the_sound_ends_the_process() -> None:
    before = children()
    sound = Espeak().synthesise("one two three four five six seven " * 200, "en")
    next(sound)
    during = children()
    sound.close()
    assert during - before
    assert not children() - before


def children() -> set[str]:
    """Return the ids of this thread's child processes."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_a_missing_program_is_said_with_the_mend() -> None:
    with pytest.raises(EngineError, match="apt install espeak-ng"):
        Espeak(program="espeak-nowhere")


@pytest.mark.parametrize(
    "script", ["cat >/dev/null; exit 3", "cat >/dev/null; echo this is not a WAV file", "kill -9 $$"]
)
def test_a_program_that_fails_is_an_engine_error(tmp_path: Path, script: str) -> None:
    voice = Espeak(program=a_program(tmp_path, script))
    with pytest.raises(EngineError, match="espeak-ng"):
        list(voice.synthesise("hello", "en"))


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.speak.espeak.PATIENCE_S", 0.3)
    voice = Espeak(program=a_program(tmp_path, "exec sleep 60"))
    before = time.monotonic()
    with pytest.raises(EngineError, match="no sound"):
        list(voice.synthesise("hello", "en"))
    assert time.monotonic() - before < 2
