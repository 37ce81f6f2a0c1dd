from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.core.audio import FRAME_BYTES
from assistant.errors import ModelError
from assistant.hear.vad import GatedSilero, shipped_silero

Rows = list[dict[str, Any]]


def flags(voice: GatedSilero, pcm: bytes) -> list[bool]:
    return [voice.speech(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def mixed(pcm: bytes, noise: bytes, snr_db: float) -> bytes:
    clean = np.frombuffer(pcm, "<i2").astype(float)
    rumble = np.resize(np.frombuffer(noise, "<i2").astype(float), len(clean))
    gain = np.sqrt((clean**2).mean() / (rumble**2).mean() / 10 ** (snr_db / 10))
    return bytes(np.clip(clean + gain * rumble, -32768, 32767).astype("<i2").tobytes())


@pytest.mark.shared
@pytest.mark.parametrize(("snr_db", "least"), [(None, 0.88), (10, 0.82)])
def test_hand_labelled_speech_is_found(
    recordings: Callable[..., Rows], sound: Callable[[dict[str, Any]], bytes], snr_db: float | None, least: float
) -> None:
    car = sound(recordings(noise_type="car interior 60 mph")[0])
    found = wrong = missed = 0
    for row in recordings(source="ten_vad_testset")[:6]:
        pcm = sound(row)
        heard = flags(GatedSilero(), pcm if snr_db is None else mixed(pcm, car, snr_db))
        labelled = [any(b <= at / 50 < e for b, e, speech in row["vad"] if speech) for at in range(len(heard))]
        found += sum(h and w for h, w in zip(heard, labelled, strict=True))
        wrong += sum(h and not w for h, w in zip(heard, labelled, strict=True))
        missed += sum(w and not h for h, w in zip(heard, labelled, strict=True))

    assert 2 * found / (2 * found + wrong + missed) >= least


@pytest.mark.shared
@pytest.mark.parametrize("noise_type", ["car interior 60 mph", "pink", "street", "white"])
def test_road_noise_is_not_speech(
    recordings: Callable[..., Rows], sound: Callable[[dict[str, Any]], bytes], noise_type: str
) -> None:
    heard = flags(GatedSilero(), sound(recordings(kind="noise", noise_type=noise_type)[0])[: 32000 * 10])

    assert sum(heard) <= 0.03 * len(heard)


@pytest.mark.shared
def test_speech_is_over_soon_after_the_last_word(
    recordings: Callable[..., Rows], sound: Callable[[dict[str, Any]], bytes]
) -> None:
    row = recordings(source="librispeech_1995")[0]
    pcm = sound(row)
    cut = pcm[: 32000 * 4]
    heard = flags(GatedSilero(), cut + bytes(32000))

    assert not any(heard[200 + 8 :])


@pytest.mark.shared
def test_single_letters_are_found(recordings: Callable[..., Rows], sound: Callable[[dict[str, Any]], bytes]) -> None:
    for row in recordings(source="moonshine_alphanumeric"):
        assert any(flags(GatedSilero(), sound(row))), row["file"]


def test_silero_rests_while_the_gate_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    voice = GatedSilero()
    runs: list[int] = []

    def counted(count: int) -> list[float]:
        runs.append(count)
        return []

    monkeypatch.setattr(voice._silero, "_judge", counted)
    flags(voice, bytes(64000))
    runs.clear()
    flags(voice, bytes(64000))

    assert runs == []


def test_silence_is_not_speech_and_reset_may_come_any_time() -> None:
    voice = GatedSilero()
    assert not any(flags(voice, bytes(64000)))
    voice.reset()
    assert not any(flags(voice, bytes(6400)))


def test_a_missing_or_foreign_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.onnx").write_bytes(shipped_silero().read_bytes()[:5000])

    for path in (tmp_path / "cut.onnx", tmp_path / "nowhere.onnx"):
        with pytest.raises(ModelError) as caught:
            GatedSilero(path)
        assert caught.value.mend
