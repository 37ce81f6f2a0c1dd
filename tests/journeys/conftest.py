"""A real sound server without a sound card, and people made of flite."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SERVERS = (("pipewire",), ("wireplumber",), ("pipewire-pulse",))


@dataclass(frozen=True)
class Sound:
    """A private PipeWire with a PulseAudio face."""

    env: dict[str, str]

    def play_into_microphone(self, path: Path) -> None:
        """Play a file to its end into what the programs see as the microphone."""
        subprocess.run(["paplay", "--device=mic_feed", str(path)], env=self.env, check=True, timeout=60)

    def record_loudspeaker(self, path: Path) -> subprocess.Popen[bytes]:
        """Start to record what the loudspeaker plays; terminate it to end the file."""
        command = [
            "parecord",
            "--device=spk.monitor",
            "--file-format=wav",
            "--rate=16000",
            "--channels=1",
            "--format=s16le",
            str(path),
        ]
        return subprocess.Popen(command, env=self.env)


def _private_bus(run: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    address = f"unix:path={run}/bus"
    env["DBUS_SESSION_BUS_ADDRESS"] = address
    return subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"], env=env)


def _answers(env: dict[str, str]) -> bool:
    asked = subprocess.run(
        ["pactl", "list", "short", "sources"], env=env, capture_output=True, text=True, timeout=10, check=False
    )
    return "cabin_mic" in asked.stdout and "spk.monitor" in asked.stdout


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    """Give a running sound server, or skip where its programs are missing."""
    needed = ("dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse", "paplay", "pactl", "parecord")
    if missing := [name for name in needed if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    run = tmp_path_factory.mktemp("run")
    run.chmod(0o700)
    config = run / "config" / "pipewire" / "pipewire.conf.d"
    config.mkdir(parents=True)
    shutil.copy(HERE / "pipewire.conf", config / "10-bench.conf")
    env = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(run),
        "XDG_CONFIG_HOME": str(run / "config"),
        "XDG_STATE_HOME": str(run / "state"),
    }
    env |= {"PULSE_SOURCE": "cabin_mic", "PULSE_SINK": "spk"}
    env.pop("PULSE_SERVER", None)
    processes = [_private_bus(run, env)]
    try:
        for command in SERVERS:
            time.sleep(1)
            processes.append(subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL))
        deadline = time.monotonic() + 20
        while not _answers(env):
            assert time.monotonic() < deadline, "the sound server did not come up"
            time.sleep(0.3)
        yield Sound(env)
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=10)
