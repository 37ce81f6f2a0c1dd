"""The guest's order steps on this machine: a real daemon, bus, broker and bridge; only the tunnel and the users are this machine's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")
pytest.importorskip("dbos")
pytest.importorskip("numpy")

from assistant.bench.servers import BridgeProcess, Mosquitto
from scripts.benchimage import trial
from scripts.benchimage.guest import person, shop
from scripts.benchimage.guest.steps import Steps

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Mosquitto.there(), reason="mosquitto is not installed"),
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed"),
]


class PrivateBus(Protocol):
    address: str


class Car:
    """The daemon as the image starts it, but for its microphone, which is not there."""

    def __init__(self, folder: Path, broker: int) -> None:
        self.exchanges = folder / "exchanges.jsonl"
        self._config = folder / "cabin.toml"
        self._config.write_text(
            f'[audio]\ninput = "none of that name"\n[model]\nname = "none"\n[speak]\nengine = "none"\n[dbus]\nenabled = "yes"\n'
            f'[link]\nbroker = "127.0.0.1:{broker}"\nvehicle = "bench-car"\n'
            f'[paths]\nstate = "{folder / "cabin"}"\ncache = "{folder / "cache"}"\n'
        )
        self._log = folder / "cabin.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "assistant.cli", "--config", str(self._config), "run", "--listen", "--json"]
        with self.exchanges.open("ab") as out, self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=out, stderr=log)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def car(make_bus: Callable[..., PrivateBus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Car]:
    """Run what the image runs; the tunnel stops the broker, the owner's commands run as this user."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", make_bus().address)
    (tmp_path / "broker").mkdir()
    (tmp_path / "cabin").mkdir()
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    db = f"sqlite:{tmp_path / 'bridge.db'}"
    bridge = BridgeProcess(db, broker.port, "b", tmp_path / "bridge.log", "--lease", "3")
    bridge.start()
    car = Car(tmp_path, broker.port)
    monkeypatch.setattr(shop, "BOOK", tmp_path / "cabin" / "orders.sqlite")
    monkeypatch.setattr(shop, "BRIDGE_DB", db)
    monkeypatch.setattr(shop, "cut", broker.kill)
    monkeypatch.setattr(shop, "mend", broker.start)
    monkeypatch.setattr(shop, "run", _as_this_user)
    monkeypatch.setattr(person, "EXCHANGES", car.exchanges)
    car.start()
    yield car
    car.kill()
    bridge.kill()
    broker.kill()


def _as_this_user(*command: str) -> str:
    """Run what the image runs as another user with its installed programs."""
    words = list(command[command.index("--") + 1 :])
    modules = {"/usr/bin/cabin": "assistant.cli", "/usr/bin/cabin-bridge": "assistant.bridge.app"}
    program = next(word for word in words if word in modules)
    at = words.index(program)
    words[at : at + 1] = [sys.executable, "-m", modules[program]]
    return subprocess.run(
        words, check=True, capture_output=True, text=True, timeout=60, env={**os.environ, "CABIN_CONFIG": ""}
    ).stdout


def test_the_order_steps_tell_what_the_judge_wants_to_know(car: Car) -> None:
    steps = Steps()

    assert steps.do("ask", text=trial.WARM_UP)["exchange"]["transcript"] == trial.WARM_UP

    told = steps.do("order_without_link", text=trial.COFFEE, tunnel_s=2)
    assert told["in_the_tunnel"]["story"]["bookings"] == 0
    assert trial.once(told["story"]), told

    begun = steps.do("order_begun", text=trial.COFFEE, slow_s=3, linger_s=0)
    assert not begun["settled"]
    car.kill()
    car.start()
    recovered = steps.do("order_recovered", order=begun["order"])
    assert trial.once(recovered["story"]), recovered
    assert recovered["orders"] == 2
    assert recovered["audit"].startswith("unbroken")

    assert steps.do("bus", times=20)["p95_ms"] > 0
    with pytest.raises(LookupError):
        steps.do("fly")
