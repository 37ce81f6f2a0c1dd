import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pymicro_wakeword
import pytest

from assistant.core.audio import FRAME_BYTES
from assistant.errors import ModelError
from assistant.hear.vad import GatedSilero
from assistant.hear.wake import SHIPPED_WORDS, MicroWake
from assistant.hear.wav import read_audio

Rows = list[dict[str, Any]]
SECOND = bytes(32000)
CLIPS = Path(__file__).parents[1] / "clips"


def frames(pcm: bytes) -> Iterator[bytes]:
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES]


def woken(wake: MicroWake, pcm: bytes) -> list[str]:
    return [word for frame in frames(pcm) if (word := wake.hears(frame))]


@pytest.fixture(scope="module")
def alexas(recordings: Callable[..., Rows], sound: Callable[[dict[str, Any]], bytes]) -> list[bytes]:
    return [SECOND + sound(row) + SECOND for row in recordings(text="alexa")]


@pytest.mark.shared
def test_a_spoken_word_wakes_once(alexas: list[bytes]) -> None:
    counts = []
    for pcm in alexas:
        wake = MicroWake(["alexa"])
        counts.append(len(woken(wake, pcm)))
        wake.close()

    assert max(counts) == 1
    assert sum(counts) >= 0.96 * len(counts)


def test_a_word_is_heard_alike_whether_the_models_rested_before_it_or_not() -> None:
    word = read_audio(CLIPS / "air-conditioning.flac")[: 2 * len(SECOND)]
    pcm = SECOND * 3 + word + SECOND * 3 + word + SECOND
    always, resting, voice = MicroWake(SHIPPED_WORDS), MicroWake(SHIPPED_WORDS), GatedSilero()
    heard, rested = [], 0
    for frame in frames(pcm):
        voice.speech(frame)
        rested += not voice.maybe
        heard.append((always.hears(frame), resting.hears(frame, maybe_speech=voice.maybe)))

    assert [one for one, _ in heard if one] == ["alexa", "alexa"]
    assert [one for one, _ in heard] == [other for _, other in heard]
    assert rested > 100, "the silence was not gone through"


def test_a_word_that_was_kept_is_heard_as_soon_as_somebody_may_speak() -> None:
    word = list(frames(SECOND + read_audio(CLIPS / "air-conditioning.flac")[: 2 * len(SECOND)]))
    always = MicroWake(["alexa"])
    at = next(number for number, frame in enumerate(word) if always.hears(frame))
    wake = MicroWake(["alexa"])

    assert all(wake.hears(frame, maybe_speech=False) is None for frame in word[:at])
    assert wake.hears(word[at], maybe_speech=True) == "alexa"


@pytest.mark.shared
def test_several_words_are_watched_at_once(
    recordings: Callable[..., Rows], sound: Callable[[dict[str, Any]], bytes]
) -> None:
    wake = MicroWake(SHIPPED_WORDS)
    spoken = {"alexa": "alexa", "okay nabu": "okay_nabu", "hey jarvis": "hey_jarvis"}
    for text, name in spoken.items():
        pcm = SECOND + sound(recordings(kind="wakeword", text=text)[0]) + SECOND

        assert woken(wake, pcm) == [name]


@pytest.mark.shared
def test_our_own_voice_saying_the_word_does_not_wake(alexas: list[bytes]) -> None:
    wake = MicroWake(["alexa"])
    heard = []
    for frame in frames(alexas[0]):
        wake.hears_reference(frame)
        heard.append(wake.hears(frame))

    assert heard.count(None) == len(heard)


@pytest.mark.shared
def test_playback_handed_over_in_one_piece_deafens_until_it_has_been_played(alexas: list[bytes]) -> None:
    wake = MicroWake(["alexa"])
    wake.hears_reference(alexas[1])

    assert woken(wake, alexas[1]) == []
    assert woken(wake, SECOND * 2 + alexas[0]) == ["alexa"]


@pytest.mark.shared
def test_other_playback_does_not_deafen(alexas: list[bytes]) -> None:
    wake = MicroWake(["alexa"])
    noise = np.random.default_rng(3).normal(0, 2000, 16000).astype("<i2").tobytes()
    wake.hears_reference(noise * 3)

    assert woken(wake, alexas[0]) == ["alexa"]


@pytest.mark.shared
def test_reset_forgets_a_half_spoken_word(alexas: list[bytes]) -> None:
    wake = MicroWake(["alexa"])
    whole = list(frames(alexas[0]))
    at = next(index for index, frame in enumerate(whole) if wake.hears(frame))
    wake.reset()
    for frame in whole[: at - 20]:
        wake.hears(frame)
    wake.reset()

    assert all(wake.hears(frame) is None for frame in whole[at - 20 : at + 10])


@pytest.mark.parametrize("word", SHIPPED_WORDS)
def test_silence_and_noise_never_wake(word: str) -> None:
    wake = MicroWake([word])
    noise = np.random.default_rng(5).normal(0, 3000, 16000 * 3).astype("<i2").tobytes()

    assert woken(wake, SECOND * 2 + noise) == []


def test_a_cutoff_of_one_never_wakes_and_words_are_named() -> None:
    wake = MicroWake(["alexa", "okay_nabu"], {"alexa": 1.0})

    assert wake.words == ("alexa", "okay_nabu")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    shipped = Path(pymicro_wakeword.__file__).parent / "models"
    for name in ("alexa.json", "alexa.tflite"):
        shutil.copy(shipped / name, tmp_path / name)
    return tmp_path / "alexa.json"


def test_a_model_is_taken_by_path(model: Path) -> None:
    assert MicroWake([str(model)]).words == ("alexa",)
    assert MicroWake([str(model.with_suffix(".tflite"))]).words == ("alexa",)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_cut_model_is_refused_and_the_process_lives(model: Path, share: float) -> None:
    tflite = model.with_suffix(".tflite")
    whole = tflite.read_bytes()
    tflite.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(ModelError, match="cut"):
        MicroWake([str(model)])


def test_other_broken_models_are_refused(model: Path) -> None:
    described = json.loads(model.read_text("utf-8"))

    for broken in (
        "{",
        "[]",
        json.dumps({**described, "micro": {}}),
        json.dumps({**described, "model": "gone.tflite"}),
    ):
        model.write_text(broken, "utf-8")
        with pytest.raises(ModelError) as caught:
            MicroWake([str(model)])
        assert caught.value.mend


@pytest.mark.parametrize("words", [[], ["hey_nobody"], ["/nowhere/word.json"]])
def test_an_unknown_word_is_answered_with_those_that_exist(words: list[str]) -> None:
    with pytest.raises(ModelError, match="okay_nabu"):
        MicroWake(words)
