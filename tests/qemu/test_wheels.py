"""The guest's Python packages: every one pinned, and pip asked so that it takes what the guest can run."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assistant.errors import CabinError
from scripts.benchimage import cache, wheels

LOCKS = cache.ROOT / "scripts" / "requirements"


def wheel(folder: Path, version: str, platform: str) -> str:
    """Write a wheel for one platform; return its hash."""
    path = folder / f"thing-{version}-cp311-cp311-{platform}.whl"
    info = f"thing-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-{platform}\n")
        file.writestr(f"{info}/RECORD", "")
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def download(folder: Path, pin: wheels.Pin) -> subprocess.CompletedProcess[str]:
    """Ask pip as the builder does, but of a folder instead of an index."""
    (folder / "wanted.txt").write_text(pin.line() + "\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--isolated", "--no-index"]
    command += ["--find-links", str(folder), "-r", str(folder / "wanted.txt"), *wheels.target()]
    return subprocess.run(
        [*command, "--dest", str(folder / "out")], capture_output=True, text=True, check=False, timeout=60
    )


def test_every_package_of_the_guest_has_one_version_and_hashes() -> None:
    pins = wheels.pins(wheels.GUEST.read_text())

    assert len(pins) > 40
    assert all(each.startswith("sha256:") for pin in pins for each in pin.hashes)
    assert wheels.COMPILED in {pin.name for pin in pins}


@pytest.mark.parametrize("lock", ["guest.txt", "cross.txt"])
def test_the_guest_has_the_versions_of_every_other_machine(lock: str) -> None:
    here = {(pin.name, pin.version) for pin in wheels.pins((LOCKS / lock).read_text())}
    lines = (LOCKS / "all.txt").read_text().splitlines()
    everywhere = {tuple(line.split()[0].split("==")) for line in lines if "==" in line and not line.startswith(" ")}
    alone = {"scikit-build-core", "pathspec"}

    assert {pin for pin in here if pin[0] not in alone} <= everywhere


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.4.6",
        "numpy>=2 --hash=sha256:00",
        "av==18.1.0 ; python_full_version < '3.12' --hash=sha256:00",
        "-e .",
    ],
)
def test_a_line_that_pins_nothing_is_refused(line: str) -> None:
    with pytest.raises(CabinError, match="not a pin"):
        wheels.pins(f"six==1 --hash=sha256:11\n{line}\n")


def test_a_pin_over_several_lines_is_one(tmp_path: Path) -> None:
    text = "six==1.17.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via python-dateutil\n"

    (pin,) = wheels.pins(text)

    assert pin == wheels.Pin("six", "1.17.0", ("sha256:aa", "sha256:bb"))
    assert wheels.pins(pin.line()) == (pin,)


@pytest.mark.parametrize(
    "platform", ["manylinux_2_36_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64", "linux_aarch64"]
)
def test_pip_takes_a_wheel_that_the_guest_can_run(tmp_path: Path, platform: str) -> None:
    good = wheel(tmp_path, "2.0", platform)

    done = download(tmp_path, wheels.Pin("thing", "2.0", (good,)))

    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"thing-2.0-cp311-cp311-{platform}.whl"]


@pytest.mark.parametrize("platform", ["manylinux_2_28_x86_64", "manylinux_2_39_aarch64", "musllinux_1_2_aarch64"])
def test_pip_takes_none_that_it_cannot(tmp_path: Path, platform: str) -> None:
    done = download(tmp_path, wheels.Pin("thing", "2.0", (wheel(tmp_path, "2.0", platform),)))

    assert done.returncode != 0
    assert not list(tmp_path.glob("out/*"))


def test_pip_takes_none_with_another_hash(tmp_path: Path) -> None:
    wheel(tmp_path, "2.0", "manylinux_2_28_aarch64")

    done = download(tmp_path, wheels.Pin("thing", "2.0", ("sha256:" + "0" * 64,)))

    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
