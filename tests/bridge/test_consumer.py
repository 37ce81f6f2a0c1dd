"""The bridge's end of MQTT on a real broker: what is acknowledged when, and what a bridge that is behind takes and drops."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from assistant.bridge.mqtt import READS, UNACKED, Broker, Consumer
from assistant.bridge.pieces import Pieces
from tests.bridge.servers import Mosquitto
from tests.link.broker import Proxy, Weather, until

pytestmark = pytest.mark.skipif(not Mosquitto.there(), reason="mosquitto is not installed")

PING = b'{"op":"ping","n":%d}'


class Scene:
    """Cars and a consumer on a broker, and a way between the consumer and it that can be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        self.broker.start()
        self.way = Proxy(self.broker.port)
        self.handled: list[bytes] = []
        self.read: list[bytes] = []
        self.heard: list[bytes] = []
        self.go = threading.Event()
        self.at_once = 0
        """So many questions are answered before `go`."""
        self.consumer = Consumer(Broker(f"mqtt://127.0.0.1:{self.way.port}", "bridge-b"), self._handle, self._read)
        self.cars = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self.cars.max_inflight_messages_set(2_000)
        self.cars.on_message = lambda _client, _data, message: self.heard.append(bytes(message.payload))
        ready = threading.Event()
        self.cars.on_subscribe = lambda *_: ready.set()
        self.cars.connect("127.0.0.1", self.broker.port)
        self.cars.loop_start()
        self.cars.subscribe("v/+/rsp", qos=1)
        assert ready.wait(10)
        assert self.consumer.open(10)

    def say(self, *messages: bytes, life_s: int = 0) -> None:
        """Let a car say something, which means something for so long, and wait until the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if life_s:
            properties.MessageExpiryInterval = life_s
        for said in [self.cars.publish("v/car/req", raw, qos=1, properties=properties) for raw in messages]:
            said.wait_for_publish(10)

    def come_back(self) -> None:
        """Cut the way, and let the consumer connect anew."""
        self.consumer._ready.clear()
        self.way.cut()
        self.way.weather = Weather.FINE
        assert self.consumer._ready.wait(15)

    def close(self) -> None:
        self.go.set()
        self.way.weather = Weather.FINE
        self.consumer.close()
        self.cars.disconnect()
        self.cars.loop_stop()
        self.way.close()
        self.broker.kill()

    def _handle(self, _vehicle: str, raw: bytes) -> list[bytes]:
        self.handled.append(raw)
        self.go.wait(20)
        return [b"answer to " + raw]

    def _read(self, asked: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        self.read += [raw for _, raw in asked]
        if len(self.read) > self.at_once:
            self.go.wait(20)
        return [b"answer to " + raw for _, raw in asked]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def test_a_request_is_acknowledged_only_once_the_broker_has_the_answer(scene: Scene) -> None:
    scene.say(b"one")
    assert until(lambda: scene.handled == [b"one"])

    scene.way.weather = Weather.DEAF
    scene.go.set()
    assert until(lambda: scene.heard == [b"answer to one"])  # the broker has it, and the consumer does not know
    scene.come_back()
    assert until(lambda: scene.handled == [b"one", b"one"])  # so the broker still has the request

    scene.say(b"two")
    assert until(lambda: b"answer to two" in scene.heard and not scene.consumer._unsent)
    scene.come_back()
    scene.say(b"three")
    assert until(lambda: b"answer to three" in scene.heard)
    assert scene.handled.count(b"one") == 2  # acknowledged before the answer to "two" went out


def test_one_that_fails_is_acknowledged_too_and_comes_no_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_vehicle: str, raw: bytes) -> list[bytes]:
        scene.handled.append(raw)
        raise LookupError

    monkeypatch.setattr(scene.consumer, "_handle", fail)
    scene.say(b"bad")
    assert until(lambda: scene.handled == [b"bad"])
    time.sleep(0.2)
    scene.come_back()
    scene.say(b"worse")

    assert until(lambda: scene.handled[-1:] == [b"worse"])
    assert scene.handled == [b"bad", b"worse"]


def test_a_question_whose_time_has_passed_is_dropped_unread_and_comes_no_more(scene: Scene) -> None:
    scene.say(PING % 1)
    assert until(lambda: scene.read == [PING % 1])
    scene.say(PING % 2, life_s=1)
    scene.say(PING % 3, life_s=60)
    assert until(lambda: scene.consumer._questions.qsize() == 2)
    time.sleep(1.2)

    scene.go.set()
    assert until(lambda: len(scene.heard) == 2 and not scene.consumer._unsent)
    scene.come_back()
    scene.say(PING % 4)

    assert until(lambda: len(scene.heard) == 3)
    assert scene.read == [PING % 1, PING % 3, PING % 4]


def test_a_bridge_that_is_behind_takes_no_more_questions_than_its_answers_get_away(scene: Scene) -> None:
    """Mosquitto 2.0.11 gives out more than the receive maximum, once for each message that expires while it waits there."""
    live = [PING % (2_000 + n) for n in range(600)]
    scene.say(*[PING % n for n in range(UNACKED + 1)])
    scene.say(*[PING % (1_000 + n) for n in range(300)], life_s=1)
    time.sleep(1.5)
    scene.say(*live, life_s=60)
    scene.at_once = UNACKED
    scene.go.set()
    assert until(lambda: len(scene.read) > UNACKED)
    scene.go.clear()
    until(lambda: scene.consumer._questions.qsize() > UNACKED + READS)
    if scene.consumer._questions.qsize() <= UNACKED + READS:
        pytest.skip("this broker keeps to the receive maximum")
    before = len(scene.read)

    scene.way.weather = Weather.DEAF
    scene.go.set()
    assert until(lambda: len(scene.consumer._unsent) >= UNACKED)
    time.sleep(0.5)
    assert len(scene.consumer._unsent) < UNACKED + READS
    assert len(scene.read) - before < UNACKED + READS

    scene.come_back()
    assert until(lambda: {b"answer to " + raw for raw in live} <= set(scene.heard), 20)


def test_a_socket_is_read_and_written_in_pieces_and_nothing_is_lost() -> None:
    near, far = socket.socketpair()
    near.settimeout(0)
    pieces, much = Pieces(near), bytes(range(256)) * 8_192
    with near, far:
        far.sendall(b"abcdef")
        assert (pieces.recv(1), pieces.recv(2), pieces.pending()) == (b"a", b"bc", 3)
        assert (pieces.recv(10), pieces.pending()) == (b"def", 0)
        with pytest.raises(BlockingIOError):
            pieces.recv(1)

        assert pieces.send(much) == len(much)
        with pytest.raises(BlockingIOError):
            pieces.flush()
        assert pieces.waits
        taken = bytearray()
        while len(taken) < len(much):
            taken += far.recv(65_536)
            try:
                pieces.flush()
            except BlockingIOError:
                continue
        assert taken == much
        assert not pieces.waits

        pieces.send(b"last")
        pieces.close()
        assert far.recv(10) == b"last"
        assert far.recv(10) == b""
