"""`scripts/outside`: a broker and a bridge beside a command, and what happens where they cannot be."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

ROOT = Path(__file__).parents[2]
OUTSIDE = str(ROOT / "scripts" / "outside")
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") is None or shutil.which("openssl") is None,
        reason="mosquitto and openssl are not installed",
    ),
    pytest.mark.skipif(not (ROOT / ".venv" / "bin" / "python").exists(), reason="not set up by scripts/setup"),
]


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(command, capture_output=True, text=True, timeout=150, env=given, check=False)


def test_a_ride_is_booked_through_the_broker_and_the_bridge_that_run_beside_the_command(tmp_path: Path) -> None:
    ask = [sys.executable, "-m", "assistant.cli", "ask", "book me a ride to the station", "yes"]

    ended = run(
        OUTSIDE, str(tmp_path / "o"), *ask, XDG_STATE_HOME=str(tmp_path / "state"), XDG_CACHE_HOME=str(tmp_path / "c")
    )

    assert ended.returncode == 0, ended.stderr
    assert "Booked: a ride" in ended.stdout, ended.stdout
    assert not list((tmp_path / "state").rglob("bridge.sqlite"))
    with sqlite3.connect(tmp_path / "o" / "bridge.sqlite") as book:
        assert book.execute("SELECT count(*) FROM sandbox_booking").fetchone() == (1,)
    assert '"event": "left"' in (tmp_path / "o" / "bridge.log").read_text()


def test_the_commands_exit_code_is_its_own_and_the_way_is_in_its_configuration(tmp_path: Path) -> None:
    ended = run(OUTSIDE, str(tmp_path), "sh", "-c", 'cat "$CABIN_CONFIG"; exit 7')

    assert ended.returncode == 7
    assert 'vehicle = "car"' in ended.stdout


def test_where_the_folder_is_in_use_or_openssl_is_missing_the_command_runs_as_it_is(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        used = run(OUTSIDE, str(tmp_path), "sh", "-c", 'echo "config: ${CABIN_CONFIG:-none}"')
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "sh", "env", "dirname", "mkdir", "mosquitto"):
        found = shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin")
        assert found is not None
        (tools / tool).symlink_to(found)
    bare = run(OUTSIDE, str(tmp_path), "sh", "-c", 'echo "config: ${CABIN_CONFIG:-none}"', PATH=str(tools))

    for ended, why in ((used, "in use"), (bare, "openssl is not installed")):
        assert (ended.returncode, ended.stdout) == (0, "config: none\n")
        assert why in ended.stderr


def test_bad_usage_is_told(tmp_path: Path) -> None:
    ended = run(OUTSIDE, str(tmp_path))

    assert ended.returncode == 2
    assert "scripts/outside DIR CMD" in ended.stderr
