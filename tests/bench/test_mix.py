import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.bench.mix import car_noise, mixed, rows
from assistant.errors import UsageError


def test_noise_lies_as_far_below_the_speech_as_asked_for() -> None:
    random = np.random.default_rng(1)
    speech = np.concatenate([np.zeros(16000), random.normal(0, 3000, 16000), np.zeros(16000)])
    noise = random.normal(0, 500, 9000)

    for snr_db in (20.0, 5.0, 0.0):
        sound = np.frombuffer(mixed(speech.astype("<i2").tobytes(), noise.astype("<i2").tobytes(), snr_db), "<i2")
        left = sound[:16000].astype(float)
        assert 10 * np.log10(3000**2 / (left**2).mean()) == pytest.approx(snr_db, abs=0.2)


def test_mixing_clips_instead_of_wrapping_and_takes_any_length() -> None:
    loud = np.full(320, 32767, "<i2").tobytes()

    assert np.frombuffer(mixed(loud, loud, 0.0), "<i2").max() == 32767
    assert mixed(loud[:10], loud, 10.0, start=5)


def test_rows_are_read_and_car_noise_is_found(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "car.wav", np.zeros(16000), 16000)
    lines = [
        {"file": "a.wav", "kind": "speech", "source": "s", "text": None, "lang": "fr"},
        {"file": "car.wav", "kind": "noise", "source": "n", "noise_type": "car interior 60 mph", "seconds": 1.0},
    ]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")

    speech, noise = rows(tmp_path / "manifest.jsonl")

    assert (speech.text, speech.language, speech.path) == ("", None, tmp_path / "a.wav")
    assert noise.seconds == 1.0
    assert car_noise([speech, noise]) == bytes(32000)
    assert car_noise([speech]) is None


@pytest.mark.parametrize("content", ["", "hello\n", "[]\n", "{}\n", '{"file": "a"}\n'])
def test_another_file_is_no_manifest(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(content, "utf-8")

    for path in (tmp_path / "manifest.jsonl", tmp_path / "nowhere.jsonl"):
        with pytest.raises(UsageError) as caught:
            rows(path)
        assert caught.value.mend
