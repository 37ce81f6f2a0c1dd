import resource
import threading
import time
import wave
from pathlib import Path

import pytest

from assistant.core.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from assistant.errors import DeviceError
from assistant.speak.silent import Pace, Silent

SECOND = bytes(2 * 22_050)


def test_answers_are_collected_one_after_another_in_one_wav_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.wav"
    speaker = Silent(path, Pace.FAST)
    assert speaker.play([SECOND, SECOND], 22_050, lambda _: None)
    assert speaker.play([bytes(2 * 16_000)], 16_000, lambda _: None)
    speaker.close()
    with wave.open(str(path)) as file:
        assert file.getframerate() == SAMPLE_RATE_HZ
        assert file.getnframes() / SAMPLE_RATE_HZ == pytest.approx(3, abs=0.01)


def test_fast_is_fast_and_real_time_is_real_time() -> None:
    before = time.monotonic()
    assert Silent(pace=Pace.FAST).play([SECOND], 22_050, lambda _: None)
    assert time.monotonic() - before < 0.9
    before = time.monotonic()
    assert Silent(pace=Pace.REAL_TIME).play([SECOND[:22_050]], 22_050, lambda _: None)
    assert 0.45 < time.monotonic() - before < 3


def test_a_hush_ends_it_at_once() -> None:
    speaker = Silent()
    threading.Timer(0.2, speaker.hush).start()
    before = time.monotonic()
    assert not speaker.play([SECOND] * 10, 22_050, lambda _: None)
    assert time.monotonic() - before < 3


def test_the_reference_gets_whole_frames() -> None:
    frames: list[bytes] = []
    Silent(pace=Pace.FAST, reference=frames.append).play([SECOND], 22_050, lambda _: None)
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(frames) in (50, 51)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="nowhere"):
        Silent(tmp_path / "nowhere" / "a.wav")


def test_a_full_disk_is_said_and_what_was_written_stays_readable(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="No space"):
        Silent(Path("/dev/full"))
    path = tmp_path / "answers.wav"
    speaker = Silent(path, Pace.FAST)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(DeviceError, match="make room"):
            speaker.play([SECOND] * 3, 22_050, lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    speaker.close()
    with wave.open(str(path)) as file:
        assert 24_000 < file.getnframes() <= 25_000
