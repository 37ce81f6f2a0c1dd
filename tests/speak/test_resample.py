import numpy as np
import pytest

from assistant.speak.resample import Resampler


def sine(hz: float, rate_hz: int) -> bytes:
    return (10_000 * np.sin(2 * np.pi * hz * np.arange(rate_hz) / rate_hz)).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(22_050, 16_000), (16_000, 48_000), (22_050, 48_000), (48_000, 16_000), (44_100, 8_000)]
)
def test_a_tone_keeps_its_pitch_loudness_and_length_however_it_is_cut(from_hz: int, to_hz: int) -> None:
    pcm, resampler = sine(440, from_hz), Resampler(from_hz, to_hz)
    out = b"".join(resampler.feed(pcm[start : start + 434]) for start in range(0, len(pcm), 434)) + resampler.flush()
    heard = np.frombuffer(out, "<i2").astype(float)
    wanted = 10_000 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / to_hz)
    assert len(heard) == to_hz
    assert np.abs(heard - wanted)[100:-100].max() < 5


def test_what_the_lower_rate_cannot_hold_does_not_fold_back() -> None:
    heard = np.frombuffer(Resampler(48_000, 16_000).feed(sine(11_000, 48_000)), "<i2").astype(float)
    assert heard[100:].std() < 30
