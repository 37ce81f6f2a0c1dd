"""Real mosquitto, real certificates, a real way between."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from assistant.core.context import Connectivity
from assistant.errors import LinkError
from assistant.link import mqtt, topics
from assistant.link.mqtt import MqttLink, Tls
from tests.link.broker import Broker, Proxy, Station, Weather, authority, free_port, papers, until

ID = "018bcfe5-6800-7ff6-89d6-e4968fde1234"
UP, DOWN = Connectivity.LINK, Connectivity.OFFLINE


class Car:
    """A link and what it heard."""

    def __init__(self, vehicle: str, port: int, tls: Tls | None, host: str = "localhost") -> None:
        self.heard: list[bytes] = []
        self.states: list[Connectivity] = []
        self.link = MqttLink(vehicle, host, port, tls, self.heard.append, self.states.append)
        self.link.open()

    def up(self, timeout_s: float = 5.0) -> bool:
        return until(lambda: self.states and self.states[-1] is UP, timeout_s)


Drive = Callable[..., Car]


@pytest.fixture
def drive(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drive]:
    """Start cars whose pauses are short."""
    monkeypatch.setattr(mqtt, "pause_s", lambda _failures, chance: 0.1 + 0.2 * chance)
    cars: list[Car] = []

    def start(port: int, vehicle: str = "car-1", tls: Tls | None = None, host: str = "localhost") -> Car:
        cars.append(Car(vehicle, port, tls or papers(fleet, vehicle), host))
        return cars[-1]

    yield start
    for car in cars:
        car.link.close()


@pytest.fixture
def bridge(broker: Broker, fleet: Path) -> Iterator[Station]:
    station = Station(broker.bridges, papers(fleet, "bridge"), "bridge-a", topics.ALL_REQUESTS)
    yield station
    station.close()


def test_a_request_reaches_the_bridge_with_all_it_needs_and_the_reply_comes_back(
    broker: Broker, bridge: Station, drive: Drive
) -> None:
    car = drive(broker.cars)
    assert car.up()
    assert car.link.send(b"request", ID, 60)
    assert until(lambda: bridge.heard)
    (message,) = bridge.heard
    assert (message.topic, message.payload, message.qos) == ("v/car-1/req", b"request", 1)
    properties = message.properties
    assert properties is not None
    said = properties.json()  # type: ignore[no-untyped-call]
    assert bytes.fromhex(said["CorrelationData"]) == ID.encode()
    assert said["ResponseTopic"] == "v/car-1/rsp"
    assert 0 < said["MessageExpiryInterval"] <= 60

    bridge.say(topics.response("car-1"), b"reply")
    assert until(lambda: car.heard == [b"reply"])


def test_a_round_trip_is_fast(broker: Broker, bridge: Station, drive: Drive) -> None:
    car = drive(broker.cars)
    assert car.up()

    def answer(client: paho.Client, _data: object, _message: object) -> None:
        client.publish("v/car-1/rsp", b"pong", qos=1)

    bridge.client.on_message = answer
    took = []
    for number in range(1, 51):
        began = time.perf_counter()
        assert car.link.send(b"ping", ID, 60)
        assert until(lambda number=number: len(car.heard) >= number)  # type: ignore[misc]
        took.append(time.perf_counter() - began)
    assert sorted(took)[5] < 0.03, "without TCP_NODELAY it is 40 ms and more a direction"


def test_a_network_that_is_back_ends_the_pause_and_a_dead_connection(
    broker: Broker, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    car = drive(broker.cars)
    assert car.up()
    monkeypatch.setattr(mqtt, "pause_s", lambda _failures, _chance: 600.0)

    car.link.renew()
    assert until(lambda: car.states == [UP, DOWN, UP])
    broker.kill()
    assert until(lambda: car.states[-1] is DOWN)
    broker.start()
    assert not car.up(0.5), "it pauses for ten minutes"
    car.link.renew()

    assert car.up()


@pytest.mark.parametrize("who", ["revoked", "foreign"])
def test_a_revoked_and_a_foreign_certificate_are_refused(
    broker: Broker, drive: Drive, fleet: Path, tmp_path: Path, who: str
) -> None:
    foreign = papers(authority(tmp_path / "foreign", "car-1"), "car-1", trust=fleet)
    car = drive(broker.cars, "car-9") if who == "revoked" else drive(broker.cars, "car-1", foreign)
    assert not car.up(1.0)
    assert car.states == []


@pytest.mark.parametrize("how", ["plain", "nameless", "named"])
def test_who_has_no_certificate_is_refused(broker: Broker, fleet: Path, how: str) -> None:
    hello = b"\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x05car-1"
    context = ssl.create_default_context(cafile=str(fleet / "ca.crt"))
    if how == "named":
        context.load_cert_chain(fleet / "car-1.crt", fleet / "car-1.key")
    taken = []
    for port in (broker.cars, broker.bridges):
        try:
            raw: socket.socket = socket.create_connection(("localhost", port), 3)
            if how != "plain":
                raw = context.wrap_socket(raw, server_hostname="localhost")
            raw.sendall(hello)
            taken.append(raw.recv(100)[:1] == b"\x20")
        except OSError:
            taken.append(False)
    assert taken == [how == "named"] * 2


def test_a_broker_of_another_authority_or_with_a_cars_certificate_is_not_spoken_to(
    drive: Drive, fleet: Path, tmp_path: Path
) -> None:
    foreign = Broker(tmp_path / "foreign-broker", authority(tmp_path / "foreign", "bridge"))
    impostor_ca = tmp_path / "impostor"
    impostor_ca.mkdir()
    for name in ("ca.crt", "ca.crl"):
        (impostor_ca / name).symlink_to(fleet / name)
    for ending in ("crt", "key"):
        (impostor_ca / f"server.{ending}").symlink_to(fleet / f"car-2.{ending}")
    impostor = Broker(tmp_path / "impostor-broker", impostor_ca)
    try:
        cars = [drive(foreign.cars), drive(impostor.cars)]
        time.sleep(1.5)
        assert [car.states for car in cars] == [[], []]
    finally:
        foreign.kill()
        impostor.kill()


def test_a_car_writes_and_reads_its_own_topics_only_whatever_name_it_takes(
    broker: Broker, bridge: Station, fleet: Path, drive: Drive
) -> None:
    victim = drive(broker.cars)
    assert victim.up()
    thief = Station(broker.cars, papers(fleet, "car-2"), "car-1", "#")
    assert victim.states == [UP], "a client id does not take another's session: the certificate does"
    for topic in ("v/car-1/req", "v/car-1/rsp", "v/car-1/state", "v/car-2/rsp", "elsewhere"):
        thief.say(topic, b"forged")
    thief.say("v/car-2/req", b"own")
    assert until(lambda: bridge.heard)
    bridge.say("v/car-1/rsp", b"for car 1")
    bridge.say("v/car-2/rsp", b"for car 2")
    assert until(lambda: thief.heard and victim.heard)
    time.sleep(0.1)
    assert [message.payload for message in bridge.heard] == [b"own"]
    assert victim.heard == [b"for car 1"]
    assert [message.payload for message in thief.heard] == [b"for car 2"]
    assert thief.reasons.count(0x87) == 5, "not authorized"
    thief.close()


def test_what_the_bridge_says_while_the_car_is_away_waits_for_it(broker: Broker, bridge: Station, drive: Drive) -> None:
    car = drive(broker.cars)
    assert car.up()
    car.link.close()
    bridge.say("v/car-1/rsp", b"while away")
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = 1
    bridge.say("v/car-1/rsp", b"only now", properties)
    time.sleep(2.1)
    again = drive(broker.cars)
    assert until(lambda: again.heard == [b"while away"])


def test_it_comes_back_after_the_broker_was_killed(broker: Broker, drive: Drive) -> None:
    car = drive(broker.cars)
    assert car.up()
    broker.kill()
    assert until(lambda: car.states[-1] is DOWN)
    assert not car.link.send(b"x", ID, 60)
    broker.start()
    assert car.up(10)
    assert car.states == [UP, DOWN, UP]
    assert car.link.send(b"x", ID, 60)


def test_it_comes_back_after_each_of_many_cuts_and_delays(broker: Broker, bridge: Station, drive: Drive) -> None:
    proxy = Proxy(broker.cars)
    car = drive(proxy.port)
    for _ in range(4):
        assert car.up(10)
        proxy.delay_s = 0.05
        car.link.send(b"request", ID, 60)
        proxy.cut()
        assert until(lambda: car.states[-1] is DOWN)
        proxy.delay_s = 0.0
    assert car.up(10)
    proxy.weather = Weather.DOWN
    proxy.cut()
    assert until(lambda: car.states[-1] is DOWN)
    time.sleep(0.5)
    proxy.weather = Weather.FINE
    assert car.up(10)
    proxy.close()


@pytest.mark.parametrize("keepalive_s", [1, pytest.param(15, marks=pytest.mark.slow)])
def test_a_half_open_link_is_noticed_within_twice_the_keepalive(
    broker: Broker, drive: Drive, monkeypatch: pytest.MonkeyPatch, keepalive_s: int
) -> None:
    monkeypatch.setattr(mqtt, "KEEPALIVE_S", keepalive_s)
    proxy = Proxy(broker.cars)
    car = drive(proxy.port)
    assert car.up()
    proxy.weather = Weather.HOLD
    began = time.monotonic()
    assert until(lambda: car.states[-1] is DOWN, 2 * keepalive_s + 3)
    assert time.monotonic() - began <= 2 * keepalive_s + 2
    proxy.weather = Weather.FINE
    assert car.up(15)
    proxy.close()


def test_it_waits_for_a_broker_that_is_not_there_yet(fleet: Path, drive: Drive, tmp_path: Path) -> None:
    port = free_port()
    car = drive(port)
    time.sleep(0.3)
    assert car.states == []
    broker = Broker(tmp_path / "late", fleet)
    proxy = Proxy(broker.cars)
    late = drive(proxy.port)
    assert late.up()
    proxy.close()
    broker.kill()


def test_after_closing_no_callback_comes(broker: Broker, bridge: Station, drive: Drive) -> None:
    car = drive(broker.cars)
    assert car.up()
    car.link.close()
    bridge.say("v/car-1/rsp", b"late")
    time.sleep(0.2)
    assert (car.heard, car.states) == ([], [UP])
    assert not car.link.send(b"x", ID, 60)


def test_a_head_unit_without_a_clock_still_gets_in_and_one_with_a_clock_refuses_what_is_out_of_date(
    fleet: Path, drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = authority(tmp_path / "old", "car-1", "bridge")
    config = ["-config", str(old / "openssl.cnf")]
    request, extra = tmp_path / "server.csr", tmp_path / "server.ext"
    extra.write_text("extendedKeyUsage = serverAuth\nsubjectAltName = DNS:localhost\n")
    subprocess.run(
        [
            "openssl",
            "req",
            "-new",
            *config,
            "-key",
            str(old / "server.key"),
            "-subj",
            "/CN=localhost",
            "-out",
            str(request),
        ],
        check=True,
    )
    dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"]
    subprocess.run(
        [
            "openssl",
            "ca",
            "-batch",
            "-notext",
            *config,
            "-extfile",
            str(extra),
            *dates,
            "-in",
            str(request),
            "-out",
            str(old / "server.crt"),
        ],
        check=True,
        capture_output=True,
    )
    broker = Broker(tmp_path / "broker-old", old)
    try:
        assert not drive(broker.cars, tls=papers(old, "car-1")).up(1.0)
        monkeypatch.setattr(mqtt, "SANE_FROM", time.time() + 86_400)
        assert drive(broker.cars, tls=papers(old, "car-1")).up()
        assert not drive(broker.cars, tls=papers(old, "car-1", trust=fleet)).up(1.0), (
            "the chain is looked at all the same"
        )
    finally:
        broker.kill()


@pytest.mark.parametrize("broken", ["ca", "certificate", "key"])
def test_papers_that_cannot_be_used_are_told_of_with_a_mend(fleet: Path, tmp_path: Path, broken: str) -> None:
    good = papers(fleet, "car-1")
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("not a certificate")
    for path in (rubbish, tmp_path / "missing.pem"):
        parts = {"ca": good.ca, "certificate": good.certificate, "key": good.key, broken: path}
        with pytest.raises(LinkError) as told:
            MqttLink("car-1", "localhost", 1, Tls(**parts), lambda _: None, lambda _: None)
        assert told.value.mend


def test_without_papers_only_this_machine_is_spoken_to() -> None:
    with pytest.raises(LinkError, match="not this machine"):
        MqttLink("car-1", "broker.example", 1883, None, lambda _: None, lambda _: None)
    with pytest.raises(LinkError, match="vehicle id"):
        MqttLink("v/+", "localhost", 1883, None, lambda _: None, lambda _: None)
