"""A daemon under something that does what systemd does for its unit: sd_notify, the watchdog, and starting it again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from assistant.errors import EngineError

WATCHDOG_S: Final = 10.0
RESTART_S: Final = 0.2
"""As cabin.service says."""
START_S: Final = 30.0
LISTENING: Final = "listening for"


class Unit:
    """`cabin run` in a process of its own, kept alive."""

    def __init__(self, config: Path, env: Mapping[str, str], folder: Path, log: Path) -> None:
        """Prepare; nothing runs before `start`."""
        self._command = [sys.executable, "-m", "assistant.cli", "--config", str(config), "run", "--listen", "--json"]
        self._log = log
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.settimeout(0.1)
        self._env = {**env, "NOTIFY_SOCKET": str(folder / "notify"), "PYTHONPATH": str(Path(__file__).parents[2])}
        self._env["RUNTIME_DIRECTORY"] = str(folder / "cabin")
        self.process: subprocess.Popen[bytes] | None = None
        self.status = ""
        self.told_at = 0.0
        """Monotonic seconds of the last status."""
        self.starts = 0
        self.watchdogs = 0
        """How often the watchdog bit."""
        self._fed_at = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="unit", daemon=True)

    @property
    def pid(self) -> int:
        """Return the process id of the present life."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it, and again whenever it ends."""
        self._begin()
        self._thread.start()

    def wait_until(self, true: Callable[[], bool], within_s: float, what: str) -> float:
        """Wait; return how long it took. EngineError if it never comes true."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > within_s:
                raise EngineError(
                    f"the daemon is not {what} after {within_s:g} s: {self.status!r}", f"look at {self._log}"
                )
            time.sleep(0.01)
        return time.monotonic() - began

    def listening_since(self, at: float) -> bool:
        """Tell whether it has said since then that it listens."""
        return self.told_at > at and LISTENING in self.status

    def close(self) -> None:
        """End it for good."""
        self._closed.set()
        self._thread.join(5)
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._socket.close()

    def _begin(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._env, stdout=subprocess.DEVNULL, stderr=log, stdin=subprocess.DEVNULL
            )
        self.starts += 1
        self._fed_at = time.monotonic() + START_S - WATCHDOG_S

    def _watch(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                self._take(self._socket.recv(4096).decode())
            assert self.process is not None
            if self.process.poll() is not None:
                time.sleep(RESTART_S)
                self._begin()
            elif time.monotonic() - self._fed_at > WATCHDOG_S:
                self.watchdogs += 1
                self.process.kill()
                self.process.wait()

    def _take(self, told: str) -> None:
        self._fed_at = time.monotonic()
        for line in told.splitlines():
            name, _, value = line.partition("=")
            if name == "STATUS":
                self.status, self.told_at = value, time.monotonic()


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(pid: int) -> int:
    """Return the resident memory of a process. EngineError if it has ended."""
    return _kb(pid, "VmRSS")


def anonymous_kb(pid: int) -> int:
    """Return the resident memory that is no page of a file: the kernel drops and reads those as it likes. As above."""
    return _kb(pid, "RssAnon")


def most_rss_kb(pid: int) -> int:
    """Return the most resident memory that a process ever had. As above."""
    return _kb(pid, "VmHWM")


def _kb(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))
    except (OSError, StopIteration):
        raise EngineError(f"process {pid} has ended", "look at its log") from None
