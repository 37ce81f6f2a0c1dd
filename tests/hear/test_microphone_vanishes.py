import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

BENCH = Path(__file__).parents[1] / "journeys" / "pipewire.conf"
LISTENER = """
import threading
from assistant.hear.microphone import Microphone
microphone = Microphone("pulse", state=lambda state: print(state, flush=True))
threading.Timer(40, microphone.close).start()
loud = 0
for frame in microphone.frames():
    loud = loud + 1 if any(byte not in (0, 255) for byte in frame.pcm[1::2]) else 0
    if loud == 10:
        print("sound", flush=True)
"""


class Server:
    """A private PipeWire that can die and come back."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        config = folder / "config" / "pipewire" / "pipewire.conf.d"
        config.mkdir(parents=True)
        shutil.copy(BENCH, config / "10-bench.conf")
        names = {"XDG_RUNTIME_DIR": folder, "XDG_CONFIG_HOME": folder / "config", "XDG_STATE_HOME": folder / "state"}
        self.env = {**os.environ, **{name: str(path) for name, path in names.items()}, "PULSE_SOURCE": "cabin_mic"}
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={folder}/bus"
        self.env.pop("PULSE_SERVER", None)
        self._bus = self._started("dbus-daemon", "--session", "--nofork", f"--address=unix:path={folder}/bus")
        self._running: list[subprocess.Popen[bytes]] = []

    def _started(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        for command in ("pipewire", "wireplumber", "pipewire-pulse"):
            time.sleep(1)
            self._running.append(self._started(command))
        deadline = time.monotonic() + 20
        asked = ("pactl", "list", "short", "sources")
        while b"cabin_mic" not in subprocess.run(asked, env=self.env, capture_output=True, check=False).stdout:
            assert time.monotonic() < deadline, "the sound server did not come up"
            time.sleep(0.3)

    def die(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._running.clear()

    def close(self) -> None:
        self.die()
        self._bus.terminate()
        self._bus.wait()

    def play(self, path: Path) -> None:
        subprocess.run(["paplay", "--device=mic_feed", str(path)], env=self.env, check=True, timeout=20)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    needed = ("dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse", "pactl", "paplay")
    if missing := [name for name in needed if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path / "run"
    folder.mkdir()
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.mark.slow
def test_a_microphone_that_dies_and_comes_back_is_heard_again(server: Server, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", np.sin(np.arange(16000) / 5) * 0.3, 16000)
    listener = subprocess.Popen(
        [sys.executable, "-c", LISTENER], env=server.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert listener.stdout is not None
    try:
        assert listener.stdout.readline().strip() == "live"
        server.play(tmp_path / "tone.wav")
        assert listener.stdout.readline().strip() == "sound"
        server.die()
        assert listener.stdout.readline().strip() == "gone"
        server.start()
        assert listener.stdout.readline().strip() == "live"
        server.play(tmp_path / "tone.wav")
        assert listener.stdout.readline().strip() == "sound"
    finally:
        listener.kill()
        listener.wait()
