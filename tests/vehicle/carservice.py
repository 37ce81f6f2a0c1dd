"""The demo car as a D-Bus service: a real program's part, played by the simulator on a bus of its own."""

import threading
from pathlib import Path
from typing import Any

from assistant.core.vehicle import Value
from assistant.platform.bus import Bus
from assistant.platform.exported import RefusalError
from assistant.vehicle.model import Model
from assistant.vehicle.simulator import Simulator
from assistant.vehicle.verify import RefusedError

NAME, PATH = "org.example.Car1", "/org/example/Car1"
NAMES = {"Vehicle.Cabin.Light.IsDomeOn": "DomeLight"}
TABLE = {"name": NAME, "path": PATH, "interface": NAME, "names": NAMES}
XML = f"""<node><interface name="{NAME}">
<method name="Set"><arg type="a{{sv}}" direction="in"/></method>
<method name="Get"><arg type="a{{sv}}" direction="out"/></method>
<signal name="Changed"><arg type="a{{sv}}"/></signal></interface></node>"""
KINDS = {bool: "b", int: "x", float: "d", str: "s"}


class CarService:
    """Owns the name, sets what it is told, and says what changed."""

    # ruff: noqa: ARG002 - it takes what a real object takes

    def __init__(self, model: Model, address: str) -> None:
        self.simulator = Simulator(model)
        self._theirs = dict(NAMES)
        self._ours = {theirs: ours for ours, theirs in NAMES.items()}
        self._said = {name: reading.at for name, reading in self.simulator.car().readings.items()}
        self._stop = threading.Event()
        self.bus = Bus(address)
        self.bus.publish(NAME, PATH, XML, self)
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def call(self, sender: str, method: str, arguments: tuple[Any, ...]) -> tuple[object, ...]:
        if method == "Get":
            readings = self.simulator.car().readings
            return (self._packed({name: reading.value for name, reading in readings.items()}),)
        try:
            self.simulator._send({self._ours.get(name, name): value for name, value in arguments[0].items()})
        except RefusedError as error:
            raise RefusalError(f"{NAME}.Error.Refused", self._theirs.get(error.signal, error.signal)) from error
        return ()

    def get(self, name: str) -> object:
        raise KeyError(name)

    def set(self, name: str, value: object) -> None:
        raise KeyError(name)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        self.bus.close()
        self.simulator.close()

    def _tell(self) -> None:
        while not self._stop.wait(0.02):
            readings = self.simulator.car().readings
            news = {name: reading for name, reading in readings.items() if reading.at != self._said.get(name)}
            self._said.update({name: reading.at for name, reading in news.items()})
            if news:
                values = self._packed({name: reading.value for name, reading in news.items()})
                self.bus.emit(PATH, f"{NAME}.Changed", "a{sv}", values)

    def _packed(self, values: dict[str, Value]) -> dict[str, Any]:
        return self.bus.packed(
            {self._theirs.get(name, name): (KINDS[type(value)], value) for name, value in values.items()}
        )


DEMO = Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml"
