"""One connection to a D-Bus: calls with a timeout, signals, one object of our own; it comes back when the bus was gone."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from assistant.errors import BusError, Trouble
from assistant.platform.exported import Exported, Served
from assistant.platform.glib import Gio, GLib, MainLoop, connect

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 1.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.2, 1.0
DAEMON: Final = "org.freedesktop.DBus"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
TROUBLES: Final = {
    "ServiceUnknown": Trouble.ABSENT,
    "NameHasNoOwner": Trouble.ABSENT,
    "Disconnected": Trouble.ABSENT,
    "UnknownObject": Trouble.ABSENT,
    "NoReply": Trouble.SILENT,
    "Timeout": Trouble.SILENT,
    "TimedOut": Trouble.SILENT,
    "AccessDenied": Trouble.DENIED,
    "AuthFailed": Trouble.DENIED,
}

Kept = TypeVar("Kept")
Heard = Callable[[str, str, tuple[Any, ...]], None]
"""Takes a signal's sender (its unique name), its object and its arguments; called on the bus's thread."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A signal that is listened to, in this connection and in the next."""

    sender: str
    interface: str
    signal: str
    heard: Heard
    arg0: str | None


class Bus:
    """The session bus, the system bus, or one at an address. Methods may be called from any thread."""

    def __init__(self, where: str = "system", back: Callable[[], None] = lambda: None) -> None:
        """Connect, and keep trying if it fails; `back` is called on the bus's thread each time there is a connection."""
        self._where = where
        self._back = [back]
        self._wishes: list[_Wish] = []
        self._served: list[Served] = []
        self._connection: Any = None
        self._retry_s = FIRST_RETRY_S
        self._tried = threading.Event()
        self._lock = threading.Lock()
        self._open = True
        self._loop = MainLoop("dbus")
        self._loop.do(self._connect)
        self._tried.wait(TIMEOUT_S)

    @property
    def connected(self) -> bool:
        """Tell whether there is a connection now."""
        return self._connection is not None

    def call(
        self,
        to: tuple[str, str],
        method: str,
        kinds: str = "",
        *arguments: object,
        timeout_s: float = TIMEOUT_S,
    ) -> tuple[Any, ...]:
        """Call `interface.Method` of (name, path) with arguments of the D-Bus types `kinds`; return what comes back, unpacked.

        Raises BusError. Never from a `heard` or `back` callback of a service that calls us back: they share the thread.
        """
        return tuple(self._call(to, method, kinds, arguments, timeout_s)[0].unpack())

    def call_for_file(self, to: tuple[str, str], method: str, kinds: str = "", *arguments: object) -> int:
        """Call a method that answers with an open file; return its descriptor, which is the caller's to close. Raises BusError."""
        _, files = self._call(to, method, kinds, arguments, TIMEOUT_S)
        if files is None or not files.get_length():
            raise BusError(Trouble.REFUSED, f"{method} of {to[0]} gives no file")
        return int(files.get(0))

    def _call(
        self, to: tuple[str, str], method: str, kinds: str, arguments: tuple[object, ...], timeout_s: float
    ) -> tuple[Any, Any]:
        """Return the answer and the files that came with it."""
        connection = self._connection
        if connection is None:
            raise BusError(Trouble.ABSENT, f"no {self._where} bus", "start dbus-daemon; Cabin finds it by itself")
        interface, _, member = method.rpartition(".")
        try:
            packed = GLib.Variant(f"({kinds})", arguments)
            answer, files = connection.con.call_with_unix_fd_list_sync(
                *to, interface, member, packed, None, Gio.DBusCallFlags.NONE, round(timeout_s * 1000), None, None
            )
        except (TypeError, OverflowError, ValueError) as error:
            raise BusError(Trouble.REFUSED, f"{method} does not take {arguments!r}: {error}") from error
        except GLib.Error as error:
            raise translated(error, f"{method} of {to[0]}") from error
        return answer, files

    def get(self, to: tuple[str, str], name: str) -> Any:
        """Return the property `interface.Name` of (name, path). Raises BusError."""
        interface, _, member = name.rpartition(".")
        return self.call(to, f"{PROPERTIES}.Get", "ss", interface, member)[0]

    def set(self, to: tuple[str, str], name: str, kind: str, value: object) -> None:
        """Set the property `interface.Name` to a value of a D-Bus type. Raises BusError."""
        interface, _, member = name.rpartition(".")
        self.call(to, f"{PROPERTIES}.Set", "ssv", interface, member, GLib.Variant(kind, value))

    def listen(self, sender: str, signal: str, heard: Heard, arg0: str | None = None) -> None:
        """Hear `interface.Signal` of a sender ("" is anybody), now and after every reconnection."""
        interface, _, member = signal.rpartition(".")
        wish = _Wish(sender, interface, member, heard, arg0)
        self._keep(self._wishes, wish, lambda: self._subscribe(wish))

    def on_back(self, back: Callable[[], None]) -> None:
        """Call `back` now if there is a connection, and after every reconnection; on the bus's thread."""
        self._keep(self._back, back, back)

    def publish(self, name: str, path: str, xml: str, object_: Exported) -> None:
        """Own a name and serve one object there, now and after every reconnection."""
        served = Served(name, path, xml, object_)
        self._keep(self._served, served, lambda: self._serve(served))

    def emit(self, path: str, signal: str, kinds: str, *arguments: object, to: str | None = None) -> None:
        """Send `interface.Signal` to everybody, or to one connection; lost where there is no bus. Does not block."""
        connection = self._connection
        if connection is None:
            return
        interface, _, member = signal.rpartition(".")
        try:
            connection.con.emit_signal(to, path, interface, member, GLib.Variant(f"({kinds})", arguments))
        except GLib.Error as error:
            log.debug("%s is not sent: %s", signal, error.message)

    @staticmethod
    def packed(values: Mapping[str, tuple[str, object]]) -> dict[str, Any]:
        """Return a dictionary for an argument of type a{sv}, from name → (D-Bus type, value)."""
        return {name: GLib.Variant(kind, value) for name, (kind, value) in values.items()}

    def close(self) -> None:
        """Leave the bus."""
        self._open = False
        self._loop.do(self._leave)
        self._loop.close()

    def _keep(self, kept: list[Kept], one: Kept, job: Callable[[], None]) -> None:
        """Do a job on the bus's thread and wait for it; without a connection the next one does it, for what is kept."""
        with self._lock:
            kept.append(one)
            if self._connection is None:
                return
        done = threading.Event()

        def run() -> None:
            try:
                if self._connection is not None:
                    job()
            finally:
                done.set()

        self._loop.do(run)
        done.wait(2 * TIMEOUT_S)

    def _connect(self) -> None:
        """Try once; on the bus's thread."""
        if not self._open:
            return
        try:
            connection = connect(_address(self._where))
        except GLib.Error as error:
            log.log(logging.DEBUG if self._tried.is_set() else logging.INFO, "no bus: %s", error.message)
            self._again()
            return
        connection.con.connect("closed", lambda *_: self._lost())
        self._retry_s = FIRST_RETRY_S
        with self._lock:
            self._connection = connection
            wishes, served, back = list(self._wishes), list(self._served), list(self._back)
        for wish in wishes:
            self._subscribe(wish)
        for each in served:
            self._serve(each)
        self._tried.set()
        for call in back:
            call()

    def _lost(self) -> None:
        if self._connection is not None and self._open:
            log.warning("the %s bus is gone; waiting for it", self._where)
            self._connection.con.get_stream().close(None)
            self._connection = None
            self._again()

    def _again(self) -> None:
        self._tried.set()
        self._loop.do(self._connect, self._retry_s)
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            for served in self._served:
                served.withdraw(connection)
            connection.con.close_sync(None)

    def _subscribe(self, wish: _Wish) -> None:
        def fired(sender: str, path: str, _interface: str, _signal: str, arguments: tuple[Any, ...]) -> None:
            try:
                wish.heard(sender, path, arguments)
            except Exception:
                log.exception("hearing %s.%s broke", wish.interface, wish.signal)

        self._connection.subscribe(wish.sender or None, wish.interface, wish.signal, arg0=wish.arg0, signal_fired=fired)

    def _serve(self, served: Served) -> None:
        try:
            served.register(self._connection)
        except GLib.Error as error:
            log.warning("%s is not on the bus: %s", served.name, translated(error, "RequestName"))


def watch_names(bus: Bus, changed: Callable[[str, str, str], None]) -> None:
    """Call `changed(name, old owner, new owner)` whenever a name comes or goes; on the bus's thread."""
    bus.listen(DAEMON, f"{DAEMON}.NameOwnerChanged", lambda _sender, _path, arguments: changed(*arguments))


def wait_until(true: Callable[[], bool], within_s: float, every_s: float = 0.02) -> bool:
    """Look again and again until it is true; False after `within_s`."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every_s)
    return True


def translated(error: Any, what: str) -> BusError:
    """Return GLib's error as ours."""
    name = Gio.dbus_error_get_remote_error(error) or ""
    word = name.rpartition(".")[2] if name.startswith("org.freedesktop.") else ""
    if not name:
        silent = error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
        trouble = Trouble.SILENT if silent else Trouble.ABSENT
    else:
        trouble = TROUBLES.get(word, Trouble.REFUSED)
    Gio.dbus_error_strip_remote_error(error)
    mends = {
        Trouble.ABSENT: "start that program; `busctl list` shows who is there",
        Trouble.SILENT: "it is there and does not answer: restart it",
        Trouble.DENIED: "allow it in /etc/dbus-1/system.d",
        Trouble.REFUSED: "",
    }
    return BusError(trouble, f"{what}: {error.message}", mends[trouble], name)


def _address(where: str) -> str:
    kinds = {"system": Gio.BusType.SYSTEM, "session": Gio.BusType.SESSION}
    return str(Gio.dbus_address_get_for_bus_sync(kinds[where], None)) if where in kinds else where
