import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant.core.plan import Outcome, Status, VehicleCommand
from assistant.core.vehicle import Value
from assistant.errors import ConfigError
from assistant.vehicle.model import Model, load, parse

pytest.importorskip("kuksa.val.v2")

from assistant.vehicle.kuksa import Kuksa

if TYPE_CHECKING:
    from tests.vehicle.databroker import Databroker

DEMO = Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml"
DRIVER = "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature"
PASSENGER = "Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature"
SPEED = "Vehicle.Speed"
GEAR = "Vehicle.Powertrain.Transmission.SelectedGear"


class Drive:
    """Starts brokers and cars, and ends them."""

    def __init__(self) -> None:
        self.ends: list[Callable[[], None]] = []

    def broker(self, model: Model | None = None, **options: Any) -> "Databroker":
        from tests.vehicle.databroker import Databroker

        broker = Databroker(model or load(DEMO), **options)
        broker.start()
        self.ends.append(broker.stop)
        return broker

    def car(self, broker: "Databroker", **options: Any) -> Kuksa:
        car = Kuksa(load(DEMO).signals, broker.address, timeout_s=0.5, **options)
        self.ends.append(car.close)
        return car


@pytest.fixture
def drive() -> Iterator[Drive]:
    made = Drive()
    yield made
    for end in reversed(made.ends):
        end()


def until(true: Callable[[], bool], within_s: float = 8) -> bool:
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def lives(car: Kuksa) -> bool:
    return until(lambda: car.car().fresh(SPEED, time.monotonic()))


def set_to(car: Kuksa, **values: Value) -> tuple[Outcome, ...]:
    names = {"driver": DRIVER, "passenger": PASSENGER}
    return car.write([VehicleCommand(names[name], value) for name, value in values.items()])


def test_one_value_is_actuated_and_several_go_as_one_batch(drive: Drive) -> None:
    broker = drive.broker()
    car = drive.car(broker)
    assert lives(car)

    set_to(car, driver=21.0)
    set_to(car, driver=22.0, passenger=23.0)

    assert broker.asked == ["Actuate", "BatchActuate"]


def test_speed_and_gear_follow_the_car(drive: Drive) -> None:
    broker = drive.broker()
    car = drive.car(broker)
    assert lives(car)

    broker.say({SPEED: 51.3, GEAR: 4})

    assert until(lambda: car.car().value(GEAR) == 4)
    assert car.car().value(SPEED) == 51.3


def test_what_the_broker_remembers_is_known_but_not_fresh(drive: Drive) -> None:
    car = drive.car(drive.broker())

    assert until(lambda: car.car().value(DRIVER) is not None)

    assert not car.car().fresh(DRIVER, time.monotonic())


def test_a_value_the_car_does_not_tell_stays_unknown(drive: Drive) -> None:
    broker = drive.broker()
    broker.values[DRIVER] = None
    car = drive.car(broker)

    assert lives(car)

    assert car.car().value(DRIVER) is None


def test_a_broker_that_restarts_is_followed_again(drive: Drive) -> None:
    broker = drive.broker()
    car = drive.car(broker)
    assert lives(car)

    broker.stop()
    assert until(lambda: not car.car().fresh(SPEED, time.monotonic()))
    assert set_to(car, driver=25.0)[0].status is Status.UNKNOWN
    broker.start()
    began = time.monotonic()

    assert lives(car)
    assert time.monotonic() - began < 4
    assert set_to(car, driver=25.0)[0].status is Status.DONE


def test_a_broker_that_comes_late_is_found(drive: Drive) -> None:
    broker = drive.broker()
    broker.stop()
    car = drive.car(broker)
    assert car.car().readings == {}

    time.sleep(0.5)
    broker.start()

    assert lives(car)


def test_a_signal_the_broker_lacks_is_refused_and_the_others_work(drive: Drive) -> None:
    car = drive.car(drive.broker(without=frozenset({PASSENGER})))
    assert lives(car)

    first, second = set_to(car, driver=25.0, passenger=25.0)

    assert (first.status, first.reason) == (Status.REFUSED, "not_tried")
    assert (second.status, second.reason) == (Status.REFUSED, "refused")
    assert set_to(car, driver=25.0)[0].status is Status.DONE


def test_a_whole_number_fits_a_signal_the_broker_keeps_as_integer_and_a_half_does_not(drive: Drive) -> None:
    whole = {"type": "int", "min": 10, "max": 30, "initial": 20, "writable": True}
    live = {"type": "float", "initial": 0.0, "live": True}
    car = drive.car(drive.broker(parse({"signals": {DRIVER: whole, SPEED: live}}, "test")))
    assert lives(car)

    assert set_to(car, driver=24.0)[0].status is Status.DONE
    assert set_to(car, driver=24.5)[0].status is Status.REFUSED


def test_the_token_opens_the_broker_and_may_be_renewed(drive: Drive, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    broker = drive.broker(token="new")
    car = drive.car(broker, token_file=file)
    time.sleep(0.5)
    assert car.car().readings == {}

    file.write_text("new\n")

    assert lives(car)
    assert set_to(car, driver=21.0)[0].status is Status.DONE


def test_a_token_that_goes_away_refuses_and_nothing_is_sent(drive: Drive, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("key")
    broker = drive.broker(token="key")
    car = drive.car(broker, token_file=file)
    assert lives(car)
    file.unlink()

    assert set_to(car, driver=21.0)[0].status is Status.REFUSED
    assert broker.asked == []


def test_only_a_broker_of_our_own_ca_is_believed(drive: Drive, tmp_path: Path) -> None:
    import grpc

    ours, theirs = _pair(tmp_path / "ours"), _pair(tmp_path / "theirs")
    broker = drive.broker(tls=grpc.ssl_server_credentials([(ours[0].read_bytes(), ours[1].read_bytes())]))
    good, bad = drive.car(broker, ca_file=ours[1]), drive.car(broker, ca_file=theirs[1])

    assert lives(good)
    assert bad.car().readings == {}


@pytest.mark.parametrize("address", ["", "databroker", "host:", ":55555", "host:0", "host:99999", "host:http"])
def test_an_address_that_is_none_is_an_error_with_the_mend(address: str) -> None:
    with pytest.raises(ConfigError, match="write host:port"):
        Kuksa(load(DEMO).signals, address)


def test_a_token_never_travels_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("key")

    with pytest.raises(ConfigError, match="in the clear"):
        Kuksa(load(DEMO).signals, "broker.example:55555", token_file=tmp_path / "token")


@pytest.mark.parametrize("content", [b"", b"two words", b"line\nline", b"\xff\xfe", None])
def test_a_token_file_without_a_token_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)

    with pytest.raises(ConfigError):
        Kuksa(load(DEMO).signals, "127.0.0.1:1", token_file=tmp_path / "token")


@pytest.mark.parametrize("content", [b"", b"not a certificate", None])
def test_a_ca_file_without_a_certificate_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)

    with pytest.raises(ConfigError):
        Kuksa(load(DEMO).signals, "127.0.0.1:1", ca_file=tmp_path / "ca.pem")


def test_the_configuration_leads_to_the_broker(drive: Drive) -> None:
    from assistant.config import Config, Vehicle
    from assistant.engines import Engines

    broker = drive.broker()
    car = Engines(Config(vehicle=Vehicle(bus="kuksa", address=broker.address))).vehicle()
    drive.ends.append(car.close)

    assert isinstance(car, Kuksa)
    assert lives(car)


def test_leaving_leaves_no_thread(drive: Drive) -> None:
    car = drive.car(drive.broker())
    assert lives(car)

    car.close()

    assert "kuksa" not in [thread.name for thread in threading.enumerate()]
    assert set_to(car, driver=21.0)[0].status is Status.UNKNOWN


def _pair(folder: Path) -> tuple[Path, Path]:
    folder.mkdir()
    key, certificate = folder / "key.pem", folder / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return key, certificate
