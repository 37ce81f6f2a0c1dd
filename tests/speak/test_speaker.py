import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.core.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from assistant.errors import DeviceError
from assistant.speak.device import speakers
from assistant.speak.speaker import Speaker
from tests.speak.conftest import SoundServer

RATE_HZ = 22_050


def tone(seconds: float, rate_hz: int = RATE_HZ) -> bytes:
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    return (9000 * np.sin(2 * np.pi * 500 * times)).astype("<i2").tobytes()


def in_chunks(pcm: bytes, size: int = 5000) -> Iterator[bytes]:
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]


def loud_seconds(path: Path) -> float:
    """How long the recording is louder than a whisper, counted in 10 ms."""
    samples = np.frombuffer(path.read_bytes(), "<i2")
    return float((np.abs(samples[: len(samples) // 160 * 160].reshape(-1, 160)).max(axis=1) > 1000).sum()) / 100


@pytest.fixture
def recorded(sound_server: SoundServer, tmp_path: Path) -> Iterator[Callable[[], float]]:
    path = tmp_path / "spk.raw"
    recorder = sound_server.record(path)

    def end() -> float:
        time.sleep(0.6)
        recorder.send_signal(signal.SIGTERM)
        recorder.wait()
        return loud_seconds(path)

    yield end
    recorder.kill()
    recorder.wait()


def test_every_sample_is_heard_and_the_reference_hears_the_same(recorded: Callable[[], float]) -> None:
    frames: list[bytes] = []
    firsts: list[float] = []
    speaker = Speaker(reference=frames.append)
    before = time.monotonic()
    assert speaker.play(in_chunks(tone(0.8)), RATE_HZ, firsts.append)
    took = time.monotonic() - before
    speaker.close()
    assert recorded() == pytest.approx(0.8, abs=0.04)
    assert 0.8 <= took < 2
    assert len(firsts) == 1
    assert before < firsts[0] < before + 1
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(b"".join(frames)) / 2 / SAMPLE_RATE_HZ == pytest.approx(0.8, abs=0.03)


def test_a_hush_from_another_thread_is_silence_long_before_the_end(recorded: Callable[[], float]) -> None:
    speaker = Speaker()
    threading.Timer(0.5, speaker.hush).start()
    before = time.monotonic()
    assert not speaker.play(in_chunks(tone(5)), RATE_HZ, lambda _: None)
    assert time.monotonic() - before < 2
    assert recorded() < 1.5
    assert speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None), "the next answer is not hushed"
    speaker.close()


def test_a_loudspeaker_that_goes_away_is_said_and_is_used_again_when_it_is_back(sound_server: SoundServer) -> None:
    speaker = Speaker()
    assert speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)
    leaving = threading.Timer(0.3, sound_server.stop)
    leaving.start()
    before = time.monotonic()
    with pytest.raises(DeviceError, match="cabin check"):
        speaker.play(in_chunks(tone(8)), RATE_HZ, lambda _: None)
    assert time.monotonic() - before < 4
    leaving.join()
    with pytest.raises(DeviceError, match="cabin check"):
        speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)
    sound_server.start()
    assert speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)
    speaker.close()


def test_a_sound_server_that_hangs_does_not_hang_us(sound_server: SoundServer) -> None:
    speaker = Speaker()
    assert speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)
    daemon = sound_server.processes["pipewire-pulse"]
    threading.Timer(0.3, os.kill, (daemon.pid, signal.SIGSTOP)).start()
    resumed = threading.Timer(3.5, os.kill, (daemon.pid, signal.SIGCONT))
    resumed.start()
    before = time.monotonic()
    with pytest.raises(DeviceError):
        speaker.play(in_chunks(tone(8)), RATE_HZ, lambda _: None)
    assert time.monotonic() - before < 4.5
    resumed.join()
    time.sleep(0.3)
    assert speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)
    speaker.close()


def test_an_unknown_loudspeaker_is_named_with_the_mend(sound_server: SoundServer) -> None:
    assert "pulse" in speakers()
    speaker = Speaker("gramophone")
    with pytest.raises(DeviceError, match="gramophone"):
        speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)


def test_a_search_for_devices_waits_its_turn(sound_server: SoundServer) -> None:
    speaker = Speaker()
    done: list[str] = []
    playing = threading.Thread(target=speaker.play, args=(in_chunks(tone(0.5)), RATE_HZ, lambda _: None))
    playing.start()
    time.sleep(0.2)
    assert not speaker.aside(lambda: done.append("while playing"))
    playing.join()
    assert speaker.aside(lambda: done.append("between answers"))
    assert done == ["between answers"]
    assert speaker.play(in_chunks(tone(0.1)), RATE_HZ, lambda _: None)
    speaker.close()
