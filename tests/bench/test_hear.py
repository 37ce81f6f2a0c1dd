from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.bench.hear import distance, plain, run
from assistant.errors import UsageError
from tests.bench.test_wake import few


@pytest.mark.shared
def test_figures_of_each_source_next_to_a_baseline(tmp_path: Path) -> None:
    manifest = few(
        tmp_path,
        {"kind": "speech", "source": "librispeech_1995", "most": 1},
        {"kind": "speech", "source": "ms_speech_sdk", "text": "what's the weather like", "most": 1},
        {"kind": "noise", "noise_type": "pink", "most": 1},
    )

    figures = run(manifest, lambda _: None)

    assert figures["librispeech_1995"] == {"wer": 0.0, "clips": 1}
    assert figures["noise_with_text"] == 0
    assert 0 < figures["rtf"] < 1
    assert figures["baseline"]["librispeech_1995"]["wer"] < 0.1


def test_a_manifest_without_transcripts_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16000)
    (tmp_path / "manifest.jsonl").write_text(
        '{"file": "a.wav", "kind": "speech", "source": "n", "lang": "en"}', "utf-8"
    )

    with pytest.raises(UsageError, match="text"):
        run(tmp_path / "manifest.jsonl", lambda _: None)


@pytest.mark.parametrize(
    ("wanted", "got", "errors"),
    [("", "", 0), ("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b c", "a x c d", 2), ("", "a b", 2), ("a b", "", 2)],
)
def test_errors_are_counted_in_words(wanted: str, got: str, errors: int) -> None:
    assert distance(wanted.split(), got.split()) == errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Set it to 22%.", "set it to twenty two percent"),
        ("twenty-two", "twenty two"),
        ("It’s 1,205 miles", "it's one two hundred five miles"),
        ("in 1984", "in one thousand nine hundred eighty four"),
        ("call 12345678", "call one two three four five six seven eight"),
    ],
)
def test_writing_does_not_count(text: str, words: str) -> None:
    assert plain(text, "en") == words.split()


def test_chinese_is_counted_in_characters() -> None:
    assert plain("打开空调，22度。", "zh") == list("打开空调22度")
