"""Lay out the root file system and make the disk; run as root or under fakeroot, `python -m scripts.benchimage.assemble PLAN`."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.benchimage import initrd

DISK, KERNEL, INITRD, ABOUT = "root.ext4", "vmlinuz", "initrd.gz", "about.json"
DISK_SIZE: Final = "4G"
"""Sparse: it takes what is in it."""
PACKAGES: Final = "usr/local/lib/python3.11/dist-packages"
UNITS: Final = ("cabin.service", "cabin-bridge.service", "cabin.slice")
ENABLED: Final = ("cabin.service", "cabin-bridge.service", "mosquitto.service", "cabin-bench.service")
MASKED: Final = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"),
    *("e2scrub_reap.service", "systemd-networkd-wait-online.service", "systemd-pstore.service"),
    *("proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount", "systemd-binfmt.service"),
)
PLACES: Final = {
    "cabin.sysusers.conf": "usr/lib/sysusers.d/cabin.conf",
    "cabin.tmpfiles.conf": "usr/lib/tmpfiles.d/cabin.conf",
    "org.cabin.Assistant1.conf": "usr/share/dbus-1/system.d/org.cabin.Assistant1.conf",
    "org.cabin.Assistant1.service": "usr/share/dbus-1/system-services/org.cabin.Assistant1.service",
}
"""As the files in systemd/ say themselves."""
CREDENTIALS: Final = {
    "vehicle.key": "bench-car.key",
    "vehicle.crt": "bench-car.crt",
    "bridge.key": "bridge.key",
    "bridge.crt": "bridge.crt",
    "fleet-ca.crt": "ca.crt",
}
BROKERS: Final = ("ca.crt", "server.crt", "server.key", "ca.crl")
PROGRAM: Final = """#!/usr/bin/python3
import sys
from {module} import main
sys.exit(main())
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything is; the disk, the kernel and the initrd come into `out`."""

    out: Path
    debian: Path
    site: Path
    own: Path
    papers: Path
    sources: Path

    def as_json(self) -> str:
        """Return it for the command line."""
        return json.dumps({name: str(getattr(self, name)) for name in self.__slots__})

    @classmethod
    def read(cls, text: str) -> "Plan":
        """Take it from the command line."""
        return cls(**{name: Path(path) for name, path in json.loads(text).items()})


def main(plan: Plan) -> None:
    """Do all of it."""
    root = plan.out / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    _call("tar", "-x", "--numeric-owner", "-p", "-C", str(root), "-f", str(plan.debian))
    kernel = _kernel(root, plan.out)
    _call("cp", "-r", "--preserve=mode,timestamps,links", f"{plan.site}/.", str(_folder(root / PACKAGES)))
    _cabin(root, plan)
    _bench(root, plan)
    broker(root, plan.sources / "config", plan.papers)
    dpkg = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"]
    listed = dict(line.split() for line in _call(*dpkg).splitlines()) if shutil.which("dpkg-query") else {}
    shown = ("systemd", "python3", "mosquitto", "espeak-ng", "alsa-utils")
    models = sorted(path.name for path in (root / "usr/share/cabin/models").rglob("*.gguf"))
    about = {"kernel": kernel, "models": models, "debian": {name: listed[name] for name in shown if name in listed}}
    (plan.out / ABOUT).write_text(json.dumps(about))
    disk = plan.out / DISK
    disk.unlink(missing_ok=True)
    _call("mke2fs", "-q", "-t", "ext4", "-L", "cabin", "-E", "root_owner=0:0", "-d", str(root), str(disk), DISK_SIZE)
    shutil.rmtree(root)


def _call(*command: str) -> str:
    print(" ".join(command[:4]), flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _kernel(root: Path, out: Path) -> str:
    """Keep the modules that are needed, write kernel and initrd; return the kernel's version."""
    modules = next((root / "usr/lib/modules").iterdir())
    _call("depmod", "-b", str(root), modules.name)
    known = initrd.built_in((modules / "modules.builtin").read_text())
    dep = (modules / "modules.dep").read_text()
    kept = initrd.closure(dep, [name for name in initrd.IN_GUEST if name not in known])
    for path in modules.rglob("*.ko*"):
        if str(path.relative_to(modules)) not in kept:
            path.unlink()
    _call("depmod", "-b", str(root), modules.name)
    to_root = initrd.closure(dep, [name for name in initrd.TO_ROOT if name not in known])
    initrd.write(out / INITRD, root / "bin/busybox", modules, to_root)
    shutil.copy(next((root / "boot").glob("vmlinuz-*")), out / KERNEL)
    shutil.rmtree(root / "boot")
    _folder(root / "boot")
    return modules.name


def _cabin(root: Path, plan: Plan) -> None:
    """Install Cabin as a distribution would: package, programs, units, models, policies."""
    packages = root / PACKAGES
    _call("cp", "-r", "--preserve=mode,timestamps,links", f"{plan.own}/.", str(packages))
    shutil.rmtree(packages / "bin", ignore_errors=True)
    share = _folder(root / "usr/share/cabin")
    shutil.copytree(packages / "share" / "cabin", share, dirs_exist_ok=True)
    shutil.rmtree(packages / "share")
    shutil.copytree(plan.sources / "models", share / "models", dirs_exist_ok=True)
    for name, module in (("cabin", "assistant.cli"), ("cabin-bridge", "assistant.bridge.app")):
        program = root / "usr/bin" / name
        program.write_text(PROGRAM.format(module=module))
        program.chmod(0o755)
    units(root, plan.sources / "systemd")


def units(root: Path, ours: Path) -> None:
    """Install our units, users, folders and bus policy, and enable what runs."""
    system = _folder(root / "usr/lib/systemd/system")
    for name in UNITS:
        shutil.copy(ours / name, system / name)
    for name, place in PLACES.items():
        _folder((root / place).parent)
        shutil.copy(ours / name, root / place)
    overlay = Path(__file__).parent / "overlay"
    shutil.copytree(overlay, root, dirs_exist_ok=True)
    own = _folder(root / "etc/systemd/system")
    wants = _folder(own / "multi-user.target.wants")
    for name in ENABLED:
        place = f"/{own.relative_to(root)}" if (own / name).exists() else "/usr/lib/systemd/system"
        (wants / name).unlink(missing_ok=True)
        (wants / name).symlink_to(f"{place}/{name}")
    for name in MASKED:
        (own / name).unlink(missing_ok=True)
        (own / name).symlink_to("/dev/null")


def _bench(root: Path, plan: Plan) -> None:
    """Install what the host talks to, and the papers of car and bridge."""
    guest = root / "usr/lib/cabin-bench/scripts/benchimage/guest"
    shutil.copytree(Path(__file__).parent / "guest", guest, ignore=shutil.ignore_patterns("__pycache__"))
    (guest.parent / "__init__.py").write_text("")
    _folder(root / "var/lib/cabin-bench")
    store = _folder(root / "etc/credstore")
    store.chmod(0o700)
    for name, paper in CREDENTIALS.items():
        shutil.copy(plan.papers / paper, store / name)
        (store / name).chmod(0o600)
    (root / "etc/machine-id").write_text("cabe00c0cabe00c0cabe00c0cabe00c0\n")


def broker(root: Path, config: Path, papers: Path) -> None:
    """Install the broker as config/mosquitto.conf has it, for this machine alone; it reads its key as its own user."""
    etc = _folder(root / "etc/mosquitto")
    text = (config / "mosquitto.conf").read_text()
    text = text.replace("listener 8883\n", "listener 8883 127.0.0.1\n")
    text = text.replace("persistence_location data/", "persistence_location /var/lib/mosquitto/")
    (etc / "mosquitto.conf").write_text(text)
    shutil.copy(config / "mosquitto.acl", etc)
    ca = _folder(etc / "ca")
    users = (line.split(":") for line in (root / "etc/passwd").read_text().splitlines())
    user, group = next((int(each[2]), int(each[3])) for each in users if each[0] == "mosquitto")
    for name in BROKERS:
        shutil.copy(papers / name, ca / name)
        (ca / name).chmod(0o600)
        os.chown(ca / name, user, group)


if __name__ == "__main__":
    main(Plan.read(sys.argv[1]))
