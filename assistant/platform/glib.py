"""GLib's main loop on a thread of its own; the only module that loads pydbus and GLib."""

import ctypes
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import pydbus
from gi.repository import Gio, GLib, GObject

__all__ = ["GLib", "Gio", "MainLoop", "connect", "let_go"]

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 2.0
_KEPT: Final = Gio.ListStore.new(GObject.Object)
"""Every connection ever made. One that Python's collector disposes of waits for a lock of GDBus with Python's own lock in its
hand, while GDBus's thread, with that lock, waits for Python's: both for ever. So none is ever disposed of, at the end neither.
"""
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_KEPT))
_pointer: Final = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_unref: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(("g_object_unref", ctypes.CDLL("libgobject-2.0.so.0")))
_LEAKED: Final = 2
"""References to an answered call: Python's own, and the one that should be gone."""


class MainLoop:
    """Runs what GLib delivers, one thing after the other, on one thread."""

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._context = GLib.MainContext.new()
        self._loop = GLib.MainLoop.new(self._context, False)  # noqa: FBT003 - GLib's own signature
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, job: Callable[[], None], after_s: float = 0.0) -> None:
        """Run a job on the loop's thread, soon or after a while; from any thread."""
        source = GLib.timeout_source_new(round(after_s * 1000)) if after_s else GLib.idle_source_new()
        source.set_priority(GLib.PRIORITY_DEFAULT)
        source.set_callback(_once(job))
        source.attach(self._context)

    def close(self) -> None:
        """End the thread after the job that runs."""
        self.do(self._loop.quit)
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        self._context.push_thread_default()
        self._loop.run()


def connect(address: str) -> Any:
    """Return a private pydbus bus: GLib ends the whole process when a shared connection is lost. Raises GLib.Error."""
    bus = pydbus.connect(address)
    _KEPT.append(bus.con)
    return bus


def let_go(answered: list[Any]) -> list[Any]:
    """Free calls that were answered, some 2 kB each: GLib before 2.84 keeps a reference too many of each that a binding answers.

    Only for calls whose handler has returned, from the thread it ran on. Returns those that somebody else still holds.
    """
    kept = [call for call in answered if call.__grefcount__ > _LEAKED]
    for call in answered:
        if call.__grefcount__ == _LEAKED:
            _unref(_pointer(call.__gpointer__, None))
    return kept


def _once(job: Callable[[], None]) -> Callable[..., bool]:
    def run(*_: object) -> bool:
        try:
            job()
        except Exception:
            log.exception("a job of the bus broke")
        return False

    return run
