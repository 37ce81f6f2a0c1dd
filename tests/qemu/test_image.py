"""What is laid into the image: our units as systemd reads them there, and the broker as the guest runs it."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from assistant import config
from assistant.errors import CabinError
from scripts.benchimage import assemble, cache, debian, image, papers, tools, wheels
from scripts.benchimage.guest import shop
from tests.systemd.analyze import verify

SYSTEM = Path("/usr/lib/systemd/system")
FOREIGN = ("usr/sbin/mosquitto", "usr/bin/cabin", "usr/bin/cabin-bridge", "usr/bin/python3", "usr/sbin/agetty")
MOSQUITTO = "[Unit]\nDescription=broker\n[Service]\nExecStart=/usr/sbin/mosquitto\n"
"""Debian's unit in short: only its drop-in is ours."""

analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Lay out our units by the builder's own function, among the units of this machine."""
    for program in FOREIGN:
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (tmp_path / "sbin").symlink_to("usr/sbin")
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for unit in [*SYSTEM.glob("*.target"), *SYSTEM.glob("*.slice"), SYSTEM / "dbus.socket", SYSTEM / "dbus.service"]:
        if unit.exists():
            shutil.copy(unit, units / unit.name)
    if (SYSTEM / "serial-getty@.service").exists():
        shutil.copy(SYSTEM / "serial-getty@.service", units)
    (units / "mosquitto.service").write_text(MOSQUITTO)
    assemble.units(tmp_path, cache.ROOT / "systemd")
    return tmp_path


@analyze
@pytest.mark.parametrize("unit", assemble.ENABLED)
def test_systemd_has_nothing_to_say_about_a_unit_of_the_image(root: Path, unit: str) -> None:
    assert verify(root, unit) == ""


@analyze
@pytest.mark.parametrize("unit", ["cabin.service", "cabin-bench.service"])
def test_a_misspelt_key_would_be_noticed(root: Path, unit: str) -> None:
    drop_in = root / "etc/systemd/system" / f"{unit}.d" / "zz.conf"
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text("[Service]\nTimeoutStartSecs=1\n")

    assert "TimeoutStartSecs" in verify(root, unit)


def test_what_is_enabled_is_there(root: Path) -> None:
    wants = root / "etc/systemd/system/multi-user.target.wants"

    for link in wants.iterdir():
        assert (root / str(link.readlink()).lstrip("/")).exists(), link
    assert {link.name for link in wants.iterdir()} == set(assemble.ENABLED)


def test_laying_out_again_changes_nothing(root: Path) -> None:
    before = cache.files_key(root / "etc", root / "usr")

    assemble.units(root, cache.ROOT / "systemd")

    assert cache.files_key(root / "etc", root / "usr") == before


def test_the_car_of_the_image_is_configured_as_cabin_reads_it() -> None:
    path = Path(assemble.__file__).parent / "overlay/etc/cabin/cabin.toml"

    found = config.load(path)

    assert found.link.vehicle == papers.VEHICLE
    assert found.link.broker == f"localhost:{shop.CARS_PORT}"
    credentials = {Path(each).name for each in (found.link.ca, found.link.certificate, found.link.certificate_key)}
    assert credentials <= set(assemble.CREDENTIALS)
    unit = (cache.ROOT / "systemd/cabin.service").read_text()
    assert credentials <= set(re.findall(r"^LoadCredential=(\S+)$", unit, re.MULTILINE))
    assert tomllib.loads(path.read_text())["audio"]["input"] != found.audio.output


def test_the_assistant_may_read_what_it_and_its_libraries_need_of_proc() -> None:
    """Without the boot's id there is no order book, without cpuinfo recognition is slow: seen in the image."""
    unit = (cache.ROOT / "systemd/cabin.service").read_text()

    assert "ProcSubset=pid" not in unit


def test_the_papers_are_made_and_the_broker_reads_its_own(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = papers.made(tmp_path)
    assert {*assemble.CREDENTIALS.values(), *assemble.BROKERS} <= {path.name for path in made.iterdir()}
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text(f"root:x:0:0::/:\nmosquitto:x:{_owner(made)}::/:\n")

    assemble.broker(root, cache.ROOT / "config", made)

    conf = (root / "etc/mosquitto/mosquitto.conf").read_text()
    listeners = re.findall(r"^listener (.*)$", conf, re.MULTILINE)
    assert listeners == ["8883 127.0.0.1", "8884 127.0.0.1"]
    assert "persistence_location /var/lib/mosquitto/" in conf
    named = re.findall(r"^(?:cafile|certfile|keyfile|crlfile|acl_file) (.*)$", conf, re.MULTILINE)
    assert all((root / "etc/mosquitto" / name).exists() for name in named)
    assert (root / "etc/mosquitto/ca/server.key").stat().st_mode & 0o077 == 0


def _owner(path: Path) -> str:
    return f"{path.stat().st_uid}:{path.stat().st_gid}"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", ["scripts/qemu", "scripts/benchimage/kernel-hook"])
def test_the_shell_scripts_are_clean(script: str) -> None:
    done = subprocess.run(
        ["shellcheck", str(cache.ROOT / script)], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.stdout == ""


def _nothing(part: Path, *_: Path) -> Path:
    (part / "own").mkdir()
    return part / "own"


def test_of_sources_that_change_meanwhile_no_image_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.py"
    source.write_text("as it was")
    monkeypatch.setattr(image, "SOURCES", (str(source),))
    for module, name in ((debian, "root_tar"), (wheels, "site"), (papers, "made"), (wheels, "own_python")):
        monkeypatch.setattr(module, name, lambda build: build)
    monkeypatch.setattr(tools, "need", lambda *_: None)
    monkeypatch.setattr(image, "_own_package", _nothing)
    monkeypatch.setattr(tools, "run", lambda *_, **__: source.write_text("as it is now"))
    build = tmp_path / "build"
    build.mkdir()

    with pytest.raises(CabinError, match="changed while"):
        image.image(build)

    assert [path.suffix for path in build.glob("image-*")] == [".part"]
