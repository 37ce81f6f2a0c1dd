"""Real servers for tests, on loopback and ports of their own: PostgreSQL, mosquitto, cabin-bridge."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

PG: Final = Path("/usr/lib/postgresql/15/bin")


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, timeout_s: float = 20.0) -> None:
    """Wait until somebody listens."""
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    msg = f"nobody listens on {port}"
    raise TimeoutError(msg)


class Postgres:
    """A cluster of its own, run by an ordinary user."""

    def __init__(self) -> None:
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

    def end(self) -> None:
        """Stop it and remove everything."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        admin = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bridge"]
        subprocess.run([str(PG / "createdb"), *admin, name], check=True, timeout=30)
        return f"postgresql://bridge@127.0.0.1:{self.port}/{name}"

    def _run(self, *command: str) -> None:
        subprocess.run([*self._as, *command], check=True, timeout=60, stdout=subprocess.DEVNULL, cwd="/")


class Mosquitto:
    """A broker that keeps what it acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

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
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)


class BridgeProcess:
    """A `cabin-bridge` of its own."""

    def __init__(self, db: str, port: int, name: str, log: Path, *more: str) -> None:
        self._command = [
            sys.executable,
            "-m",
            "assistant.bridge.app",
            "--db",
            db,
            "--broker",
            f"mqtt://127.0.0.1:{port}",
            "--name",
            name,
            *more,
        ]
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it without waiting."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log, stdin=subprocess.DEVNULL)

    def ready(self, timeout_s: float = 30.0) -> None:
        """Wait until its log says that it is ready (counted from its last start)."""
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            if self.log.read_bytes().count(b'"event": "ready"') > self._readies:
                return
            assert self.running(), self.log.read_text()[-2000:]
            time.sleep(0.05)
        msg = "the bridge is not ready"
        raise TimeoutError(msg)

    def begin(self) -> None:
        """Start it and wait until it is ready."""
        self._readies = self.log.read_bytes().count(b'"event": "ready"') if self.log.exists() else 0
        self.start()
        self.ready()

    _readies = 0

    def running(self) -> bool:
        """Tell whether it lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def leave(self) -> int:
        """Ask it to leave; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)
