"""The network as NetworkManager (python-dbusmock) and ConnMan (an object that behaves as its documentation says) tell of it."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")
pytest.importorskip("dbusmock")

from assistant.platform.bus import Bus, wait_until
from assistant.platform.network import CONNMAN, NETWORK_MANAGER, Network

MANAGER = (NETWORK_MANAGER, "/org/freedesktop/NetworkManager")
CONNMAN_XML = """<node><interface name="net.connman.Manager">
<method name="GetProperties"><arg type="a{sv}" direction="out"/></method>
<signal name="PropertyChanged"><arg type="s"/><arg type="v"/></signal></interface></node>"""
CONNECTED, SITE, LOCAL, DISCONNECTED = 70, 60, 50, 20

Start = Callable[[str], "subprocess.Popen[bytes]"]


class PrivateBus(Protocol):
    address: str

    def kill(self) -> None: ...

    def start(self) -> None: ...


class ConnMan:
    """The manager of doc/manager-api.txt, as far as we ask it."""

    # ruff: noqa: ARG002 - it takes what a real object takes

    def __init__(self, bus: Bus, state: str) -> None:
        self._bus, self.state = bus, state
        bus.publish(CONNMAN, "/", CONNMAN_XML, self)

    def become(self, state: str) -> None:
        self.state = state
        self._bus.emit(
            "/", "net.connman.Manager.PropertyChanged", "sv", "State", self._bus.packed({"v": ("s", state)})["v"]
        )

    def call(self, sender: str, method: str, arguments: tuple[object, ...]) -> tuple[object, ...]:
        return (self._bus.packed({"State": ("s", self.state), "OfflineMode": ("b", False)}),)

    def get(self, name: str) -> object:
        return ""

    def set(self, name: str, value: Any) -> None:
        return


@pytest.fixture
def bus(private_bus: PrivateBus) -> Iterator[Bus]:
    made = Bus(private_bus.address)
    yield made
    made.close()


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def network(bus: Bus, told: list[bool]) -> Network:
    return Network(bus, told.append)


def becomes(bus: Bus, state: int) -> None:
    """Let NetworkManager's state change, as its mock does it."""
    bus.call(MANAGER, "org.freedesktop.DBus.Mock.SetGlobalConnectionState", "u", state)


def test_without_either_nothing_is_known(network: Network, told: list[bool]) -> None:
    assert network.up is None
    assert network.story() == "nobody tells of it here"
    assert told == []


def test_network_manager_is_followed_by_its_signals(bus: Bus, network: Network, told: list[bool], mock: Start) -> None:
    mock("networkmanager")
    assert wait_until(lambda: network.up is True, 15.0)
    assert told == []

    for state in (LOCAL, DISCONNECTED, SITE, CONNECTED, DISCONNECTED):
        becomes(bus, state)

    assert wait_until(lambda: told == [False, True, False], 5.0), told
    assert network.story() == "org.freedesktop.NetworkManager says not connected"


def test_who_leaves_says_nothing_any_more(network: Network, told: list[bool], mock: Start) -> None:
    process = mock("networkmanager")
    assert wait_until(lambda: network.up is True, 15.0)

    process.kill()

    assert wait_until(lambda: network.up is None, 5.0)
    assert told == []


def test_connman_is_followed_by_its_signals(private_bus: PrivateBus, network: Network, told: list[bool]) -> None:
    other = Bus(private_bus.address)
    connman = ConnMan(other, "idle")
    assert wait_until(lambda: told == [False], 5.0)

    for state in ("association", "ready", "online", "offline", "online"):
        connman.become(state)

    assert wait_until(lambda: told == [False, True, False, True], 5.0), told
    other.close()


def test_after_an_end_of_the_bus_it_is_asked_anew(
    private_bus: PrivateBus, bus: Bus, network: Network, told: list[bool]
) -> None:
    other = Bus(private_bus.address)
    connman = ConnMan(other, "online")
    assert wait_until(lambda: network.up is True, 5.0)

    private_bus.kill()
    connman.state = "idle"
    private_bus.start()

    assert wait_until(lambda: told == [False], 5.0)
    other.close()
