"""Tell systemd how we are: sd_notify(3) without its library."""

import contextlib
import os
import socket


class Notify:
    """Datagrams to the socket that systemd names in NOTIFY_SOCKET; silent where there is none."""

    def __init__(self, address: str | None = None) -> None:
        """Take the address from the environment if none is given."""
        given = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + given[1:] if given.startswith("@") else given

    def ready(self, status: str) -> None:
        """Say that the start is over, with one line for `systemctl status`."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        """Say in one line what is going on."""
        self._send(f"STATUS={status}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door,
        ):
            door.connect(self._address)
            door.send(text.encode())
