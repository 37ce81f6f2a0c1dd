"""Other programs' sound on a real sound server: softer while the assistant is at it, exactly as before afterwards."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

pytest.importorskip("pulsectl")

from assistant.app import App
from assistant.bench.soundserver import SoundServer
from assistant.config import Config, Dbus, Link, Model, Paths, Speak
from assistant.platform.bus import wait_until
from assistant.platform.focus import Focus
from assistant.platform.pulse import Sound as Server
from assistant.platform.pulse import Stream
from assistant.session import converse
from tests.journeys.test_out_loud import CLIPS, Daemon

DUCK_DB = 18.0
SHARE = 10 ** (-DUCK_DB / 60)
DUCKER = """
import sys, time
from pathlib import Path
from assistant.platform.focus import Focus
Focus(Path(sys.argv[1]), 18.0).duck()
time.sleep(60)
"""
PATIENCE_S: Final = 30.0
"""Only what hangs is an error; a busy machine is none."""

SETTER: Final = """
import ctypes, sys
from assistant.platform.pulse import Sound
class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks used free keepcost".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Told
libc.mallopt(-8, 1)
sound = Sound()
there = next(stream for stream in sound.streams() if stream.role == "music")
def many():
    for _ in range(200):
        sound.set_volume(there.index, there.volume)
    return libc.mallinfo2().used
many()
print(-many() + many())
"""


class Players:
    """Other programs that play."""

    def __init__(self, sound: SoundServer, folder: Path) -> None:
        self._env, self._file = sound.env, folder / "music.wav"
        soundfile.write(self._file, np.sin(np.arange(48000 * 60) / 20).astype("f4") * 0.2, 48000)
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, role: str) -> subprocess.Popen[bytes]:
        """Start a program with sound of this role; the server says how loud it is."""
        process = subprocess.Popen(["paplay", f"--property=media.role={role}", str(self._file)], env=self._env)
        self.running.append(process)
        return process

    def play(self, server: Server, role: str, volume: float) -> subprocess.Popen[bytes]:
        """Start a program and set its volume (on the cubic scale)."""
        process = self.start(role)
        assert wait_until(lambda: loudness(server, role) > 0, PATIENCE_S)
        set_volume(server, role, volume)
        until(server, role, volume)
        return process

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def players(sound: SoundServer, tmp_path: Path) -> Iterator[Players]:
    made = Players(sound, tmp_path)
    yield made
    made.close()


@pytest.fixture
def server(sound: SoundServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("PULSE_SERVER", sound.pulse)
    made = Server()
    yield made
    made.close()


@pytest.fixture
def focus(server: Server, tmp_path: Path) -> Iterator[Focus]:
    made = Focus(tmp_path / "run" / "ducked.json", DUCK_DB)
    yield made
    made.close()


def stream(server: Server, role: str) -> Stream | None:
    return next((stream for stream in server.streams() if stream.role == role), None)


def loudness(server: Server, role: str) -> float:
    """Return the volume of the program with this role, -1 if none plays."""
    found = stream(server, role)
    return found.volume[0] if found is not None else -1.0


def set_volume(server: Server, role: str, volume: float) -> None:
    found = stream(server, role)
    assert found is not None
    server.set_volume(found.index, (volume,) * len(found.volume))


def until(server: Server, role: str, volume: float, within_s: float = PATIENCE_S) -> None:
    """Wait for a volume; sound servers keep it to 16 bits."""
    assert wait_until(lambda: abs(loudness(server, role) - volume) < 1e-4, within_s), (role, volume, server.streams())


def test_music_is_softer_for_a_while_and_then_exactly_as_loud_as_before(
    server: Server, focus: Focus, players: Players
) -> None:
    players.play(server, "music", 0.731)
    players.play(server, "game", 0.4)
    before = {role: stream(server, role) for role in ("music", "game")}

    focus.duck()
    until(server, "music", 0.731 * SHARE)
    until(server, "game", 0.4 * SHARE)
    focus.restore()

    until(server, "music", 0.731)
    until(server, "game", 0.4)
    assert {role: stream(server, role) for role in ("music", "game")} == before


def test_a_telephone_call_stays_and_what_begins_meanwhile_is_softer_too(
    server: Server, focus: Focus, players: Players
) -> None:
    players.play(server, "phone", 0.9)
    focus.duck()

    players.start("video")

    until(server, "video", SHARE)
    assert loudness(server, "phone") == pytest.approx(0.9, abs=1e-4)
    focus.restore()
    until(server, "video", 1.0)


def test_a_volume_that_a_person_changed_meanwhile_is_theirs(server: Server, focus: Focus, players: Players) -> None:
    players.play(server, "music", 0.7)
    focus.duck()
    until(server, "music", 0.7 * SHARE)

    set_volume(server, "music", 0.55)
    focus.restore()
    time.sleep(1.0)

    assert loudness(server, "music") == pytest.approx(0.55, abs=1e-4)


def test_turns_that_follow_each_other_do_not_pump(server: Server, focus: Focus, players: Players) -> None:
    players.play(server, "music", 0.7)
    focus.duck()
    until(server, "music", 0.7 * SHARE)
    heard: set[float] = set()

    for _ in range(5):
        focus.restore()
        focus.duck()
        heard.add(round(loudness(server, "music"), 2))
        time.sleep(0.05)

    assert heard == {round(0.7 * SHARE, 2)}
    focus.restore()
    until(server, "music", 0.7)


def test_a_program_that_ended_while_it_was_soft_is_loud_again_when_it_comes_back(
    server: Server, focus: Focus, players: Players, tmp_path: Path
) -> None:
    """PipeWire's session manager gives a program the volume it had last, and that was ours."""
    first = players.play(server, "music", 1.0)
    focus.duck()
    until(server, "music", SHARE)
    time.sleep(1.0)
    first.kill()
    assert wait_until(lambda: stream(server, "music") is None, PATIENCE_S)
    focus.restore()
    time.sleep(0.6)

    players.start("music")

    until(server, "music", 1.0)
    assert wait_until(lambda: json.loads((tmp_path / "run" / "ducked.json").read_text()) == [], PATIENCE_S)


def test_the_music_of_a_killed_assistant_is_loud_again_when_it_starts(
    server: Server, players: Players, tmp_path: Path
) -> None:
    players.play(server, "music", 0.66)
    file = tmp_path / "ducked.json"
    ducker = subprocess.Popen([sys.executable, "-c", DUCKER, str(file)], env={**os.environ, "PYTHONPATH": os.getcwd()})  # noqa: PTH109
    until(server, "music", 0.66 * SHARE, 10.0)
    ducker.send_signal(signal.SIGKILL)
    ducker.wait()
    assert loudness(server, "music") == pytest.approx(0.66 * SHARE, abs=1e-4)

    focus = Focus(file, DUCK_DB)

    until(server, "music", 0.66)
    focus.close()
    assert json.loads(file.read_text()) == []


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc from 2.33 on")
def test_a_volume_that_is_set_leaves_nothing_behind(server: Server, players: Players) -> None:
    players.play(server, "music", 0.8)

    done = subprocess.run(
        [sys.executable, "-c", SETTER],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        check=True,
    )

    assert int(done.stdout) < 200 * 10, "bytes in 200 calls"


def test_a_damaged_file_of_a_former_life_is_passed_over(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "ducked.json"
    for text in ("", "[{}]", '{"a": 1}', '[{"key": "a", "index": "x", "before": 1, "soft": []}]', "\0"):
        file.write_text(text)
        Focus(file, DUCK_DB).close()


def test_a_typed_sentence_turns_music_down_and_up_again(
    server: Server, players: Players, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    players.play(server, "music", 0.8)
    config = replace(
        Config(),
        dbus=Dbus("no"),
        model=Model(name="none"),
        speak=Speak(engine="none"),
        paths=Paths(str(tmp_path)),
        link=Link(kind="none"),
    )
    app = App(config)
    app.appear()

    def script() -> None:
        app.type("what time is it", "en")
        until(server, "music", 0.8 * SHARE)
        until(server, "music", 0.8)

    converse(app, script)


@pytest.mark.slow
def test_the_daemon_turns_music_down_for_a_sentence(
    sound: SoundServer, server: Server, players: Players, tmp_path: Path
) -> None:
    players.play(server, "music", 0.8)
    daemon = Daemon(sound, tmp_path / "state")
    try:
        daemon.wait_until_it_listens()
        playing = subprocess.Popen(["paplay", "--device=mic_feed", str(CLIPS / "air-conditioning.flac")], env=sound.env)
        until(server, "music", 0.8 * SHARE, 20.0)
        playing.wait(30)
        daemon.exchange("SwitchClimate")
        until(server, "music", 0.8, 20.0)
    finally:
        daemon.process.terminate()
        daemon.process.wait(timeout=20)
