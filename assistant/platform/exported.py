"""An object of ours on the bus: GLib's calls become plain Python calls, our refusals become D-Bus errors."""

import logging
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from assistant.platform.glib import Gio, GLib, let_go

log = logging.getLogger(__name__)

PROPERTIES: Final = "org.freedesktop.DBus.Properties"
DO_NOT_QUEUE: Final = 4
OWNER: Final = (1, 4)
"""Answers of RequestName that say the name is ours."""
TIMEOUT_MS: Final = 1000


class RefusalError(Exception):
    """A call that is answered with a D-Bus error."""

    def __init__(self, name: str, message: str) -> None:
        """Take the error's D-Bus name, e.g. org.cabin.Assistant1.Error.InvalidArgs."""
        super().__init__(message)
        self.name = name


class Exported(Protocol):
    """What an object can do; every method is called on the bus's thread and must return at once."""

    def call(self, sender: str, method: str, arguments: tuple[Any, ...]) -> tuple[object, ...]:
        """Do a method of the interface; return its results. Raises RefusalError."""
        ...

    def get(self, name: str) -> object:
        """Return a property."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set a writable property. Raises RefusalError."""
        ...


@dataclass(slots=True)
class Served:
    """An object, its name, and the interface in XML."""

    name: str
    path: str
    xml: str
    exported: Exported
    _ids: list[int] = field(default_factory=list)
    _answered: list[Any] = field(default_factory=list)
    """Calls that may not be freed yet."""
    _kinds: dict[str, str] = field(default_factory=dict)
    """D-Bus types of what methods return, of properties, and of properties that may be set (with a trailing "=")."""

    def register(self, bus: Any) -> None:
        """Serve on a connection; raises GLib.Error where the bus says no. A name that is somebody else's is told in the log."""
        node = Gio.DBusNodeInfo.new_for_xml(self.xml)
        for interface in node.interfaces:
            for method in interface.methods:
                self._kinds[method.name] = "".join(argument.signature for argument in method.out_args)
            for known in interface.properties:
                self._kinds[f".{known.name}"] = known.signature
                if known.flags & Gio.DBusPropertyInfoFlags.WRITABLE:
                    self._kinds[f".{known.name}="] = known.signature
        self._ids = [bus.con.register_object(self.path, each, self._called, None, None) for each in node.interfaces]
        request = GLib.Variant("(su)", (self.name, DO_NOT_QUEUE))
        place = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        answer = bus.con.call_sync(
            *place, "RequestName", request, None, Gio.DBusCallFlags.NONE, TIMEOUT_MS, None
        ).unpack()[0]
        if answer not in OWNER:
            log.warning("%s belongs to another program: the service is not on the bus", self.name)

    def withdraw(self, bus: Any) -> None:
        """Serve no longer on a connection that is about to be closed."""
        for number in self._ids:
            bus.con.unregister_object(number)
        self._ids = []

    def _called(
        self, _con: object, sender: str, _path: str, interface: str, method: str, packed: Any, call: Any
    ) -> None:
        self._answered = let_go(self._answered)
        self._answered.append(call)
        try:
            if interface == PROPERTIES:
                call.return_value(self._property(method, packed.unpack()))
            else:
                results = self.exported.call(sender, method, packed.unpack())
                call.return_value(GLib.Variant(f"({self._kinds[method]})", results))
        except RefusalError as error:
            call.return_dbus_error(error.name, str(error))
        except Exception:
            log.exception("%s.%s broke", interface, method)
            call.return_dbus_error("org.freedesktop.DBus.Error.Failed", "Cabin could not do it; its log says why")

    def _property(self, method: str, arguments: tuple[Any, ...]) -> Any:
        if method == "GetAll":
            names = [key[1:] for key in self._kinds if key.startswith(".") and not key.endswith("=")]
            return GLib.Variant("(a{sv})", ({name: self._packed(name) for name in names},))
        name = arguments[1]
        if f".{name}" not in self._kinds:
            raise RefusalError("org.freedesktop.DBus.Error.UnknownProperty", f"no property {name}")
        if method == "Get":
            return GLib.Variant("(v)", (self._packed(name),))
        if f".{name}=" not in self._kinds:
            raise RefusalError("org.freedesktop.DBus.Error.PropertyReadOnly", f"{name} can only be read")
        self.exported.set(name, arguments[2])
        return None

    def _packed(self, name: str) -> Any:
        return GLib.Variant(self._kinds[f".{name}"], self.exported.get(name))
