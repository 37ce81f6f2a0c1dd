"""The daemon itself, with a real microphone and loudspeaker of a real sound server."""

import json
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from assistant.bench.soundserver import SoundServer

CLIPS = Path(__file__).parents[1] / "clips"
pytestmark = pytest.mark.timeout(150)


class Daemon:
    """`cabin run` in a process, its exchanges as they come."""

    def __init__(self, sound: SoundServer, state: Path) -> None:
        env = {**sound.env, "XDG_STATE_HOME": str(state), "XDG_CACHE_HOME": str(state)}
        command = [sys.executable, "-m", "assistant.cli", "run", "--listen", "--json"]
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._exchanges: Queue[dict[str, Any]] = Queue()
        threading.Thread(target=self._read_out, daemon=True).start()
        self._listening = threading.Event()
        threading.Thread(target=self._read_err, daemon=True).start()

    def wait_until_it_listens(self) -> None:
        assert self._listening.wait(60), self.said

    def exchange(self, about: str, timeout_s: float = 40) -> dict[str, Any]:
        """Wait for the exchange with this request."""
        while True:
            try:
                found = self._exchanges.get(timeout=timeout_s)
            except Empty:
                pytest.fail(f"no {about}; stderr: {self.said}")
            if any(request["request"] == about for request in found["requests"]):
                return found

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._exchanges.put(json.loads(line))

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if "listening" in line:
                self._listening.set()


@pytest.fixture
def daemon(sound: SoundServer, tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(sound, tmp_path / "state")
    try:
        daemon.wait_until_it_listens()
        yield daemon
    finally:
        daemon.process.terminate()
        daemon.process.wait(timeout=20)


def loudest(path: Path) -> int:
    """Return the largest sample of a WAV whose recorder was ended."""
    import numpy as np

    with wave.open(str(path)) as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    return int(np.abs(samples.astype(int)).max()) if len(samples) else 0


def test_speech_goes_in_the_car_acts_and_a_voice_comes_out(sound: SoundServer, daemon: Daemon, tmp_path: Path) -> None:
    recording = tmp_path / "loudspeaker.wav"
    recorder = sound.record(recording)
    sound.play_into_microphone(CLIPS / "air-conditioning.flac")

    exchange = daemon.exchange("SwitchClimate")
    sound.play_into_microphone(CLIPS / "volume.flac")
    daemon.exchange("SetVolume")
    recorder.send_signal(signal.SIGINT)
    recorder.wait(timeout=10)

    assert exchange["wake"] == "word"
    assert {outcome["status"] for outcome in exchange["outcome"]} == {"done"}
    assert exchange["reply"]
    assert exchange["ms"]["first_sound"] is not None
    assert loudest(recording) > 1000


def test_a_clean_stop_is_exit_0(daemon: Daemon) -> None:
    daemon.process.terminate()

    assert daemon.process.wait(timeout=20) == 0
    assert not any("Traceback" in line for line in daemon.said)
