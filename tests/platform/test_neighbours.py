"""A telephone beside a whole assistant: a call is let alone, and its contacts can be called."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")
pytest.importorskip("dbusmock")

from assistant.config import HeadUnit
from assistant.core.event import News
from assistant.core.headunit import CallPhase
from assistant.core.plan import LocalCall, Status
from assistant.core.text import Phrase
from assistant.dialogue.state import Phase
from assistant.errors import BusError
from assistant.platform.bus import Bus, wait_until
from tests.platform.test_logind import Car
from tests.platform.test_ofono import CARDS, MODEM, gives_its_book, rings, tells

Start = Callable[[str], "subprocess.Popen[bytes]"]


class PrivateBus(Protocol):
    address: str


@pytest.fixture
def bus(private_bus: PrivateBus) -> Iterator[Bus]:
    made = Bus(private_bus.address)
    yield made
    made.close()


def has_a_modem(bus: Bus) -> bool:
    try:
        return bool(bus.call((MODEM[0], "/"), "org.ofono.Manager.GetModems")[0])
    except BusError:
        return False


@pytest.fixture
def car(private_bus: PrivateBus, bus: Bus, mock: Start, tmp_path: Path) -> Iterator[Car]:
    mock("ofono")
    assert wait_until(lambda: has_a_modem(bus), 20.0)
    car = Car(private_bus.address, tmp_path, HeadUnit(phone="ofono"))
    yield car
    car.end()


def speaks(car: Car) -> None:
    car.app.loop.post(News(0, Phrase("bus.say", {"text": "Rain is coming."})))
    assert car.speaking.wait(20)


def phase(car: Car) -> CallPhase:
    return car.app.devices.headunit().call.phase


def test_a_call_that_comes_in_ends_what_is_said_and_in_it_no_wake_word_is_heeded(bus: Bus, car: Car) -> None:
    assert car.app.ear is not None
    ear = car.app.ear
    speaks(car)

    path = rings(bus, "+15550100")
    assert wait_until(lambda: phase(car) is CallPhase.RINGING, 5.0)
    assert wait_until(lambda: car.app.talk.dialogue.phase is Phase.IDLE, 5.0), (
        car.app.talk.dialogue,
        car.app.neighbours,
    )
    assert car.may_end.is_set(), "the voice was hushed"

    tells(bus, path, "active")
    assert wait_until(lambda: phase(car) is CallPhase.ACTIVE, 5.0)
    assert wait_until(lambda: not ear._orders.empty(), 5.0)
    while not ear._orders.empty():
        ear._orders.get()()
    assert not ear._minds_words
    assert car.app.devices.call(LocalCall("phone.hang_up")).status is Status.DONE
    assert wait_until(lambda: phase(car) is CallPhase.NONE, 5.0)
    assert wait_until(lambda: not ear._orders.empty(), 5.0)
    while not ear._orders.empty():
        ear._orders.get()()
    assert ear._minds_words


def test_the_telephones_contacts_can_be_called_as_soon_as_they_are_here(bus: Bus, car: Car) -> None:
    car.may_end.set()
    gives_its_book(bus, f"ret = {CARDS!r}")
    assert wait_until(lambda: "Zoe Zander" in car.app.world.context().names["contact"], 10.0)
    assert wait_until(lambda: "Zoe Zander" in car.app.engines._names.get("contact", ()), 60.0)
    assert wait_until(lambda: car.app.thinker.idle, 100.0)

    car.app.type("call Zoe Zander", "en")

    assert wait_until(lambda: phase(car) is CallPhase.DIALLING, 60.0), (car.app.talk.dialogue, car.app.reporter._open)
    assert car.app.devices.headunit().call.number == "+491515550100"
