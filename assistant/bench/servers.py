"""Real servers of one's own, on loopback and free ports, in a folder that goes away: PostgreSQL, mosquitto, cabin-bridge."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from assistant.bench.unit import cpu_s
from assistant.errors import CabinError

_VERSIONS: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
PG: Final = _VERSIONS[-1].parent if _VERSIONS else Path("/usr/lib/postgresql")
READY: Final = b'"event": "ready"'


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, timeout_s: float = 20.0) -> None:
    """Wait until somebody listens. Raises CabinError."""
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CabinError(f"nobody listens on port {port}", "the machine may be too busy: try again")


class Postgres:
    """A cluster of its own, run by an ordinary user."""

    def __init__(self) -> None:
        """Make the cluster; nothing runs before `start`."""
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="cabin-pg-"))
        self.data = self.folder / "data"
        self.data.mkdir()
        self._as = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self._as:
            self.folder.chmod(0o711)
            shutil.chown(self.data, "postgres")
        self._run(
            str(PG / "initdb"), "-D", str(self.data), "-A", "trust", "-U", "bridge", "-N", "--no-locale", "-E", "UTF8"
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(
                f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nmax_connections=200\n"
            )

    @staticmethod
    def there() -> bool:
        """Tell whether PostgreSQL and a user to run it are installed."""
        return (PG / "initdb").exists() and (os.getuid() != 0 or shutil.which("runuser") is not None)

    def start(self) -> None:
        """Start it and wait."""
        self._run(str(PG / "pg_ctl"), "-D", str(self.data), "-w", "-l", str(self.data / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast`, or `immediate` for a crash."""
        self._run(str(PG / "pg_ctl"), "-D", str(self.data), "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """End its first process without a word; the others notice and end."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        """Stop it and remove everything."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        admin = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bridge"]
        subprocess.run([str(PG / "createdb"), *admin, name], check=True, timeout=30)
        return f"postgresql://bridge@127.0.0.1:{self.port}/{name}"

    @property
    def cpu_s(self) -> float:
        """Return the CPU seconds of its first process and of those it has started and that live."""
        first = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        children = map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())
        spent = cpu_s(first)
        for pid in children:
            with suppress(FileNotFoundError):
                spent += cpu_s(pid)
        return spent

    def _run(self, *command: str) -> None:
        subprocess.run([*self._as, *command], check=True, timeout=60, stdout=subprocess.DEVNULL, cwd="/")


class Mosquitto:
    """A broker that keeps what it acknowledged, or one as it comes, which keeps nothing."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        """Write its configuration; nothing runs before `start`."""
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 40000\n"
            "max_inflight_messages 100\n"
            f"persistence {str(keeps).lower()}\npersistence_location {folder}/\nautosave_on_changes false\n"
            "autosave_interval 5\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return its process; 0 before its first start."""
        return 0 if self._process is None else self._process.pid

    @staticmethod
    def there() -> bool:
        """Tell whether it is installed."""
        return shutil.which("mosquitto") is not None or Path("/usr/sbin/mosquitto").exists()

    def start(self) -> None:
        """Start it and wait."""
        command = [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


class DbusDaemon:
    """A message bus that everybody of this user may use."""

    def __init__(self, folder: Path) -> None:
        """Keep its address; nothing runs before `start`."""
        self._socket = folder / "cabin-bus"
        self.address = f"unix:path={self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait."""
        self._socket.unlink(missing_ok=True)
        command = [
            "dbus-daemon",
            "--session",
            "--nofork",
            "--nopidfile",
            f"--address={self.address}",
            "--print-address",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self._process.stdout.close()

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


class BridgeProcess:
    """A `cabin-bridge` of its own."""

    def __init__(self, db: str, port: int, name: str, log: Path, *more: str) -> None:
        """Keep its command; its log is appended to `log`."""
        broker = f"mqtt://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "assistant.bridge.app"]
        self._command += ["--db", db, "--broker", broker, "--name", name, *more]
        self.log, self.name = log, name
        self._readies = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return its process; 0 before its first start."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it without waiting."""
        self._readies = self.log.read_bytes().count(READY) if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log, stdin=subprocess.DEVNULL)

    def ready(self, timeout_s: float = 90.0) -> None:
        """Wait until its log says that it is ready, counted from its last start. Raises CabinError."""
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            if self.log.read_bytes().count(READY) > self._readies:
                return
            if not self.running():
                raise CabinError(f"the bridge ended: {self.log.read_text()[-2000:]}", "see what it says")
            time.sleep(0.05)
        raise CabinError("the bridge is not ready", "the machine may be too busy: try again")

    def begin(self) -> None:
        """Start it and wait until it is ready."""
        self.start()
        self.ready()

    def running(self) -> bool:
        """Tell whether it lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def leave(self) -> int:
        """Ask it to leave; return its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)
