"""paho's client on a socket that is read and written in larger pieces.

It reads a packet in three calls and writes each by one, and each call gives the interpreter away, to threads that do not
give it back for milliseconds when the bridge is busy.
"""

from contextlib import suppress
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

PIECE: Final = 65_536


class Pieces:
    """A connected socket, not blocking, plain or with TLS, as far as paho's client knows one."""

    def __init__(self, sock: Any) -> None:
        """Read and write `sock`; what else is asked of it, it does itself."""
        self._sock = sock
        self._read = b""
        self._at = 0
        self._unsent = bytearray()

    def __getattr__(self, name: str) -> Any:
        """Return what only the socket has."""
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        """Return at most so many bytes, none at the end. Raises as the socket does."""
        if self._at == len(self._read):
            self._read, self._at = self._sock.recv(PIECE), 0
        piece = self._read[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def pending(self) -> int:
        """Return how many bytes are here that no `select` tells of."""
        secure = getattr(self._sock, "pending", None)
        return len(self._read) - self._at + (0 if secure is None else int(secure()))

    def send(self, packet: bytes | bytearray) -> int:
        """Take bytes, which `flush` sends."""
        self._unsent += packet
        return len(packet)

    @property
    def waits(self) -> bool:
        """Tell whether bytes wait to be sent."""
        return bool(self._unsent)

    def flush(self) -> None:
        """Send what the socket takes now. Raises as the socket does."""
        while self._unsent:
            del self._unsent[: self._sock.send(self._unsent)]

    def close(self) -> None:
        """Send what can be sent at once, and close."""
        with suppress(OSError):
            self.flush()
        self._sock.close()


class Client(paho.Client):
    """paho's client, which reads and writes in pieces."""

    def want_write(self) -> bool:
        """Tell whether something waits to be written."""
        return super().want_write() or (isinstance(self._sock, Pieces) and self._sock.waits)

    def loop_write(self) -> MQTTErrorCode:
        """Write what waits; a connection that is lost is noticed where it is read."""
        done, sock = super().loop_write(), self._sock
        if isinstance(sock, Pieces):
            with suppress(OSError):
                sock.flush()
        return done

    def _create_socket(self) -> Any:
        """Return a connected socket."""
        return Pieces(super()._create_socket())
