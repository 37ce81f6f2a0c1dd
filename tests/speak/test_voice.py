import stat
import threading
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest

from assistant.core.text import Language
from assistant.errors import EngineError
from assistant.speak.espeak import Espeak
from assistant.speak.silent import Pace, Silent
from assistant.speak.speaker import Speaker
from assistant.speak.voice import Heard, Talker
from assistant.worker import Token

ANSWER = ("Okay, twenty two degrees.", "The window is half open.")


class Broken(Espeak):
    """A voice that dies after some chunks of its sentence."""

    name = "broken"

    def __init__(self, chunks: int) -> None:
        super().__init__()
        self._chunks = chunks

    def synthesise(self, sentence: str, language: Language) -> Generator[bytes]:
        for count, chunk in enumerate(super().synthesise(sentence, language)):
            if count == self._chunks:
                break
            yield chunk
        raise EngineError("the voice died")


class Timed(Silent):
    """A loudspeaker that notes when a sentence began and ended."""

    def __init__(self) -> None:
        super().__init__(pace=Pace.REAL_TIME)
        self.spans: list[tuple[float, float]] = []

    def play(self, chunks: Iterable[bytes], sample_rate_hz: int, started: Callable[[float], None]) -> bool:
        before = time.monotonic()
        whole = super().play(chunks, sample_rate_hz, started)
        self.spans.append((before, time.monotonic()))
        return whole


def nothing(_at: float) -> None:
    """Take no note of the first sound."""


def test_an_answer_is_spoken_whole_and_its_first_sound_is_told_once() -> None:
    firsts: list[float] = []
    loudspeaker = Timed()
    before = time.monotonic()
    spoken = Talker([Espeak()], loudspeaker).say(ANSWER, "en", firsts.append, Token())
    assert spoken.heard is Heard.WHOLE
    assert spoken.voice == "espeak-ng"
    assert len(firsts) == 1
    assert firsts[0] - before < 1
    assert len(loudspeaker.spans) == len(ANSWER)
    assert loudspeaker.spans[1][0] - loudspeaker.spans[0][1] < 0.2, "the second sentence was ready when the first ended"


def test_a_hush_ends_the_whole_answer_at_once() -> None:
    talker = Talker([Espeak()], Silent())
    hushed: list[float] = []

    def hush() -> None:
        hushed.append(time.monotonic())
        talker.hush()

    threading.Timer(0.5, hush).start()
    spoken = talker.say(ANSWER * 5, "en", nothing, Token())
    assert time.monotonic() - hushed[0] < 1
    assert spoken.heard is Heard.HUSHED
    assert talker.say(ANSWER[:1], "en", nothing, Token()).heard is Heard.WHOLE


def test_an_answer_that_is_no_longer_wanted_is_not_begun() -> None:
    token, firsts = Token(), list[float]()
    token.cancel()
    assert Talker([Espeak()], Silent()).say(ANSWER, "en", firsts.append, token).heard is Heard.HUSHED
    assert firsts == []


@pytest.mark.parametrize("chunks", [0, 2])
def test_a_voice_that_dies_is_replaced_and_nothing_is_left_unsaid(chunks: int) -> None:
    spoken = Talker([Broken(chunks), Espeak()], Silent(pace=Pace.FAST)).say(ANSWER, "en", nothing, Token())
    assert spoken.heard is Heard.WHOLE
    assert spoken.voice == "espeak-ng"


def test_without_a_voice_the_answer_is_text_only_and_says_why(tmp_path: Path) -> None:
    program = tmp_path / "voice"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for voices in ([], [Espeak(program=str(program))]):
        spoken = Talker(voices, Silent(pace=Pace.FAST)).say(ANSWER, "en", nothing, Token())
        assert spoken.heard is Heard.UNHEARD
        assert "espeak-ng" in str(spoken.error)


def test_without_a_loudspeaker_the_answer_is_text_only_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    spoken = Talker([Espeak()], Speaker("gramophone")).say(ANSWER, "en", nothing, Token())
    assert spoken.heard is Heard.UNHEARD
    assert "gramophone" in str(spoken.error)
