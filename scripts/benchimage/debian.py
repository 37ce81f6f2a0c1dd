"""The Debian part of the image: one tar of an arm64 root with its kernel, made by mmdebstrap."""

import os
from pathlib import Path
from typing import Final

from scripts.benchimage import cache, tools

SUITE: Final = "bookworm"
"""Its Python is 3.11, for which the wheels are pinned."""
PYTHON: Final = "3.11"
PACKAGES: Final = (
    *("systemd", "systemd-sysv", "dbus", "udev", "kmod", "procps", "iproute2", "nftables", "busybox-static"),
    *("python3", "python3-gi", "gir1.2-glib-2.0", "libgomp1", "ca-certificates"),
    *("espeak-ng", "libportaudio2", "alsa-utils", "mosquitto"),
)
LEFT_OUT: Final = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
HOOK: Final = Path(__file__).parent / "kernel-hook"
NEEDS_BYTES: Final = 3_000_000_000


def mirror() -> str:
    """Return the Debian mirror: CABIN_DEBIAN_MIRROR, else Debian's own."""
    return os.environ.get("CABIN_DEBIAN_MIRROR") or "http://deb.debian.org/debian"


def root_tar(build: Path) -> Path:
    """Return the tar, made if need be (some minutes). CabinError with the mend."""
    key = cache.key_of(SUITE, mirror(), *PACKAGES, *LEFT_OUT, HOOK.read_bytes())
    return cache.product(build, "debian", key, _bootstrap, f"Debian {SUITE} for arm64") / "root.tar"


def _bootstrap(part: Path) -> None:
    tools.need("mmdebstrap", "arch-test")
    tools.need_lent_users()
    tools.need_foreign_programs()
    tools.need_space(part, NEEDS_BYTES)
    tar = part / "root.tar"
    tar.unlink(missing_ok=True)
    command = ["mmdebstrap", "--variant=minbase", "--architectures=arm64", "--mode=auto", "--format=tar"]
    command += [f"--include={','.join(PACKAGES)}", f"--customize-hook={HOOK}"]
    command += [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
    command += ["--dpkgopt=path-include=/usr/share/doc/*/copyright", SUITE, str(tar), mirror()]
    tools.run(command, "mmdebstrap", part.parent / "debian.log")
