import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core.plan import Outcome, Status, VehicleCommand
from assistant.vehicle.model import load
from assistant.vehicle.simulator import DRIVE, GEAR, PARK, SPEED, Fault, Simulator

DEMO = Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
SEAT = "Vehicle.Cabin.Seat.Row1.DriverSide"


@pytest.fixture
def car() -> Iterator[Simulator]:
    simulator = Simulator(load(DEMO))
    yield simulator
    simulator.close()


def test_it_starts_parked_and_drives_in_gear(car: Simulator) -> None:
    assert (car.car().value(SPEED), car.car().value(GEAR)) == (0.0, PARK)

    car.drive(50)
    assert (car.car().value(SPEED), car.car().value(GEAR)) == (50.0, DRIVE)

    car.park()
    assert (car.car().value(SPEED), car.car().value(GEAR)) == (0.0, PARK)


def test_a_silent_speed_goes_stale(car: Simulator) -> None:
    car.fault(SPEED, Fault.SILENT)
    time.sleep(1.1)

    assert not car.car().fresh(SPEED, time.monotonic())


def test_a_window_takes_its_time(car: Simulator) -> None:
    started = time.monotonic()

    assert car.write([VehicleCommand(WINDOW, 100)])[0].status is Status.DONE
    assert time.monotonic() - started >= 0.6


def test_a_window_can_be_stopped_half_way_and_the_opening_is_not_called_done(car: Simulator) -> None:
    opened: list[Outcome] = []
    thread = threading.Thread(target=lambda: opened.extend(car.write([VehicleCommand(WINDOW, 100)])))
    thread.start()
    time.sleep(0.3)

    (stopped,) = car.write([VehicleCommand(WINDOW.replace("Position", "Switch"), "INACTIVE")])
    thread.join()

    assert stopped.status is Status.DONE
    assert opened[0].status is Status.FAILED
    position = car.car().number(WINDOW)
    assert position is not None
    assert 10 < position < 90


def test_a_later_wish_for_the_same_is_not_taken_back_by_an_earlier_one_that_failed(car: Simulator) -> None:
    other = WINDOW.replace("DriverSide", "PassengerSide")
    car.fault(other, Fault.WRONG)
    thread = threading.Thread(target=lambda: car.write([VehicleCommand(WINDOW, 100), VehicleCommand(other, 100)]))
    thread.start()
    time.sleep(0.7)

    assert car.write([VehicleCommand(WINDOW, 100)])[0].status is Status.DONE
    thread.join()
    assert car.car().value(WINDOW) == 100


def test_a_stored_seat_position_comes_back(car: Simulator) -> None:
    def done(signal: str, value: int) -> bool:
        return car.write([VehicleCommand(f"{SEAT}.{signal}", value)])[0].status is Status.DONE

    assert done("Memory.Store", 1)
    assert done("Position", 60)
    assert done("Memory.Recall", 1)

    assert car.car().value(f"{SEAT}.Position") == 140


def test_a_position_that_nobody_stored_is_refused(car: Simulator) -> None:
    assert car.write([VehicleCommand(f"{SEAT}.Memory.Recall", 3)])[0].status is Status.REFUSED
