"""What every car bus must keep. A new bus adds one fixture function to BUSES and nothing else."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.core.plan import Outcome, Status, VehicleCommand
from assistant.core.ports import Vehicle
from assistant.core.vehicle import Value
from assistant.vehicle.model import load
from assistant.vehicle.simulator import Fault, Simulator

DEMO = Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml"
DRIVER = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
PASSENGER = "Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature"
AIR = "Vehicle.Cabin.HVAC.Station.Row1.Driver.AirDistribution"
DOME = "Vehicle.Cabin.Light.IsDomeOn"


@dataclass(frozen=True)
class Rig:
    """A bus with the demo car on it, and the means to break one signal."""

    vehicle: Vehicle
    fault: Callable[[str, Fault | None], None]
    stop: Callable[[], None] = lambda: None


def simulator() -> Rig:
    car = Simulator(load(DEMO), timeout_s=0.3)
    return Rig(car, car.fault)


def kuksa() -> Rig:
    pytest.importorskip("kuksa.val.v2")
    from assistant.vehicle.kuksa import Kuksa
    from tests.vehicle.databroker import Databroker

    model = load(DEMO)
    broker = Databroker(model)
    car = Kuksa(model.signals, broker.start(), timeout_s=0.5)
    deadline = time.monotonic() + 10
    while not car.car().fresh("Vehicle.Speed", time.monotonic()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return Rig(car, broker.fault, broker.stop)


def dbus() -> Rig:
    pytest.importorskip("pydbus")
    from assistant.platform.bus import Bus
    from assistant.vehicle.dbus import DbusCar, service
    from tests.conftest import PrivateBus
    from tests.vehicle.carservice import TABLE, CarService

    folder = Path(tempfile.mkdtemp())
    daemon = PrivateBus(folder)
    daemon.start()
    model = load(DEMO)
    real = CarService(model, daemon.address)
    bus = Bus(daemon.address)
    car = DbusCar(model.signals, service(TABLE, model.signals, "demo"), bus, timeout_s=0.5)

    def stop() -> None:
        bus.close()
        real.close()
        daemon.kill()
        shutil.rmtree(folder)

    return Rig(car, real.simulator.fault, stop)


BUSES = {"simulator": simulator, "kuksa": kuksa, "dbus": dbus}


@pytest.fixture(params=sorted(BUSES))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = BUSES[request.param]()
    yield made
    made.vehicle.close()
    made.stop()


def write(rig: Rig, **values: Value) -> tuple[Outcome, ...]:
    names = {"driver": DRIVER, "passenger": PASSENGER, "air": AIR, "dome": DOME}
    return rig.vehicle.write([VehicleCommand(names[name], value) for name, value in values.items()])


def test_a_written_signal_is_done_with_the_value_read_back(rig: Rig) -> None:
    (outcome,) = write(rig, driver=22.5)

    assert (outcome.status, outcome.receipt) == (Status.DONE, "22.5")
    assert rig.vehicle.car().value(DRIVER) == 22.5


@pytest.mark.parametrize(("name", "value"), [("driver", 24), ("air", "DOWN"), ("dome", True)])
def test_every_type_reads_back(rig: Rig, name: str, value: Value) -> None:
    assert write(rig, **{name: value})[0].status is Status.DONE


def test_writing_what_already_is_is_done_too(rig: Rig) -> None:
    now = rig.vehicle.car().value(DRIVER)
    assert now is not None

    assert write(rig, driver=now)[0].status is Status.DONE


def test_several_signals_are_done_together(rig: Rig) -> None:
    assert [outcome.status for outcome in write(rig, driver=18.0, passenger=19.0, dome=True)] == [Status.DONE] * 3


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (VehicleCommand("Vehicle.Cabin.Flux", value=True), "not_available"),
        (VehicleCommand("Vehicle.Speed", 30.0), "not_available"),
        (VehicleCommand(DRIVER, "warm"), "wrong_type"),
        (VehicleCommand(DRIVER, value=True), "wrong_type"),
        (VehicleCommand(DRIVER, 45.0), "out_of_range"),
        (VehicleCommand(DRIVER, float("nan")), "out_of_range"),
        (VehicleCommand(AIR, "SIDEWAYS"), "out_of_range"),
    ],
)
def test_what_the_car_cannot_hold_is_refused_before_anything_moves(
    rig: Rig, command: VehicleCommand, reason: str
) -> None:
    before = rig.vehicle.car().value(PASSENGER)

    bad, good = rig.vehicle.write([command, VehicleCommand(PASSENGER, 27.0)])

    assert (bad.status, bad.reason) == (Status.REFUSED, reason)
    assert (good.status, good.reason) == (Status.REFUSED, "not_tried")
    assert rig.vehicle.car().value(PASSENGER) == before


def test_two_values_for_one_signal_are_refused(rig: Rig) -> None:
    outcomes = rig.vehicle.write([VehicleCommand(DRIVER, 20.0), VehicleCommand(DRIVER, 25.0)])

    assert {outcome.status for outcome in outcomes} == {Status.REFUSED}


def test_a_refusal_by_the_car_leaves_every_signal_as_it_was(rig: Rig) -> None:
    before = rig.vehicle.car().value(DRIVER)
    rig.fault(PASSENGER, Fault.REFUSE)

    first, second = write(rig, driver=28.0, passenger=28.0)

    assert (first.status, first.reason) == (Status.REFUSED, "not_tried")
    assert (second.status, second.reason) == (Status.REFUSED, "refused")
    assert rig.vehicle.car().value(DRIVER) == before


@pytest.mark.parametrize("value", [17.0, 23.0, 30.0])
def test_a_wrong_read_back_is_never_done(rig: Rig, value: float) -> None:
    rig.fault(DRIVER, Fault.WRONG)

    (outcome,) = write(rig, driver=value)

    assert (outcome.status, outcome.reason) == (Status.FAILED, "mismatch")
    assert outcome.receipt != str(value)


def test_silence_is_unknown_not_done_and_not_failed(rig: Rig) -> None:
    rig.fault(DRIVER, Fault.SILENT)

    (outcome,) = write(rig, driver=22.0)

    assert (outcome.status, outcome.reason, outcome.receipt) == (Status.UNKNOWN, "no_answer", None)


def test_silence_is_unknown_even_where_the_old_value_is_the_one_wanted(rig: Rig) -> None:
    now = rig.vehicle.car().value(DRIVER)
    assert now is not None
    rig.fault(DRIVER, Fault.SILENT)

    assert write(rig, driver=now)[0].status is Status.UNKNOWN


def test_what_did_arrive_is_taken_back_when_another_signal_fails(rig: Rig) -> None:
    before = rig.vehicle.car().value(DRIVER)
    rig.fault(PASSENGER, Fault.WRONG)

    first, second = write(rig, driver=28.0, passenger=28.0)

    assert (first.status, first.reason) == (Status.FAILED, "taken_back")
    assert second.status is Status.FAILED
    assert rig.vehicle.car().value(DRIVER) == before


def test_a_mended_signal_works_again(rig: Rig) -> None:
    rig.fault(DRIVER, Fault.REFUSE)
    assert write(rig, driver=22.0)[0].status is Status.REFUSED
    rig.fault(DRIVER, None)

    assert write(rig, driver=22.0)[0].status is Status.DONE


def test_nothing_to_write_is_nothing_done(rig: Rig) -> None:
    assert rig.vehicle.write([]) == ()


def test_speed_stays_fresh_while_nobody_asks(rig: Rig) -> None:
    time.sleep(1.1)

    assert rig.vehicle.car().fresh("Vehicle.Speed", time.monotonic())


def test_many_threads_may_write_at_once(rig: Rig) -> None:
    outcomes: list[Outcome] = []

    def work(name: str, value: Value) -> None:
        outcomes.extend(write(rig, **{name: value}))

    jobs: list[tuple[str, Value]] = [("driver", 18.5), ("passenger", 26.5), ("air", "DOWN"), ("dome", True)]
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [outcome.status for outcome in outcomes] == [Status.DONE] * 4
