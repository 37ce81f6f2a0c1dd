"""A real PipeWire without a sound card, of one's own: what is played into `mic_feed` is what `cabin_mic` hears, `spk` swallows.

Needs dbus-daemon, pipewire, wireplumber and pipewire-pulse, and for its own use pactl, paplay and parecord.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from assistant.errors import EngineError

PROGRAMS: Final = ("dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse", "paplay", "pactl", "parecord")
SERVERS: Final = ("pipewire", "wireplumber", "pipewire-pulse")
UP_S: Final = 20.0
TRIES: Final = 2
"""Seen once in many runs, on a busy machine: nothing was there after 20 s."""
CAR: Final = """
context.properties = { default.clock.rate = 48000 default.clock.quantum = 960 }
context.objects = [
  { factory = adapter args = { factory.name = support.null-audio-sink node.name = spk node.description = CabinSpeaker
      media.class = Audio/Sink audio.position = [ MONO ] monitor.channel-volumes = true object.linger = true
      priority.session = 2000 } }
]
context.modules = [
  { name = libpipewire-module-loopback args = { audio.position = [ MONO ]
      capture.props  = { media.class = Audio/Sink   node.name = mic_feed  node.description = MicFeed }
      playback.props = { media.class = Audio/Source node.name = cabin_mic node.description = CabinMic
        priority.session = 1500 } } }
]
"""
ECHO: Final = """
context.modules = [
  { name = libpipewire-module-loopback args = { audio.position = [ MONO ] target.delay.sec = 0.06
      capture.props  = { stream.capture.sink = true target.object = spk node.name = echo_path_in node.passive = false }
      playback.props = { target.object = mic_feed node.name = echo_path_out } } }
]
"""
"""Loudspeaker to microphone, as loud as it is played, 60 ms later."""


def missing() -> tuple[str, ...]:
    """Return which of the programs are not installed."""
    return tuple(name for name in PROGRAMS if shutil.which(name) is None)


class SoundServer:
    """Can die and come back; `env` leads programs to it."""

    def __init__(self, folder: Path, *more: str) -> None:
        """Lay out an empty folder with the car's configuration and `more` of the same kind; start nothing but its D-Bus."""
        folder.chmod(0o700)
        self.folder = folder
        config = folder / "config" / "pipewire" / "pipewire.conf.d"
        config.mkdir(parents=True)
        for number, text in enumerate((CAR, *more)):
            (config / f"{number}0-bench.conf").write_text(text, "utf-8")
        names = {"XDG_RUNTIME_DIR": folder, "XDG_CONFIG_HOME": folder / "config", "XDG_STATE_HOME": folder / "state"}
        self.env = {**os.environ, **{name: str(path) for name, path in names.items()}}
        self.env |= {"PULSE_SOURCE": "cabin_mic", "PULSE_SINK": "spk"}
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={folder}/bus"
        self.env.pop("PULSE_SERVER", None)
        self._bus = self._begun(
            "dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={folder}/bus"
        )
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def pulse(self) -> str:
        """Return the address for PULSE_SERVER."""
        return f"unix:{self.folder}/pulse/native"

    def start(self, *wanted: str) -> None:
        """Start it and wait until it has the car's devices and the `wanted` sources. EngineError if it does not come up twice."""
        for _ in range(TRIES):
            if self._comes_up({"cabin_mic", "spk.monitor", *wanted}):
                return
            has = ", ".join(self.sources()) or "nothing"
            self.die()
        raise EngineError(f"the sound server has {has}", "look at `pipewire`")

    def _comes_up(self, wanted: set[str]) -> bool:
        """Start its programs; tells whether the wanted sources are there in time."""
        deadline = time.monotonic() + UP_S
        for command in SERVERS:
            self._running.append(self._begun(command))
            while not (self.folder / "pipewire-0").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        while not wanted <= set(self.sources()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def sources(self) -> tuple[str, ...]:
        """Return the names of what can be recorded."""
        asked = ["pactl", "list", "short", "sources"]
        told = subprocess.run(asked, env=self.env, capture_output=True, text=True, check=False, timeout=10).stdout
        return tuple(line.split("\t")[1] for line in told.splitlines())

    def load(self, module: str) -> str:
        """Load a module of the PulseAudio side; return its number."""
        return subprocess.run(
            ["pactl", "load-module", *module.split()],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()

    def unload(self, number: str) -> None:
        """Unload a module."""
        subprocess.run(["pactl", "unload-module", number], env=self.env, check=True, timeout=10)

    def play(self, path: Path, sink: str = "mic_feed") -> "subprocess.Popen[bytes]":
        """Begin to play a file, by default into what programs see as the microphone."""
        return subprocess.Popen(["paplay", f"--device={sink}", str(path)], env=self.env)

    def play_into_microphone(self, path: Path) -> None:
        """Play a file to its end."""
        self.play(path).wait(60)

    def record(self, path: Path, source: str = "spk.monitor") -> "subprocess.Popen[bytes]":
        """Begin to record 16 kHz mono into a WAV file, by default what the loudspeaker plays; SIGINT ends the file."""
        form = ("--file-format=wav", "--rate=16000", "--channels=1", "--format=s16le")
        return subprocess.Popen(["parecord", f"--device={source}", *form, str(path)], env=self.env)

    def die(self) -> None:
        """Kill it."""
        for process in self._running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._running.clear()
        for socket in (self.folder / "pipewire-0", self.folder / "pulse" / "native"):
            socket.unlink(missing_ok=True)

    def close(self) -> None:
        """End it and its D-Bus."""
        self.die()
        self._bus.terminate()
        self._bus.wait()

    def _begun(self, *command: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
