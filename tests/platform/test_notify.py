import socket
from pathlib import Path

from assistant.platform.notify import Notify


def test_systemd_hears_ready_alive_and_stopping(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(2)
        notify = Notify(str(tmp_path / "notify"))

        notify.ready("listening")
        notify.alive()
        notify.stopping()

        assert [systemd.recv(100) for _ in range(3)] == [b"READY=1\nSTATUS=listening", b"WATCHDOG=1", b"STOPPING=1"]


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    Notify("").alive()
    Notify(str(tmp_path / "nobody")).ready("listening")
