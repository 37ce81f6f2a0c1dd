"""The courier, the real bridge and a real way between them: a child process, and mosquitto with certificates."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

pytest.importorskip("sqlalchemy")

from assistant.core.consent import Consent, Heard, ReadBack, agree
from assistant.core.context import Connectivity
from assistant.core.limits import Limits
from assistant.core.money import Money
from assistant.core.order import Order, State
from assistant.core.ports import Link
from assistant.core.uuid7 import uuid7
from assistant.courier import Answered, Courier, ErasureDone, Notice, OrderChanged
from assistant.ledger.audit import Head
from assistant.ledger.store import Ledger
from assistant.link.loopback import Child
from assistant.link.mqtt import MqttLink
from tests.link.broker import Broker, Proxy, authority, papers

TRIP = {"pickup": {"name": "West Lake"}, "destination": {"name": "Hangzhou East Station"}}
BRIDGE = [sys.executable, "-m", "assistant.bridge.app", "--pace", "600"]
LIMITS = Limits(Money(100_000, "CNY"), Money(1_000_000, "CNY"))


class Car:
    """A car's main thread, driven by the test."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "orders.sqlite"
        self.mail: SimpleQueue[bytes | Connectivity] = SimpleQueue()
        self.notices: list[Notice] = []
        self.ledger = Ledger(self.path)
        self.courier: Courier | None = None

    def connect(self, link: Link) -> None:
        self.link = link
        chance = random.Random()
        self.courier = Courier(
            self.ledger, link, LIMITS, lambda: uuid7(time.time_ns() // 1_000_000, os.urandom(10)), chance.random
        )
        link.open()

    @property
    def desk(self) -> Courier:
        assert self.courier is not None
        return self.courier

    def step(self) -> None:
        while not self.mail.empty():
            mail = self.mail.get()
            self.notices += self.desk.linked(mail) if isinstance(mail, Connectivity) else self.desk.hear(mail)
        self.notices += self.desk.tick()
        time.sleep(0.01)

    def until(self, order: Order, *states: State, timeout_s: float = 30.0) -> Order:
        ends = time.monotonic() + timeout_s
        while True:
            self.step()
            found = self.ledger.order(order.id)
            assert found is not None
            if found.state in states:
                return found
            assert time.monotonic() < ends, f"{found.state} {found.reason}, not {states}; {self.desk.connectivity}"

    def online(self, timeout_s: float = 30.0) -> None:
        ends = time.monotonic() + timeout_s
        while self.desk.connectivity is not Connectivity.ONLINE:
            self.step()
            assert time.monotonic() < ends, "the bridge does not answer"

    def yes(self, order: Order) -> Consent:
        assert order.quote is not None
        read = ReadBack(order.id, order.quote.digest, "shall I?", 1, 1.0)
        bridge_now = self.ledger.clock.bridge_now()
        assert bridge_now is not None
        consent = agree(order.quote, read, Heard("yes", 1, 2.0), bridge_now)
        assert isinstance(consent, Consent)
        return consent

    def close(self) -> None:
        self.link.close()
        self.ledger.close()


@pytest.fixture
def car(tmp_path: Path) -> Iterator[Car]:
    car = Car(tmp_path)
    yield car
    car.close()


def ride(car: Car) -> Order:
    """Order a ride and see it through."""
    order = car.desk.wish("ride", "book", TRIP, 600)
    order = car.until(order, State.QUOTED)
    assert order.awaits_consent
    assert car.desk.agree(car.yes(order)) is None
    done = car.until(order, State.DONE, State.FAILED, timeout_s=60)
    assert done.state is State.DONE
    assert done.receipt is not None
    return done


@pytest.fixture
def child_link(car: Car, tmp_path: Path) -> Child:
    command = [*BRIDGE, "--db", f"sqlite:{tmp_path}/bridge.db", "--loopback", "--vehicle", "car-1"]
    return Child(command, car.mail.put, car.mail.put, again_s=0.2)


def test_on_a_fresh_machine_a_ride_is_ordered_through_a_child_bridge(car: Car, child_link: Child) -> None:
    car.connect(child_link)
    car.online()
    done = ride(car)
    assert done.bound == done.quote.digest if done.quote else False
    asked = car.desk.ask("weather", "forecast", {"near": {"name": "Hangzhou"}})
    ends = time.monotonic() + 10
    while not [n for n in car.notices if isinstance(n, Answered) and n.message == asked]:
        car.step()
        assert time.monotonic() < ends
    car.desk.erase()
    while not [n for n in car.notices if isinstance(n, ErasureDone)]:
        car.step()
        assert time.monotonic() < ends + 10
    assert isinstance(car.ledger.verify(), Head)
    assert car.ledger.outbox() == ()


def test_a_bridge_killed_between_the_yes_and_its_answer_loses_nothing(car: Car, child_link: Child) -> None:
    car.connect(child_link)
    car.online()
    order = car.until(car.desk.wish("ride", "book", TRIP, 600), State.QUOTED)
    assert car.desk.agree(car.yes(order)) is None
    child = child_link._child
    assert child is not None
    child.kill()
    done = car.until(order, State.DONE, timeout_s=60)
    assert done.receipt is not None
    states = [n.after.state for n in car.notices if isinstance(n, OrderChanged)]
    assert states.count(State.DONE) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed")
def test_over_a_broker_with_certificates_an_order_survives_cuts_and_kills_of_all(car: Car, tmp_path: Path) -> None:
    fleet = authority(tmp_path / "fleet", "car-1", "bridge")
    broker = Broker(tmp_path / "broker", fleet)
    proxy = Proxy(broker.cars)
    command = [*BRIDGE, "--db", f"sqlite:{tmp_path}/bridge.db", "--broker", f"mqtts://localhost:{broker.bridges}"]
    command += ["--ca", str(fleet / "ca.crt"), "--cert", str(fleet / "bridge.crt"), "--key", str(fleet / "bridge.key")]
    bridge = subprocess.Popen(command)
    chance = random.Random(5)
    try:
        car.connect(MqttLink("car-1", "localhost", proxy.port, papers(fleet, "car-1"), car.mail.put, car.mail.put))
        car.online(60)
        for _ in range(6):
            order = car.until(car.desk.wish("ride", "book", TRIP, 600), State.QUOTED, timeout_s=90)
            assert car.desk.agree(car.yes(order)) is None
            match chance.randrange(3):
                case 0:
                    proxy.cut()
                case 1:
                    bridge.send_signal(signal.SIGKILL)
                    bridge.wait()
                    bridge = subprocess.Popen(command)
                case 2:
                    broker.kill()
                    broker.start()
            assert car.until(order, State.DONE, timeout_s=90).receipt is not None
            car.online(90)
        assert isinstance(car.ledger.verify(), Head)
    finally:
        bridge.kill()
        bridge.wait()
        proxy.close()
        broker.kill()
