"""Orders over the air: the whole assistant, mosquitto with certificates, a bridge of its own, and a line that is cut."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from assistant.bench.servers import BridgeProcess
from assistant.bridge.effects import effects
from assistant.config import Link
from assistant.core.context import Connectivity
from assistant.core.order import State
from assistant.ledger.audit import Head
from assistant.ledger.store import Ledger
from tests.journeys.person import Car
from tests.link.broker import Broker, Proxy, Weather, authority

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        shutil.which("mosquitto") is None or shutil.which("openssl") is None,
        reason="mosquitto and openssl are not installed",
    ),
]


class Outside:
    """A broker, a line to it that can be cut, and a bridge, with the papers of a fleet of one car."""

    def __init__(self, folder: Path) -> None:
        ca = authority(folder / "ca", "car-1", "bridge")
        self.db = f"sqlite:{folder}/bridge.db"
        self.broker = Broker(folder / "broker", ca)
        self.line = Proxy(self.broker.cars)
        papers = ("--cert", str(ca / "bridge.crt"), "--key", str(ca / "bridge.key"), "--ca", str(ca / "ca.crt"))
        at = f"mqtts://localhost:{self.broker.bridges}"
        self.bridge = BridgeProcess(
            self.db, self.broker.bridges, "b", folder / "log", "--broker", at, *papers, "--pace", "60"
        )
        self.bridge.begin()
        self.link = Link(
            broker=f"localhost:{self.line.port}",
            vehicle="car-1",
            ca=str(ca / "ca.crt"),
            certificate=str(ca / "car-1.crt"),
            certificate_key=str(ca / "car-1.key"),
        )

    def slow_down(self, method: str, seconds: float) -> None:
        """Let one kind of call at the companies take a while."""
        command = [sys.executable, "-m", "assistant.bridge.app", "--db", self.db, "fault", "slow", "--method", method]
        subprocess.run([*command, "--value", str(seconds)], check=True, timeout=30)

    def close(self) -> None:
        self.bridge.kill()
        self.line.close()
        self.broker.kill()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    outside = Outside(tmp_path)
    yield outside
    outside.close()


def test_a_yes_said_while_the_line_is_cut_is_carried_out_once_though_the_bridge_is_killed_on_the_way(
    tmp_path: Path, outside: Outside
) -> None:
    car = Car(tmp_path, outside.link)
    desk = car.app.outside.desk

    def script() -> None:
        car.until(lambda: desk.reach is Connectivity.ONLINE, "the bridge answers")
        (*_, price) = car.say("book me a ride to the station")
        assert "Sandbox Rides" in price
        outside.slow_down("place", 1.5)
        outside.line.weather = Weather.DOWN
        outside.line.cut()
        car.until(lambda: desk.reach is Connectivity.OFFLINE, "the line is cut")
        car.app.type("yes", "en")
        car.until(lambda: car.state() in {State.CONSENTED, State.SENT, State.UNKNOWN}, "the yes is written down")
        assert effects(outside.db) == {}
        assert not any(one.startswith("Booked") for one in car.spoken)
        outside.line.weather = Weather.FINE
        car.until(lambda: car.state() is State.ACCEPTED, "the bridge has it")
        outside.bridge.kill()
        outside.bridge.begin()
        car.until(lambda: car.state() in {State.IN_PROGRESS, State.DONE}, "it is booked", 90)
        car.until(lambda: any("ooked" in one or "confirmed" in one for one in car.spoken), "it is told")

    car.talk(script)
    order = car.orders[-1]
    assert order.receipt is not None
    assert effects(outside.db) == {order.id: (1, order.receipt.charged.minor)}
    with Ledger(tmp_path / "state" / "orders.sqlite") as ledger:
        assert isinstance(ledger.verify(), Head)


def test_the_weather_of_several_days_is_told_over_the_air(tmp_path: Path, outside: Outside) -> None:
    car = Car(tmp_path, outside.link)
    said: list[str] = []

    def script() -> None:
        car.until(lambda: car.app.outside.desk.reach is Connectivity.ONLINE, "the bridge answers")
        said.extend(car.say("what's the weather in Shanghai the next few days"))

    car.talk(script)
    shape = r"Today to \w+ in Shanghai: (minus )?\d+ to (minus )?\d+ degrees?\.( [A-Z][^.]+\.)+"
    assert re.fullmatch(shape, said[-1]), said
    assert "ends there" not in said[-1]
