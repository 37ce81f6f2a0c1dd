"""Other programs: whether they are here, what to do if not, and running one that takes long."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from assistant.errors import CabinError

TELL_EVERY_S: Final = 20.0
LOOK_EVERY_S: Final = 0.2
BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
REGISTRATION: Final = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
DEBIAN: Final[Mapping[str, str]] = {
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "arch-test": "arch-test",
    "mke2fs": "e2fsprogs",
    "depmod": "kmod",
    "fakeroot": "fakeroot",
    "newuidmap": "uidmap",
    "openssl": "openssl",
    "aarch64-linux-gnu-g++": "crossbuild-essential-arm64",
    "cmake": "cmake",
    "ninja": "ninja-build",
}
"""Program → the Debian package that has it."""
LENT: Final = (Path("/etc/subuid"), Path("/etc/subgid"))
"""Which numbers of users and groups an ordinary user may give away."""
SBIN: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
"""Where programs are looked for: Debian keeps mke2fs from an ordinary user's PATH."""


def say(text: str) -> None:
    """Tell a person what is going on, at once."""
    print(f"» {text}", file=sys.stderr, flush=True)


def need(*programs: str) -> None:
    """Raise CabinError that names every Debian package that is missing."""
    missing = [program for program in programs if shutil.which(program, path=SBIN) is None]
    if missing:
        packages = " ".join(dict.fromkeys(DEBIAN[program] for program in missing))
        raise CabinError(
            f"not installed: {', '.join(missing)}", f"sudo apt-get install --no-install-recommends {packages}"
        )


def need_space(folder: Path, bytes_free: int) -> None:
    """Raise CabinError if the disk under `folder` has less room."""
    free = shutil.disk_usage(folder).free
    if free < bytes_free:
        raise CabinError(
            f"{folder} has {free / 1e9:.1f} GB free, {bytes_free / 1e9:.1f} GB are needed",
            "make room, or name a folder on another disk in CABIN_QEMU_BUILD",
        )


def need_lent_users() -> None:
    """Raise CabinError unless this user is root, or may make a root of its own with users in it."""
    if os.geteuid() == 0:
        return
    need("newuidmap")
    name = pwd.getpwuid(os.geteuid()).pw_name
    for table in LENT:
        lines = table.read_text().splitlines() if table.exists() else []
        if not any(line.split(":")[0] in {name, str(os.geteuid())} for line in lines):
            raise CabinError(
                f"{table} lends {name} no numbers for the users of another root",
                f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}",
            )


def need_foreign_programs() -> None:
    """Raise CabinError unless the kernel starts aarch64 programs through qemu-user; root registers it by itself."""
    if os.uname().machine == "aarch64" or (BINFMT / "qemu-aarch64").exists():
        return
    if os.geteuid() == 0 and REGISTRATION.exists():
        say("registering qemu-user for aarch64 programs with the kernel, until the next boot")
        if not (BINFMT / "register").exists():
            subprocess.run(["mount", "-t", "binfmt_misc", "none", str(BINFMT)], check=False, timeout=30)
        try:
            (BINFMT / "register").write_bytes(REGISTRATION.read_bytes().strip())
        except OSError as error:
            raise CabinError(
                f"the kernel takes no foreign programs: {error}", "build on a machine that does"
            ) from error
        return
    raise CabinError(
        "this kernel does not start aarch64 programs",
        "sudo apt-get install qemu-user-static binfmt-support (and reboot, or run the build once as root)",
    )


def run(
    command: Sequence[str], what: str, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> None:
    """Run a program with its output in `log`, telling now and then how far it is; CabinError if it fails.

    An interrupt ends the program too.
    """
    began = told = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PATH": SBIN, **(env or {})}
    with log.open("wb") as out, ThreadPoolExecutor(1) as other:
        # A signal's handler runs in this thread: an interrupt while the program is being started does not lose it.
        starting = other.submit(
            subprocess.Popen, command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, cwd=cwd
        )
        try:
            process = starting.result()
            while process.poll() is None:
                time.sleep(LOOK_EVERY_S)
                if time.monotonic() - told >= TELL_EVERY_S:
                    told = time.monotonic()
                    say(f"{what}: {told - began:.0f} s; {last_line(log)}")
        except BaseException:
            process = starting.result()
            process.terminate()
            process.wait()
            raise
    if process.returncode:
        raise CabinError(f"{what} failed ({process.returncode}): {last_line(log)}", f"the whole story is in {log}")


def last_line(log: Path, longest: int = 120) -> str:
    """Return the last line that says something."""
    tail = log.read_bytes()[-4000:].decode(errors="replace").replace("\r", "\n")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return lines[-1][:longest] if lines else "it said nothing"
