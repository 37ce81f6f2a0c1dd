"""Real mosquitto with the shipped configuration and real certificates, and a TCP proxy that spoils the way to it."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties

from assistant.link.mqtt import Tls

ROOT = Path(__file__).parents[2]


def authority(folder: Path, *clients: str) -> Path:
    """Make a CA with a server certificate for this machine and client certificates."""
    script = str(ROOT / "scripts" / "ca")
    subprocess.run([script, "init", str(folder)], check=True)
    subprocess.run([script, "server", str(folder), "localhost", "127.0.0.1"], check=True)
    for name in clients:
        subprocess.run([script, "client", str(folder), name], check=True)
    return folder


def revoke(folder: Path, name: str) -> None:
    subprocess.run([str(ROOT / "scripts" / "ca"), "revoke", str(folder), name], check=True)


def papers(folder: Path, name: str, trust: Path | None = None) -> Tls:
    """Return a client's papers, trusting the CA of `trust` (its own if not given)."""
    return Tls((trust or folder) / "ca.crt", folder / f"{name}.crt", folder / f"{name}.key")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], timeout_s: float = 5.0) -> bool:
    """Wait until something is true; tell whether it became so."""
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.01)
    return bool(true())


class Broker:
    """Mosquitto as config/mosquitto.conf has it, but for the ports."""

    def __init__(self, folder: Path, ca: Path) -> None:
        self.folder, self.ca = folder, ca
        self.cars, self.bridges = free_port(), free_port()
        (folder / "data").mkdir(parents=True)
        (folder / "ca").symlink_to(ca)
        shutil.copy(ROOT / "config" / "mosquitto.acl", folder)
        conf = (ROOT / "config" / "mosquitto.conf").read_text()
        conf = conf.replace("listener 8883", f"listener {self.cars} 127.0.0.1").replace(
            "listener 8884", f"listener {self.bridges}"
        )
        (folder / "mosquitto.conf").write_text(conf + ("\nuser root\n" if os.getuid() == 0 else ""))
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", "mosquitto.conf"], cwd=self.folder, stderr=log)
        for port in (self.cars, self.bridges):
            assert until(lambda port=port: self._listens(port)), (self.folder / "log").read_text()  # type: ignore[misc]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0


class Station:
    """A bare MQTT client with a bridge's or a car's papers."""

    def __init__(self, port: int, tls: Tls, client_id: str, subscribe: str = "", clean: bool = True) -> None:
        self.heard: list[paho.MQTTMessage] = []
        self.reasons: list[int] = []
        self.granted: list[int] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
        self.client.tls_set(str(tls.ca), str(tls.certificate), str(tls.key))
        self.client.on_message = lambda _client, _data, message: self.heard.append(message)
        self.client.on_publish = lambda _client, _data, _mid, reason, _properties: self.reasons.append(reason.value)
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self.granted.extend(r.value for r in reasons)
        self.client.connect("localhost", port, clean_start=clean)
        self.client.loop_start()
        if subscribe:
            self.client.subscribe(subscribe, qos=1)
            assert until(lambda: self.granted)

    def say(self, topic: str, payload: bytes, properties: Properties | None = None) -> None:
        self.client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Weather(Enum):
    """What the way is like."""

    FINE = "fine"
    HOLD = "hold"
    """Both sides stay connected and nothing gets through: a half-open link."""
    DEAF = "deaf"
    """What the near side says gets through, and it hears nothing."""
    DOWN = "down"


class Proxy:
    """A TCP proxy on loopback; one thread a direction."""

    def __init__(self, target: int) -> None:
        self.weather, self.delay_s, self.target = Weather.FINE, 0.0, target
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut every connection with a reset."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
                finally:
                    end.close()

    def close(self) -> None:
        self.listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
                if self.weather is Weather.DOWN:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                if self.listener.fileno() < 0:
                    return
                continue
            self.pairs.append((near, far))
            for source, sink, spoilt in ((near, far, {Weather.HOLD}), (far, near, {Weather.HOLD, Weather.DEAF})):
                threading.Thread(target=self._pump, args=(source, sink, spoilt), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, spoilt: set[Weather]) -> None:
        try:
            while data := source.recv(65_536):
                if self.weather in spoilt:
                    continue
                if self.delay_s:
                    time.sleep(self.delay_s)
                sink.sendall(data)
        except OSError:
            pass
        finally:
            if self.weather is not Weather.HOLD:
                for end in (source, sink):
                    end.close()
