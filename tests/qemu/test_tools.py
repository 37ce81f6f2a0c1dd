"""Other programs: what is missing is named with its Debian package, what failed with its last words."""

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.errors import CabinError
from scripts.benchimage import tools


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "SBIN", "/nowhere")

    with pytest.raises(CabinError) as caught:
        tools.need("mmdebstrap", "mke2fs", "qemu-system-aarch64")

    assert "mmdebstrap, mke2fs" in caught.value.message
    assert "apt-get install --no-install-recommends mmdebstrap e2fsprogs qemu-system-arm" in caught.value.mend


def test_a_program_that_is_here_is_no_trouble() -> None:
    tools.DEBIAN.get("sh")
    tools.need()


def test_a_full_disk_is_told_before_anything_is_made(tmp_path: Path) -> None:
    tools.need_space(tmp_path, 1)

    with pytest.raises(CabinError, match="CABIN_QEMU_BUILD"):
        tools.need_space(tmp_path, 10**18)


def test_a_kernel_without_foreign_programs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.uname().machine == "aarch64":
        pytest.skip("nothing is foreign here")
    monkeypatch.setattr(tools, "BINFMT", tmp_path / "nothing")
    monkeypatch.setattr(tools, "REGISTRATION", tmp_path / "nothing.conf")

    with pytest.raises(CabinError, match="qemu-user-static"):
        tools.need_foreign_programs()


def test_who_is_not_root_and_has_no_users_to_lend_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwnam("nobody")
    users, groups = tmp_path / "subuid", tmp_path / "subgid"
    monkeypatch.setattr(tools, "LENT", (users, groups))
    monkeypatch.setattr(tools, "need", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: nobody.pw_uid)
    users.write_text("nobody:100000:65536\n")

    with pytest.raises(CabinError, match="subgid lends nobody") as caught:
        tools.need_lent_users()
    assert "sudo usermod" in caught.value.mend

    groups.write_text(f"{nobody.pw_uid}:100000:65536\n")
    tools.need_lent_users()


def test_what_fails_says_its_last_words_and_where_the_rest_is(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with pytest.raises(CabinError) as caught:
        tools.run(["sh", "-c", "echo fetching; echo no route to host >&2; exit 3"], "wheels", log)

    assert caught.value.message == "wheels failed (3): no route to host"
    assert str(log) in caught.value.mend
    assert "fetching" in log.read_text()


def test_long_work_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "TELL_EVERY_S", 0.0)

    tools.run(["sh", "-c", "echo 17 of 53; sleep 1"], "wheels", tmp_path / "log")

    assert "wheels: 0 s; 17 of 53" in capsys.readouterr().err


SLOW_START = """
class Slow(subprocess.Popen):
    def __init__(self, *words, **options):
        super().__init__(*words, **options)
        time.sleep(1)

subprocess.Popen = Slow
"""


@pytest.mark.parametrize("started", ["", SLOW_START], ids=["running", "being started"])
def test_an_interrupt_ends_the_program_too(tmp_path: Path, started: str) -> None:
    code = (
        "import signal, subprocess, time; from pathlib import Path; from scripts.benchimage import __main__, tools\n"
        f"{started}"
        "signal.signal(signal.SIGTERM, __main__._end)\n"
        f"tools.run(['sh', '-c', 'echo $$; exec sleep 60'], 'x', Path({str(tmp_path / 'log')!r}))"
    )
    builder = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    log = tmp_path / "log"
    while not (log.exists() and log.read_text().strip()):
        time.sleep(0.05)
    child = int(log.read_text())

    builder.send_signal(signal.SIGTERM)
    builder.wait(20)

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
