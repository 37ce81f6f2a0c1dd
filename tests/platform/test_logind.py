"""Sleep and shutdown by the logind of python-dbusmock: it waits until all is quiet, and no longer than it said."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")
pytest.importorskip("dbusmock")

from assistant.app import App
from assistant.config import Audio, Config, Dbus, HeadUnit, Link, Model, Paths
from assistant.core.audio import Frame
from assistant.core.event import News
from assistant.core.text import Phrase
from assistant.dialogue.state import Phase
from assistant.errors import BusError
from assistant.platform.bus import Bus, wait_until
from assistant.platform.logind import INTERFACE, MANAGER

MOCK = "org.freedesktop.DBus.Mock"
Start = Callable[[str], "subprocess.Popen[bytes]"]


class PrivateBus(Protocol):
    address: str


class Microphone:
    """A device that gives nothing, and remembers whether it is held."""

    def __init__(self) -> None:
        self.held = True
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        self._closed.wait()
        yield from ()

    def close(self) -> None:
        self._closed.set()

    def rest(self) -> None:
        self.held = False

    def resume(self) -> None:
        self.held = True

    def look(self) -> None:
        return

    def hurry(self, now: bool) -> None:
        del now


class Car:
    """A whole assistant on the bus, with a voice that takes its time."""

    def __init__(self, address: str, folder: Path, headunit: HeadUnit = HeadUnit()) -> None:  # noqa: B008 - frozen
        self.microphone = Microphone()
        self.speaking = threading.Event()
        self.may_end = threading.Event()
        config = replace(
            Config(),
            dbus=Dbus("yes", address),
            audio=Audio(duck_db=0.0),
            headunit=headunit,
            model=Model(name="none"),
            link=Link(kind="none"),
            paths=Paths(state=str(folder), cache=str(folder)),
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, args=(config,), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    def _live(self, config: Config) -> None:
        self.app = App(config, source=self.microphone, loudspeaker=lambda _: self)
        self.app.appear()
        self.app.loop.call(self._ready.set)
        self.app.loop.run()
        self.app.close()

    def play(self, chunks: object, sample_rate_hz: int, started: Callable[[float], None]) -> bool:
        del chunks, sample_rate_hz
        started(time.monotonic())
        self.speaking.set()
        return self.may_end.wait(20)

    def hush(self) -> None:
        self.may_end.set()

    def close(self) -> None:
        self.may_end.set()

    def end(self) -> None:
        self.may_end.set()
        self.app.loop.stop()
        self._thread.join(10)


@pytest.fixture
def bus(private_bus: PrivateBus) -> Iterator[Bus]:
    made = Bus(private_bus.address)
    yield made
    made.close()


@pytest.fixture
def logind(bus: Bus, mock: Start) -> "subprocess.Popen[bytes]":
    process = mock("logind")
    assert wait_until(lambda: inhibitors(bus) == [], 15.0)
    return process


@pytest.fixture
def car(private_bus: PrivateBus, logind: object, tmp_path: Path) -> Iterator[Car]:
    car = Car(private_bus.address, tmp_path)
    yield car
    car.end()


def inhibitors(bus: Bus) -> list[tuple[str, str, str]] | None:
    """Return what, who and how of everybody who holds sleep up; None while nobody answers."""
    try:
        listed = bus.call(MANAGER, f"{INTERFACE}.ListInhibitors")[0]
    except BusError:
        return None
    return [(what, who, mode) for what, who, _, mode, _, _ in listed]


def tells(bus: Bus, signal: str, begins: bool) -> None:
    bus.call(MANAGER, f"{MOCK}.EmitSignal", "sssav", INTERFACE, signal, "b", [bus.packed({"v": ("b", begins)})["v"]])


HELD = [("sleep:shutdown", "Cabin", "delay")]


@pytest.mark.parametrize("signal", ["PrepareForSleep", "PrepareForShutdown"])
def test_with_nothing_going_on_sleep_comes_at_once_and_the_microphone_is_back_after_it(
    bus: Bus, car: Car, signal: str
) -> None:
    assert wait_until(lambda: inhibitors(bus) == HELD, 5.0)

    tells(bus, signal, begins=True)
    assert wait_until(lambda: inhibitors(bus) == [], 15.0)
    assert not car.microphone.held
    tells(bus, signal, begins=False)

    assert wait_until(lambda: inhibitors(bus) == HELD, 5.0)
    assert wait_until(lambda: car.microphone.held, 3.0)


def test_sleep_waits_for_the_end_of_what_is_said(bus: Bus, car: Car) -> None:
    car.app.loop.post(News(0, Phrase("bus.say", {"text": "Rain is coming."})))
    assert car.speaking.wait(20)

    tells(bus, "PrepareForSleep", begins=True)
    time.sleep(0.5)
    assert inhibitors(bus) == HELD
    car.may_end.set()

    assert wait_until(lambda: inhibitors(bus) == [], 15.0)


def test_sleep_waits_no_longer_than_it_said(bus: Bus, car: Car) -> None:
    assert car.app.neighbours is not None
    assert car.app.neighbours.sleep is not None
    car.app.neighbours.sleep.longest_s = 1.0
    car.app.loop.post(News(0, Phrase("bus.say", {"text": "Rain is coming."})))
    assert car.speaking.wait(20)

    tells(bus, "PrepareForSleep", begins=True)

    assert wait_until(lambda: inhibitors(bus) == [], 15.0)
    assert wait_until(lambda: car.app.talk.dialogue.phase is Phase.IDLE, 3.0)


def test_what_waits_for_a_yes_is_given_up(bus: Bus, car: Car) -> None:
    car.may_end.set()
    car.app.type("delete all my data", "en")
    assert wait_until(lambda: car.app.talk.dialogue.phase is Phase.CONFIRMING, 20.0)

    tells(bus, "PrepareForSleep", begins=True)

    assert wait_until(lambda: inhibitors(bus) == [], 15.0)
    assert car.app.talk.dialogue.pending is None


def test_sleep_that_is_over_before_all_is_quiet_holds_on(bus: Bus, car: Car) -> None:
    car.app.loop.post(News(0, Phrase("bus.say", {"text": "Rain is coming."})))
    assert car.speaking.wait(20)
    tells(bus, "PrepareForSleep", begins=True)
    tells(bus, "PrepareForSleep", begins=False)
    car.may_end.set()
    time.sleep(0.5)

    assert inhibitors(bus) == HELD
    assert car.microphone.held


def test_a_logind_that_comes_later_is_found(private_bus: PrivateBus, bus: Bus, mock: Start, tmp_path: Path) -> None:
    car = Car(private_bus.address, tmp_path)
    try:
        mock("logind")
        assert wait_until(lambda: inhibitors(bus) == HELD, 15.0)
    finally:
        car.end()
    assert wait_until(lambda: inhibitors(bus) == [], 20.0)
