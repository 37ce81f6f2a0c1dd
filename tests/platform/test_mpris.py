"""A real player of Debian, played by the assistant and looked at by another program."""

import os
import shutil
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")

from assistant.core.plan import LocalCall, Status
from assistant.core.vehicle import Value
from assistant.platform.bus import Bus, wait_until
from assistant.platform.mpris import Mpris

PLUGIN = Path("/usr/lib/mpv-mpris/mpris.so")

pytestmark = pytest.mark.skipif(
    shutil.which("mpv") is None or not PLUGIN.exists(), reason="mpv and mpv-mpris are not installed"
)


class PrivateBus(Protocol):
    address: str

    def start(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture
def players(private_bus: PrivateBus) -> Iterator[Mpris]:
    bus = Bus(private_bus.address)
    yield Mpris(bus)
    bus.close()


@pytest.fixture
def mpv(private_bus: PrivateBus, players: Mpris, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a player with three pieces of a minute, playing into nothing."""
    pieces = [tmp_path / f"piece {number}.wav" for number in (1, 2, 3)]
    for piece in pieces:
        with wave.open(str(piece), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(2 * 8000 * 60))
    process = subprocess.Popen(
        ["mpv", "--no-config", "--no-video", "--no-terminal", "--ao=null", f"--script={PLUGIN}", *map(str, pieces)],
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": private_bus.address, "HOME": str(tmp_path)},
    )
    assert wait_until(lambda: players.media().title == "piece 1.wav", 10.0)
    assert wait_until(lambda: float(playerctl(private_bus, "position") or 0) > 0.2, 5.0)
    yield process
    process.kill()
    process.wait(5)


def do(players: Mpris, call: str, /, **args: Value) -> tuple[Status, str]:
    outcome = players.call(LocalCall(call, args))
    return outcome.status, outcome.reason


def playerctl(bus: PrivateBus, *words: str) -> str:
    """Ask a program that is not ours."""
    done = subprocess.run(
        ["playerctl", *words],
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus.address},
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    return done.stdout.strip()


@pytest.mark.usefixtures("mpv")
def test_pause_and_play_are_done_when_the_player_says_so(private_bus: PrivateBus, players: Mpris) -> None:
    assert do(players, "media.pause") == (Status.DONE, "")
    assert not players.media().playing
    assert playerctl(private_bus, "status") == "Paused"

    assert do(players, "media.play") == (Status.DONE, "")
    assert playerctl(private_bus, "status") == "Playing"


@pytest.mark.usefixtures("mpv")
def test_the_next_and_the_previous_piece_play(players: Mpris) -> None:
    first = players.media().title

    assert do(players, "media.next") == (Status.DONE, "")
    assert players.media().title != first
    assert do(players, "media.previous") == (Status.DONE, "")
    assert players.media().title == first == "piece 1.wav"


@pytest.mark.usefixtures("mpv")
@pytest.mark.parametrize(("args", "stands"), [({"to_s": 30.0}, 30.0), ({"by_s": 20.0}, 20.0), ({"to_s": 500.0}, 59.0)])
def test_a_seek_is_done_where_the_player_then_stands(
    private_bus: PrivateBus, players: Mpris, args: dict[str, float], stands: float
) -> None:
    do(players, "media.pause")

    assert do(players, "media.seek", **args) == (Status.DONE, "")
    assert players.media().position_s == pytest.approx(stands, abs=2.0)
    assert float(playerctl(private_bus, "position")) == pytest.approx(stands, abs=2.0)


@pytest.mark.usefixtures("mpv")
def test_volume_mute_and_back(private_bus: PrivateBus, players: Mpris) -> None:
    assert do(players, "volume.set", percent=40) == (Status.DONE, "")
    assert players.media().volume_percent == 40
    assert do(players, "volume.mute") == (Status.DONE, "")
    assert players.media().muted
    assert players.media().volume_percent == 40
    assert float(playerctl(private_bus, "volume")) == 0

    assert do(players, "volume.unmute") == (Status.DONE, "")
    assert not players.media().muted
    assert float(playerctl(private_bus, "volume")) == pytest.approx(0.4, abs=0.01)


@pytest.mark.usefixtures("mpv")
def test_repeat_is_as_asked_for(players: Mpris) -> None:
    assert do(players, "media.repeat", on=True) == (Status.DONE, "")
    assert players.media().repeat
    assert do(players, "media.repeat", on=False) == (Status.DONE, "")
    assert not players.media().repeat


@pytest.mark.usefixtures("mpv")
@pytest.mark.parametrize("name", ["media.play_item", "media.set_source", "media.like", "media.dance"])
def test_what_a_player_cannot_do_is_refused(players: Mpris, name: str) -> None:
    assert do(players, name, kind="song", name="x", source="usb", liked=True) == (Status.REFUSED, "not_available")


@pytest.mark.usefixtures("mpv")
def test_a_call_without_its_arguments_is_refused(players: Mpris) -> None:
    assert do(players, "media.seek") == (Status.REFUSED, "out_of_range")


def test_without_a_player_nothing_plays(players: Mpris) -> None:
    assert do(players, "media.play") == (Status.REFUSED, "nothing_playing")
    assert not players.media().playing


def test_a_player_that_hangs_is_unknown_and_one_that_is_gone_is_forgotten(
    players: Mpris, mpv: "subprocess.Popen[bytes]"
) -> None:
    mpv.send_signal(19)
    started = time.monotonic()
    assert do(players, "media.pause") == (Status.UNKNOWN, "timeout")
    assert time.monotonic() - started < 3
    mpv.send_signal(18)

    mpv.kill()

    assert wait_until(lambda: do(players, "media.pause") == (Status.REFUSED, "nothing_playing"), 3.0)


@pytest.mark.usefixtures("mpv")
def test_time_passes_while_it_plays_without_a_question_to_the_player(players: Mpris) -> None:
    first = players.media().position_s
    time.sleep(0.5)

    assert 0.3 < players.media().position_s - first < 0.8
