"""A car on D-Bus when things go wrong; what every bus must keep is in test_contract.py."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")

from assistant.core.plan import Status, VehicleCommand
from assistant.errors import ConfigError
from assistant.platform.bus import Bus, wait_until
from assistant.vehicle.dbus import DbusCar, service
from assistant.vehicle.model import load
from tests.vehicle.carservice import DEMO, PATH, TABLE, CarService

if TYPE_CHECKING:
    from collections.abc import Mapping

DRIVER = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
SPEED = "Vehicle.Speed"
MODEL = load(DEMO)


class PrivateBus(Protocol):
    address: str

    def start(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture
def car(private_bus: PrivateBus) -> Iterator[DbusCar]:
    """Look for a car whose service has not come yet."""
    bus = Bus(private_bus.address)
    yield DbusCar(MODEL.signals, service(TABLE, MODEL.signals, "demo"), bus, timeout_s=0.5)
    bus.close()


def fresh(car: DbusCar) -> bool:
    return car.car().fresh(SPEED, time.monotonic())


def test_a_car_that_is_not_there_yet_is_unknown_and_is_found_when_it_comes(
    private_bus: PrivateBus, car: DbusCar
) -> None:
    assert car.write([VehicleCommand(DRIVER, 22.0)])[0].status is Status.UNKNOWN

    real = CarService(MODEL, private_bus.address)

    assert wait_until(lambda: fresh(car), 3.0)
    assert car.write([VehicleCommand(DRIVER, 22.0)])[0].status is Status.DONE
    real.close()


def test_a_car_that_leaves_goes_stale_and_is_unknown(private_bus: PrivateBus, car: DbusCar) -> None:
    real = CarService(MODEL, private_bus.address)
    assert wait_until(lambda: fresh(car), 3.0)

    real.close()

    assert wait_until(lambda: not fresh(car), 3.0)
    assert car.write([VehicleCommand(DRIVER, 22.0)])[0].status is Status.UNKNOWN


def test_after_the_bus_was_killed_the_car_is_there_again(private_bus: PrivateBus, car: DbusCar) -> None:
    real = CarService(MODEL, private_bus.address)
    assert wait_until(lambda: fresh(car), 3.0)
    private_bus.kill()
    assert car.write([VehicleCommand(DRIVER, 22.0)])[0].status is Status.UNKNOWN
    private_bus.start()

    assert wait_until(lambda: car.write([VehicleCommand(DRIVER, 23.0)])[0].status is Status.DONE, 10.0)
    real.close()


def test_a_value_of_another_type_is_not_taken(private_bus: PrivateBus, car: DbusCar) -> None:
    real = CarService(MODEL, private_bus.address)
    assert wait_until(lambda: fresh(car), 3.0)
    before = car.car().value(DRIVER)

    real.bus.emit(PATH, "org.example.Car1.Changed", "a{sv}", real.bus.packed({DRIVER: ("s", "warm")}))
    real.bus.emit(PATH, "org.example.Car1.Changed", "a{sv}", real.bus.packed({"Vehicle.Flux": ("b", True)}))
    time.sleep(0.2)

    assert car.car().value(DRIVER) == before
    assert car.car().value("Vehicle.Flux") is None
    real.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "car"}, "dbus.name"),
        ({"path": "org/car"}, "dbus.path"),
        ({"interface": None}, "dbus.interface"),
        ({"bus": "x"}, "unknown key dbus.bus"),
        ({"names": {"Vehicle.Cabin.Light.IsDomOn": "Dome"}}, "did you mean 'Vehicle.Cabin.Light.IsDomeOn'"),
        ({"names": {DRIVER: ""}}, "give the car's name"),
        ({"names": {DRIVER: SPEED}}, "stands for two signals"),
        ({"names": []}, "[dbus.names]"),
    ],
)
def test_a_broken_description_says_what_to_mend(change: "Mapping[str, Any]", says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        service({**TABLE, **change}, MODEL.signals, "demo")

    assert says in str(caught.value)
