"""What the kernel starts with: the few modules that lead to the root disk, and a busybox that loads them."""

import gzip
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from assistant.errors import CabinError

TO_ROOT: Final = ("crc32c_generic", "virtio_pci", "virtio_blk", "ext4")
IN_GUEST: Final = (
    *TO_ROOT,
    *("virtio_rng", "virtio_console", "9p", "9pnet_virtio", "autofs4"),
    *("snd_aloop", "nf_tables"),
)
"""All modules of the image: drivers of QEMU's machine, sound cards that loop, and what cuts the link."""
INIT: Final = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/order
tries=0
until [ -b /dev/vda ] || [ $tries -ge 100 ]; do tries=$((tries + 1)); /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 /dev/vda /root || { echo "initrd: no root disk"; /bin/busybox poweroff -f; }
/bin/busybox umount /proc /sys
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
"""


def closure(modules_dep: str, wanted: Iterable[str]) -> list[str]:
    """Return the paths of modules and all they need, in the order of loading. CabinError for one that is not there.

    `modules_dep` is depmod's file: `path: paths it needs`; a kernel may have a wanted one built in (see `built_in`).
    """
    needs: dict[str, list[str]] = {}
    for line in modules_dep.splitlines():
        path, _, others = line.partition(":")
        needs[path] = others.split()
    by_name = {_name(path): path for path in needs}
    order: list[str] = []
    for name in wanted:
        if name not in by_name:
            raise CabinError(f"the kernel has no module {name}", "another suite may name it otherwise: initrd.py")
        path = by_name[name]
        order += [each for each in (*reversed(needs[path]), path) if each not in order]
    return order


def built_in(modules_builtin: str) -> frozenset[str]:
    """Return the names of what the kernel has without a module."""
    return frozenset(_name(path) for path in modules_builtin.split())


def _name(path: str) -> str:
    return Path(path).name.split(".")[0].replace("-", "_")


def write(out: Path, busybox: Path, modules: Path, order: Iterable[str]) -> None:
    """Write the archive: busybox, the modules (paths under `modules`) and the script that loads them in order."""
    files = {"init": (INIT.encode(), 0o755), "bin/busybox": (busybox.read_bytes(), 0o755)}
    names = []
    for path in order:
        names.append(Path(path).name)
        files[f"modules/{names[-1]}"] = ((modules / path).read_bytes(), 0o644)
    files["modules/order"] = ("".join(f"{name}\n" for name in names).encode(), 0o644)
    out.write_bytes(gzip.compress(cpio(files), mtime=0))


def cpio(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """Return files (content, permissions) and their folders as an archive of the form the kernel reads (newc)."""
    folders = {str(parent) for name in files for parent in Path(name).parents if str(parent) != "."}
    entries = [(folder, b"", stat.S_IFDIR | 0o755) for folder in sorted(folders)]
    entries += [(name, content, stat.S_IFREG | mode) for name, (content, mode) in files.items()]
    archive = b"".join(
        _entry(number, name, content, mode) for number, (name, content, mode) in enumerate(entries, start=1)
    )
    return archive + _entry(0, "TRAILER!!!", b"", 0)


def _entry(number: int, name: str, content: bytes, mode: int) -> bytes:
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return _padded(head) + _padded(content)


def _padded(raw: bytes) -> bytes:
    return raw + b"\0" * (-len(raw) % 4)
