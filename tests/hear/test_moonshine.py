import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.core.audio import Clip
from assistant.core.effect import Expecting
from assistant.core.ports import Sentences
from assistant.errors import ModelError
from assistant.hear.beam import Reading
from assistant.hear.moonshine import Moonshine, certainty, shipped_moonshine
from assistant.hear.wav import read_audio
from tests.hear.coffee import COFFEE, slots_of
from tests.hear.graph import Graph

Rows = list[dict[str, Any]]
Sound = Callable[[dict[str, Any]], bytes]

COMMANDS = Graph(
    [
        (["turn on", "turn off"], "the", ["fan", "radio", "heater"]),
        ("set the temperature to", ["twenty", "thirty"], ["", "one", "two", "three"], ["", "degrees"]),
        (["open", "close"], "the", ["", "driver's", "passenger's"], "window"),
        ["yes", "no", "stop"],
    ]
)


class Token:
    """A token that is cancelled after so many looks."""

    def __init__(self, looks: int = 1_000_000) -> None:
        self._looks = looks

    def cancelled(self) -> bool:
        self._looks -= 1
        return self._looks < 0


@pytest.fixture(scope="module")
def moonshine() -> Moonshine:
    return Moonshine()


def clip(pcm: bytes) -> Clip:
    return Clip(pcm, 0.0, len(pcm) / 32000)


def spoken(sentence: str, folder: Path) -> Clip:
    if shutil.which("flite") is None:
        pytest.skip("no flite")
    subprocess.run(["flite", "-voice", "rms", "-t", sentence, "-o", str(folder / "said.wav")], check=True)
    return clip(bytes(6400) + read_audio(folder / "said.wav"))


def free(moonshine: Moonshine, sound: Clip) -> str:
    return moonshine.transcribe(sound, "en", Expecting.COMMAND, Token()).text


def best(moonshine: Moonshine, sentences: Sentences, sound: Clip) -> tuple[str, float]:
    moonshine.bind(sentences)
    found = moonshine.rebound(sound, Token())
    return (found[0].text, found[0].confidence) if found else ("", 0.0)


@pytest.mark.shared
def test_human_sentences_are_read(recordings: Callable[..., Rows], sound: Sound, moonshine: Moonshine) -> None:
    row = recordings(source="librispeech_1995")[0]
    heard = moonshine.transcribe(clip(sound(row)), "en", Expecting.COMMAND, Token())

    assert heard.text.lower().replace(",", "").replace(".", "") == row["text"]
    assert heard.confidence > 0.8
    assert (heard.language, heard.engine) == ("en", "moonshine")


@pytest.mark.parametrize(
    "sentence", ["turn on the fan", "set the temperature to twenty two degrees", "close the driver's window"]
)
def test_a_bound_reading_is_the_sentence_of_the_graph(moonshine: Moonshine, tmp_path: Path, sentence: str) -> None:
    text, confidence = best(moonshine, COMMANDS, spoken(sentence, tmp_path))

    assert text == sentence
    assert confidence > 0.7


def test_bound_readings_differ_in_words_and_fall_in_confidence(moonshine: Moonshine, tmp_path: Path) -> None:
    moonshine.bind(COMMANDS)
    found = moonshine.rebound(spoken("set the temperature to thirty", tmp_path), Token())

    assert len({hypothesis.text for hypothesis in found}) == len(found)
    assert all(hypothesis.bound for hypothesis in found)
    confidences = [hypothesis.confidence for hypothesis in found]
    assert confidences == sorted(confidences, reverse=True)


def test_certainty_falls_with_likelihood_brevity_unlikeness_and_haste() -> None:
    def sure(mean: float, count: int, heard: str = "Turn on the fan.", seconds: float = 2.0) -> float:
        return certainty(Reading((5,) * (count - 1), (mean,) * count), "turn on the fan", heard, seconds)

    assert sure(-0.2, 8) > 0.95
    assert sure(-0.2, 8) > sure(-1.0, 8) > 0.5 > sure(-3.0, 8)
    assert sure(-1.2, 8) > sure(-1.2, 2)
    assert sure(-1.2, 8) > 0.7 > sure(-1.2, 8, heard="Thank you.")
    assert sure(-0.2, 8, seconds=0.4) == 0.0


def test_another_sentence_is_not_forced_into_the_graph(moonshine: Moonshine, tmp_path: Path) -> None:
    for sentence in ("the weather will be cloudy tomorrow in the north", "she sells sea shells on the shore"):
        assert best(moonshine, COMMANDS, spoken(sentence, tmp_path))[1] < 0.5


@pytest.mark.parametrize("level", [0, 30, 3000])
def test_silence_and_noise_say_nothing(moonshine: Moonshine, level: int) -> None:
    sound = clip(np.random.default_rng(2).normal(0, level, 32000).astype("<i2").tobytes())

    assert free(moonshine, sound) == ""
    assert best(moonshine, COMMANDS, sound)[1] < 0.5


@pytest.mark.parametrize("length", [0, 2, 320, 3200])
def test_a_clip_of_any_length_is_taken(moonshine: Moonshine, length: int) -> None:
    assert free(moonshine, clip(bytes(length))) == ""


def test_a_cancelled_reading_is_empty_and_leaves_no_trace(moonshine: Moonshine, tmp_path: Path) -> None:
    sound = spoken("turn on the fan", tmp_path)
    assert moonshine.transcribe(sound, "en", Expecting.COMMAND, Token(2)).text == ""
    moonshine.bind(COMMANDS)
    assert moonshine.rebound(sound, Token(2)) == ()
    assert moonshine.rebound(sound, Token())[0].text == "turn on the fan"


def test_without_a_graph_there_is_no_bound_reading(moonshine: Moonshine, tmp_path: Path) -> None:
    moonshine.bind(None)

    assert moonshine.rebound(spoken("turn on the fan", tmp_path), Token()) == ()


@pytest.mark.parametrize("name", ["encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"])
def test_a_missing_cut_or_foreign_file_is_refused(tmp_path: Path, name: str) -> None:
    for shipped in shipped_moonshine().iterdir():
        if shipped.name != name:
            (tmp_path / shipped.name).symlink_to(shipped)
    broken = tmp_path / name
    contents = (None, (shipped_moonshine() / name).read_bytes()[:100_001], b"no model at all" * 100)
    for content in contents:
        if content is not None:
            broken.write_bytes(content)
        with pytest.raises(ModelError) as caught:
            Moonshine(tmp_path)
        assert caught.value.mend


@pytest.mark.shared
@pytest.mark.slow
def test_coffee_ordered_by_strangers_is_understood(
    recordings: Callable[..., Rows], sound: Sound, moonshine: Moonshine
) -> None:
    rows = recordings(source="picovoice_barista")[:16]
    right = 0
    for row in rows:
        text, confidence = best(moonshine, COFFEE, clip(sound(row)))
        right += confidence > 0.5 and slots_of(text) == {slot: words.strip() for slot, words in row["slots"].items()}

    assert right >= 0.93 * len(rows)
