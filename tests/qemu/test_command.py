"""`scripts/qemu` from the outside: usage, errors with the mend, and the documents of recorded runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import UsageError
from scripts.benchimage import result, trial
from scripts.benchimage.cache import ROOT

WHOLE = {
    "form": result.FORM,
    "made": "2026-11-29",
    "machine": {},
    "image": {},
    "figures": {},
    "checks": [{"check": "it is up", "passed": True}],
    "passed": True,
    "steps": [],
}
RECORDED = sorted((ROOT / "tests" / "qemu").glob("result-*.json"))


def qemu(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    command = [str(ROOT / "scripts" / "qemu"), *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("words", [(), ("bild",), ("test", "--clips", "whistle")])
def test_bad_usage_is_told(words: tuple[str, ...]) -> None:
    done = qemu(*words)

    assert done.returncode == 2
    assert "usage: scripts/qemu" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_tools_a_build_says_what_to_install(tmp_path: Path) -> None:
    code = "from scripts.benchimage import tools; tools.SBIN = '/nowhere'; from scripts.benchimage.__main__ import main; main(['build'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "CABIN_QEMU_BUILD": str(tmp_path / "build")},
    )

    assert "sudo apt-get install --no-install-recommends qemu-system-arm qemu-utils e2fsprogs kmod" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_build_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = qemu("build", CABIN_QEMU_BUILD=str(tmp_path / "file" / "build"))

    assert done.returncode == 1
    assert "CABIN_QEMU_BUILD" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_place_for_the_document_that_is_none_is_told_before_the_long_work(tmp_path: Path) -> None:
    done = qemu("test", "--out", str(tmp_path / "none" / "r.json"), CABIN_QEMU_BUILD=str(tmp_path / "build"))

    assert done.returncode == 1
    assert "no such folder" in done.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": "other/1"}', '{"form": "cabin-bench-image/1"}'])
def test_what_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)

    done = qemu("show", str(path))

    assert done.returncode == 2
    assert "scripts/qemu test makes one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_run_is_whole_and_passed(path: Path) -> None:
    told = result.read(path)

    assert told["passed"], [check for check in told["checks"] if not check["passed"]]
    assert told["figures"] == json.loads(json.dumps(result.figures(told["steps"])))
    assert {step["step"] for step in told["steps"]} >= {
        "boot",
        "speak",
        "strike",
        "order_without_link",
        "order_begun",
        "order_recovered",
    }
    assert len(told["figures"]["boot"]) == 2
    assert set(told["figures"]["ms_from_the_last_word"]) == set(trial.CLIPS)
    assert qemu("show", str(path)).returncode == 0


def test_a_whole_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(WHOLE))

    assert result.read(path) == WHOLE


@pytest.mark.parametrize("change", ["verdict", "check", "figures"])
def test_a_document_that_contradicts_itself_is_refused(tmp_path: Path, change: str) -> None:
    told: dict[str, Any] = json.loads(json.dumps(WHOLE))
    if change == "verdict":
        told["passed"] = not told["passed"]
    elif change == "check":
        told["checks"][0] = {"check": "it was lost"}
    else:
        told["figures"] = []
    path = tmp_path / "result.json"
    path.write_text(json.dumps(told))

    with pytest.raises(UsageError):
        result.read(path)
