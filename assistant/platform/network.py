"""Whether the head unit has a network, as NetworkManager or ConnMan tell it: by signals, nothing is asked twice.

It is a hint. A network says nothing about the bridge, and a broker on this unit needs none.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from assistant.errors import BusError
from assistant.platform.bus import PROPERTIES, Bus, watch_names

log = logging.getLogger(__name__)

NETWORK_MANAGER: Final = "org.freedesktop.NetworkManager"
CONNMAN: Final = "net.connman"
CONNECTED_SITE: Final = 60
"""NM_STATE_CONNECTED_SITE: a default route; 70 is the internet as well."""
CONNMAN_UP: Final = frozenset({"ready", "online"})


@dataclass(frozen=True, slots=True)
class _Manager:
    """One program that manages networks."""

    name: str
    path: str
    read: Callable[[Bus], Any]
    up: Callable[[Any], bool]


def _network_manager(bus: Bus) -> Any:
    return bus.get((NETWORK_MANAGER, "/org/freedesktop/NetworkManager"), f"{NETWORK_MANAGER}.State")


def _connman(bus: Bus) -> Any:
    return bus.call((CONNMAN, "/"), f"{CONNMAN}.Manager.GetProperties")[0].get("State", "")


MANAGERS: Final[Mapping[str, _Manager]] = MappingProxyType(
    {
        NETWORK_MANAGER: _Manager(
            NETWORK_MANAGER,
            "/org/freedesktop/NetworkManager",
            _network_manager,
            lambda state: isinstance(state, int) and state >= CONNECTED_SITE,
        ),
        CONNMAN: _Manager(CONNMAN, "/", _connman, lambda state: state in CONNMAN_UP),
    }
)


class Network:
    """Follows whichever of the two is on the bus, NetworkManager before ConnMan."""

    def __init__(self, bus: Bus, changed: Callable[[bool], None]) -> None:
        """Begin to follow; `changed` gets whether there is a network, each time that changes, on the bus's thread."""
        self._bus = bus
        self._changed = changed
        self._known: dict[str, bool] = {}
        self._told: bool | None = None
        bus.listen(NETWORK_MANAGER, f"{NETWORK_MANAGER}.StateChanged", lambda _s, _p, told: self._nm(told))
        bus.listen(NETWORK_MANAGER, f"{PROPERTIES}.PropertiesChanged", self._nm_properties, arg0=NETWORK_MANAGER)
        bus.listen(CONNMAN, f"{CONNMAN}.Manager.PropertyChanged", lambda _s, _p, told: self._connman(told))
        watch_names(bus, self._name_changed)
        bus.on_back(self._look)

    @property
    def up(self) -> bool | None:
        """Tell whether there is a network; None while nobody says."""
        return next((self._known[name] for name in MANAGERS if name in self._known), None)

    def story(self) -> str:
        """Say in one line who tells of the network and what."""
        name = next((name for name in MANAGERS if name in self._known), "")
        return f"{name} says {'connected' if self.up else 'not connected'}" if name else "nobody tells of it here"

    def _look(self) -> None:
        for name in MANAGERS:
            self._ask(name)

    def _name_changed(self, name: str, _old: str, new: str) -> None:
        if name in MANAGERS:
            self._ask(name) if new else self._take(name, None)

    def _ask(self, name: str) -> None:
        manager = MANAGERS[name]
        try:
            self._take(name, manager.up(manager.read(self._bus)))
        except BusError as error:
            log.debug("%s: %s", name, error)
            self._take(name, None)

    def _nm(self, told: tuple[Any, ...]) -> None:
        self._take(NETWORK_MANAGER, MANAGERS[NETWORK_MANAGER].up(told[0]))

    def _nm_properties(self, _sender: str, _path: str, told: tuple[Any, ...]) -> None:
        if "State" in told[1]:
            self._nm((told[1]["State"],))

    def _connman(self, told: tuple[Any, ...]) -> None:
        if told[0] == "State":
            self._take(CONNMAN, MANAGERS[CONNMAN].up(told[1]))

    def _take(self, name: str, up: bool | None) -> None:
        """Keep what one of them says; None: it says nothing any more. A change from or to nothing is no news."""
        if up is None:
            self._known.pop(name, None)
        else:
            self._known[name] = up
        now = self.up
        if now is not None and now is not self._told:
            first, self._told = self._told is None, now
            if not first or not now:
                log.info("network: %s", self.story())
                self._changed(now)
