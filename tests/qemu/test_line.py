"""The line between host and guest: JSON lines in pieces, failures told, a machine that goes off noticed."""

import calendar
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import CabinError
from scripts.benchimage.guest import __main__ as guest
from scripts.benchimage.guest import units
from scripts.benchimage.image import Image
from scripts.benchimage.machine import Machine


class Port:
    # ruff: noqa: ARG002 - it takes what a port takes
    """The guest's end as a virtio port behaves: it gives what is there, nothing while nobody is, and takes a part."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.written = list(pieces), b""

    def read(self, size: int) -> bytes | None:
        return self.pieces.pop(0)

    def write(self, raw: bytes) -> int:
        self.written += raw[:10]
        return len(raw[:10])


def test_the_guest_reads_a_line_in_pieces_and_waits_where_there_is_nothing() -> None:
    port = Port(b'{"step":', b"", b' "memory"}', b"\n")

    assert json.loads(guest._line(port)) == {"step": "memory"}


def test_the_guest_writes_a_line_whole_though_the_port_takes_it_in_pieces() -> None:
    port = Port()

    guest._tell(port, {"done": "up", "said": "打开车窗"})

    told = json.loads(port.written)
    assert told.pop("clock") == pytest.approx(time.time(), abs=60)
    assert told == {"done": "up", "said": "打开车窗"}
    assert port.written.count(b"\n") == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("1min 19.702s ", 79.702), ("6.225s", 6.225), ("540ms", 0.54), ("1.138s", 1.138)]
)
def test_systemds_words_for_a_time_are_read(text: str, seconds: float) -> None:
    assert units._seconds(text) == pytest.approx(seconds)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Machine, socket.socket]]:
    """Hold a machine's line by its other end; no QEMU behind it."""
    monkeypatch.setattr("scripts.benchimage.tools.run", lambda *_: None)
    monkeypatch.setattr(Machine, "running", property(lambda self: self.alive))
    monkeypatch.setattr(Machine, "alive", True, raising=False)
    machine = Machine(Image(tmp_path, tmp_path, tmp_path, {}), tmp_path)
    here, there = socket.socketpair()
    machine._line = here
    with machine, there:
        yield machine, there


def answer(there: socket.socket, *pieces: bytes) -> list[Any]:
    """Answer the next step, as the guest does; return what was asked."""
    asked: list[Any] = []

    def serve() -> None:
        asked.append(json.loads(there.recv(4096)))
        for piece in pieces:
            there.sendall(piece)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return asked


def test_a_step_is_asked_and_its_answer_comes_back(line: tuple[Machine, socket.socket]) -> None:
    machine, there = line
    asked = answer(there, b'{"done": "idle", "sec', b'onds": 10, "clock": 5.5}\n')

    assert machine.do("idle", seconds=10) == {"seconds": 10}
    assert asked == [{"step": "idle", "seconds": 10}]


def test_a_step_that_failed_in_the_guest_is_an_error_in_its_words(line: tuple[Machine, socket.socket]) -> None:
    machine, there = line
    answer(there, b'{"failed": "speak", "why": "TimeoutError: nothing came of the sentence in 120 s", "clock": 5.5}\n')

    with pytest.raises(CabinError, match="nothing came of the sentence"):
        machine.do("speak", clip="timer")


def test_silence_and_a_machine_that_went_off_are_told(line: tuple[Machine, socket.socket]) -> None:
    machine, there = line

    with pytest.raises(CabinError, match="no answer in 0 s"):
        machine.do("memory", timeout_s=0.1)
    there.close()
    with pytest.raises(CabinError, match="hung up"):
        machine._hear(5, "memory")


def test_after_a_power_cut_the_machines_clock_goes_on_from_where_it_was(
    line: tuple[Machine, socket.socket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, there = line
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    monkeypatch.setattr(machine, "_connected", lambda _: machine._line)

    machine.start()
    noon = calendar.timegm((2026, 11, 29, 12, 0, 0))
    answer(there, f'{{"done": "memory", "clock": {noon}.25}}\n'.encode())
    machine.do("memory")
    machine.start()

    now, later = (command[command.index("-rtc") + 1] for command in started)
    assert now.startswith(f"base={time.strftime('%Y-', time.gmtime())}")
    assert later == "base=2026-11-29T12:00:20,clock=vm"


def test_the_machine_has_no_network_no_display_and_one_disk_of_its_own(tmp_path: Path) -> None:
    machine = object.__new__(Machine)
    machine._image, machine._folder, machine._sockets = Image(tmp_path, tmp_path, tmp_path, {}), tmp_path, tmp_path
    machine._clock = 0.0
    machine._disk, machine.share = tmp_path / "disk.qcow2", tmp_path / "share"

    words = machine.command()

    assert words[words.index("-nic") + 1] == "none"
    assert words[words.index("-display") + 1] == "none"
    assert words.count("-drive") == 1
    assert str(tmp_path / "disk.qcow2") in words[words.index("-drive") + 1]
