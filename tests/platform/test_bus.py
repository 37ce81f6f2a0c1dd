"""The connection itself: what goes wrong on a bus, and what of it is ours to say."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")

from assistant.buses import Buses
from assistant.config import Config, Dbus
from assistant.errors import BusError, ConfigError, Trouble
from assistant.platform.bus import Bus, wait_until
from assistant.platform.exported import RefusalError
from assistant.vehicle.model import load

DEMO = Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml"
ECHO = ("org.example.Echo", "/org/example/Echo")
XML = """<node><interface name="org.example.Echo">
<method name="Say"><arg type="s" direction="in"/><arg type="s" direction="out"/></method></interface></node>"""
COLLECT = """
import gc, sys, threading
from assistant.platform.bus import Bus
busy = Bus(sys.argv[1])
busy.listen("", "org.example.Echo.Said", lambda *_: None)
stop = threading.Event()
def chatter():
    while not stop.is_set():
        busy.emit("/a", "org.example.Echo.Said", "s", "x")
threading.Thread(target=chatter, daemon=True).start()
for _ in range(60):
    bus = Bus(sys.argv[1])
    bus.listen("", "org.example.Echo.Said", lambda *_: None)
    bus.close()
    del bus
    gc.collect()
stop.set()
print("done")
"""


class PrivateBus(Protocol):
    address: str

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Echo:
    """Answers, refuses, dawdles or breaks."""

    # ruff: noqa: ARG002 - it takes what a real object takes

    def call(self, sender: str, method: str, arguments: tuple[Any, ...]) -> tuple[object, ...]:
        match arguments:
            case ("no",):
                raise RefusalError("org.example.Echo.Error.No", "not today")
            case ("break",):
                raise ZeroDivisionError
            case ("wait",):
                time.sleep(0.6)
        return arguments

    def get(self, name: str) -> object:
        raise KeyError(name)

    def set(self, name: str, value: object) -> None:
        raise KeyError(name)


@pytest.mark.parametrize(
    ("said", "trouble", "name"),
    [
        ("no", Trouble.REFUSED, "org.example.Echo.Error.No"),
        ("break", Trouble.REFUSED, "org.freedesktop.DBus.Error.Failed"),
        ("wait", Trouble.SILENT, ""),
    ],
)
def test_every_trouble_of_a_call_is_told_apart(private_bus: PrivateBus, said: str, trouble: Trouble, name: str) -> None:
    echo, caller = Bus(private_bus.address), Bus(private_bus.address)
    echo.publish(*ECHO, XML, Echo())

    assert caller.call(ECHO, "org.example.Echo.Say", "s", "hello") == ("hello",)
    with pytest.raises(BusError) as caught:
        caller.call(ECHO, "org.example.Echo.Say", "s", said, timeout_s=0.3)

    assert (caught.value.trouble, caught.value.name) == (trouble, name)
    echo.close()
    caller.close()


def test_a_program_that_is_not_there_is_absent(private_bus: PrivateBus) -> None:
    bus = Bus(private_bus.address)

    with pytest.raises(BusError) as caught:
        bus.call(("org.example.Nobody", "/"), "org.example.Nobody.Do")

    assert caught.value.trouble is Trouble.ABSENT
    bus.close()


@pytest.mark.parametrize(("kinds", "argument"), [("u", "seven"), ("s", 7), ("y", 300)])
def test_an_argument_of_the_wrong_type_never_leaves(private_bus: PrivateBus, kinds: str, argument: object) -> None:
    bus = Bus(private_bus.address)

    with pytest.raises(BusError) as caught:
        bus.call(ECHO, "org.example.Echo.Say", kinds, argument)

    assert "does not take" in str(caught.value)
    bus.close()


def test_what_was_listened_to_is_heard_after_the_bus_came_back(private_bus: PrivateBus) -> None:
    echo, listener = Bus(private_bus.address), Bus(private_bus.address)
    heard: list[str] = []
    listener.listen("", "org.example.Echo.Said", lambda _sender, _path, told: heard.append(told[0]))

    private_bus.kill()
    assert wait_until(lambda: not echo.connected and not listener.connected, 3.0)
    private_bus.start()
    assert wait_until(lambda: echo.connected and listener.connected, 3.0)
    echo.emit("/a", "org.example.Echo.Said", "s", "again")

    assert wait_until(lambda: heard == ["again"], 2.0)
    echo.close()
    listener.close()


def test_a_hearer_that_breaks_does_not_deafen_the_others(private_bus: PrivateBus) -> None:
    bus = Bus(private_bus.address)
    heard: list[str] = []
    bus.listen("", "org.example.Echo.Said", lambda *_: 1 / 0)  # type: ignore[arg-type]
    bus.listen("", "org.example.Echo.Said", lambda _sender, _path, told: heard.append(told[0]))

    bus.emit("/a", "org.example.Echo.Said", "s", "hello")

    assert wait_until(lambda: heard == ["hello"], 2.0)
    bus.close()


def test_connections_that_are_collected_while_others_talk_hang_nothing(private_bus: PrivateBus) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, private_bus.address], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.stdout == "done\n", done.stderr
    assert done.returncode == 0


def test_a_car_without_a_service_in_its_model_says_what_to_write(private_bus: PrivateBus) -> None:
    buses = Buses(replace(Config(), dbus=Dbus(bus=private_bus.address)))

    with pytest.raises(ConfigError, match=r"\[dbus\]"):
        buses.vehicle(load(DEMO))


def test_an_end_of_the_bus_leaves_no_file_open(private_bus: PrivateBus) -> None:
    bus = Bus(private_bus.address)
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(5):
        private_bus.kill()
        assert wait_until(lambda: not bus.connected, 3.0)
        private_bus.start()
        assert wait_until(lambda: bus.connected, 3.0)

    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    bus.close()


def resident_kb() -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def test_calls_that_were_answered_are_freed(private_bus: PrivateBus) -> None:
    served, caller = Bus(private_bus.address), Bus(private_bus.address)
    served.publish(ECHO[0], ECHO[1], XML, Echo())

    def call(times: int) -> int:
        for _ in range(times):
            assert caller.call(ECHO, "org.example.Echo.Say", "s", "hello") == ("hello",)
        return resident_kb()

    before = call(500)
    assert call(2000) - before < 1500, "GLib before 2.84 alone keeps 4000 kB"
    caller.close()
    served.close()
