"""What tests of several folders need: a D-Bus of one's own, a PostgreSQL server."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from assistant.bench.servers import Postgres

settings.register_profile("cabin", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("cabin")

OPEN = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"""


class PrivateBus:
    """A real dbus-daemon that nobody else uses; it can be killed and started again at the same address."""

    def __init__(self, folder: Path, config: str = OPEN) -> None:
        self.socket = folder / "bus"
        self.address = f"unix:path={self.socket}"
        self._config = folder / "bus.conf"
        self._config.write_text(config.format(socket=self.socket))
        self._daemon: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self._config}", "--print-address", "--nofork", "--nosyslog"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._daemon.stdout
        assert self._daemon.stdout.readline()

    def kill(self) -> None:
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait(5)
            assert self._daemon.stdout
            self._daemon.stdout.close()
            self._daemon = None


@pytest.fixture
def make_bus(tmp_path: Path) -> Iterator[Callable[..., PrivateBus]]:
    """Start a bus with another configuration than the open one."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    made: list[PrivateBus] = []

    def make(config: str = OPEN) -> PrivateBus:
        folder = tmp_path / f"bus{len(made)}"
        folder.mkdir()
        made.append(PrivateBus(folder, config))
        made[-1].start()
        return made[-1]

    yield make
    for bus in made:
        bus.kill()


@pytest.fixture
def private_bus(make_bus: Callable[..., PrivateBus]) -> PrivateBus:
    """Start a bus on which everything is allowed."""
    return make_bus()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    if not Postgres.there():
        pytest.skip("PostgreSQL is not installed")
    server = Postgres()
    server.start()
    yield server
    server.end()
