"""The units as systemd itself reads them, and the bus policy as a real dbus-daemon applies it."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant.cli import COMMANDS
from tests.systemd.analyze import verify

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = ("cabin.service", "cabin-bridge.service", "cabin.slice")
PROGRAMS = ("usr/bin/cabin", "usr/bin/cabin-bridge")

analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Lay out a file system with our units and programs, and the targets of this machine."""
    for program in PROGRAMS:
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for unit in [*Path("/usr/lib/systemd/system").glob("*.target"), *(SYSTEMD / name for name in UNITS)]:
        shutil.copy(unit, units / unit.name)
    shutil.copy("/usr/lib/systemd/system/dbus.socket", units)
    for name in ("dbus.service", "system.slice", "-.slice"):
        if (found := Path("/usr/lib/systemd/system") / name).exists():
            shutil.copy(found, units)
    return tmp_path


def exposure(path: Path) -> float:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = re.search(r"exposure level for \S+ ([\d.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


@analyze
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_nothing_to_say_about_a_unit(root: Path, unit: str) -> None:
    assert verify(root, unit) == ""


@analyze
def test_a_misspelt_key_would_be_noticed(root: Path) -> None:
    unit = root / "usr/lib/systemd/system/cabin.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))

    assert "WatchdogSecs" in verify(root, "cabin.service")


@analyze
@pytest.mark.parametrize(("unit", "most"), [("cabin.service", 1.5), ("cabin-bridge.service", 1.5)])
def test_a_service_is_shut_in(unit: str, most: float) -> None:
    assert exposure(SYSTEMD / unit) <= most


@pytest.mark.parametrize("unit", ["cabin.service", "cabin-bridge.service"])
def test_a_missing_key_file_does_not_keep_a_service_from_starting(unit: str) -> None:
    credentials = re.findall(r"^LoadCredential=(.*)$", (SYSTEMD / unit).read_text(), re.MULTILINE)

    assert credentials
    assert not [line for line in credentials if ":" in line or "/" in line]


def test_the_unit_starts_a_command_that_exists() -> None:
    started = re.search(r"^ExecStart=/usr/bin/cabin (\S+)", (SYSTEMD / "cabin.service").read_text(), re.MULTILINE)

    assert started
    assert started[1] in COMMANDS


@pytest.mark.parametrize("program", ["systemd-sysusers", "systemd-tmpfiles"])
def test_users_and_folders_are_made(program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / "etc").mkdir()
    steps = [["systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "cabin.sysusers.conf")]]
    if program == "systemd-tmpfiles":
        steps = [[program, "--create", f"--root={tmp_path}", str(SYSTEMD / "cabin.tmpfiles.conf")]]
    for step in steps:
        assert subprocess.run(step, capture_output=True, check=False, timeout=30).returncode == 0, step

    if program == "systemd-sysusers":
        groups = (tmp_path / "etc/group").read_text()
        assert re.search(r"^audio:.*\bcabin\b", groups, re.MULTILINE)
        assert "cabin-hmi:" in groups
    else:
        assert (tmp_path / "etc/credstore").stat().st_mode & 0o777 == 0o700


def test_activation_leads_to_our_unit() -> None:
    activation = configparser.ConfigParser()
    activation.read(SYSTEMD / "org.cabin.Assistant1.service")

    assert activation["D-BUS Service"]["Name"] == "org.cabin.Assistant1"
    assert activation["D-BUS Service"]["SystemdService"] in UNITS
