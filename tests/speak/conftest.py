"""A sound card for tests: a private PipeWire with one null sink, whose monitor is recorded."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PIPEWIRE = """
context.properties = { default.clock.rate = 48000  default.clock.quantum = 960 }
context.objects = [
  { factory = adapter args = { factory.name = support.null-audio-sink node.name = spk node.description = CabinSpeaker
      media.class = Audio/Sink audio.position = [ MONO ] monitor.channel-volumes = true object.linger = true priority.session = 2000 } }
]
"""


class SoundServer:
    """One private sound server; `stop` takes the card away, `start` brings it back."""

    def __init__(self, folder: Path) -> None:
        config = folder / "config" / "pipewire" / "pipewire.conf.d"
        config.mkdir(parents=True)
        (config / "10-test.conf").write_text(PIPEWIRE)
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        self.variables = {
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus",
            "PULSE_SERVER": f"unix:{runtime}/pulse/native",
        }
        self.environment = os.environ | self.variables
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        bus = self.variables["DBUS_SESSION_BUS_ADDRESS"]
        self._run("dbus-daemon", "--session", "--nofork", f"--address={bus}")
        self._run("pipewire")
        self._wait("pw-cli", "info", "0")
        self._run("wireplumber")
        self._run("pipewire-pulse")
        self._wait("pactl", "get-sink-volume", "spk")
        self._wait("sh", "-c", "test $(pactl get-default-sink) = spk")

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.kill()
            process.wait()
        self.processes.clear()
        (Path(self.variables["XDG_RUNTIME_DIR"]) / "bus").unlink(missing_ok=True)

    def record(self, path: Path) -> subprocess.Popen[bytes]:
        command = [
            "parecord",
            "--device=spk.monitor",
            "--latency-msec=20",
            "--raw",
            "--format=s16le",
            "--rate=16000",
            "--channels=1",
            str(path),
        ]
        recorder = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        self._wait("test", "-s", str(path))
        return recorder

    def _run(self, *command: str) -> None:
        quiet = subprocess.DEVNULL
        self.processes[command[0]] = subprocess.Popen(command, env=self.environment, stdout=quiet, stderr=quiet)

    def _wait(self, *command: str) -> None:
        for _ in range(100):
            with contextlib.suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired):
                subprocess.run(command, env=self.environment, capture_output=True, check=True, timeout=1)
                return
            time.sleep(0.1)
        pytest.skip(f"no sound server here: {command[0]} does not answer")


@pytest.fixture
def sound_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with tempfile.TemporaryDirectory(prefix="cabin-sound-") as folder:
        server = SoundServer(Path(folder))
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        server.start()
        look_again()
        yield server
        server.stop()


def look_again() -> None:
    """Let PortAudio see the new server, in case another test has started it without one."""
    if "sounddevice" in sys.modules:
        from assistant.hear.microphone import rescan_devices

        rescan_devices()
