"""Which way leads to the bridge: a broker, a bridge of our own as a child process, or none."""

import fcntl
import logging
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from assistant.config import Config
from assistant.core.context import Connectivity
from assistant.core.ports import Link
from assistant.errors import CabinError

log = logging.getLogger(__name__)

BRIDGE = ("sqlalchemy", "prometheus_client")
"""What the bridge cannot do without."""


class Way:
    """The link that the configuration names, and the lock that keeps two cars from one bridge's book."""

    def __init__(self, config: Config) -> None:
        """Choose; nothing is opened yet."""
        self._config = config
        self._lock: IO[bytes] | None = None

    @property
    def kind(self) -> str:
        """Return `mqtt`, `child` or `none`."""
        wanted = self._config.link.kind
        if wanted != "auto":
            return wanted
        if self._config.link.broker:
            return "mqtt"
        return "child" if all(find_spec(name) for name in BRIDGE) else "none"

    def link(self, heard: Callable[[bytes], None], changed: Callable[[Connectivity], None]) -> Link | None:
        """Return the link, not yet open; None, with a warning, where there is no way."""
        try:
            match self.kind:
                case "mqtt":
                    return self._mqtt(heard, changed)
                case "child":
                    return self._child(heard, changed)
        except (CabinError, OSError) as error:
            log.warning("no way to the bridge, so nothing can be ordered: %s", error)
        return None

    def close(self) -> None:
        """Let another car use the book."""
        if self._lock is not None:
            self._lock.close()

    def _mqtt(self, heard: Callable[[bytes], None], changed: Callable[[Connectivity], None]) -> Link:
        from assistant.link.mqtt import MqttLink, Tls

        link = self._config.link
        host, _, port = link.broker.rpartition(":") if ":" in link.broker else (link.broker, "", "8883")
        tls = Tls(Path(link.ca), Path(link.certificate), Path(link.certificate_key)) if link.ca else None
        return MqttLink(link.vehicle, host, int(port) if port.isdigit() else 8883, tls, heard, changed)

    def _child(self, heard: Callable[[bytes], None], changed: Callable[[Connectivity], None]) -> Link | None:
        from assistant.link.loopback import Child

        state = self._config.state_dir()
        self._lock = (state / "bridge.lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("another cabin has the bridge in %s, so nothing can be ordered from this one", state)
            return None
        link = self._config.link
        command = [
            sys.executable,
            "-m",
            "assistant.bridge.app",
            "--loopback",
            "--db",
            f"sqlite:{state / 'bridge.sqlite'}",
        ]
        command += ["--name", "car", "--vehicle", link.vehicle, "--pace", str(link.sandbox_pace)]
        return Child(command, heard, changed)
