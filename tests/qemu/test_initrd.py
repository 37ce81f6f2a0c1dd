"""What the kernel starts with."""

import gzip
import subprocess
from pathlib import Path

import pytest

from assistant.errors import CabinError
from scripts.benchimage import initrd

DEP = """kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko kernel/lib/crc16.ko
kernel/fs/jbd2/jbd2.ko:
kernel/lib/crc16.ko:
kernel/sound/snd-aloop.ko: kernel/sound/snd-pcm.ko kernel/sound/snd.ko
kernel/sound/snd-pcm.ko: kernel/sound/snd.ko
kernel/sound/snd.ko:
"""


def test_a_module_comes_after_all_it_needs_and_once() -> None:
    order = initrd.closure(DEP, ["snd_aloop", "ext4", "snd_pcm"])

    assert [Path(path).stem for path in order] == ["snd", "snd-pcm", "snd-aloop", "crc16", "jbd2", "ext4"]


def test_a_module_that_no_kernel_has_is_told() -> None:
    with pytest.raises(CabinError, match="no module virtio_blk"):
        initrd.closure(DEP, ["virtio_blk"])


def test_what_is_built_in_is_known_by_the_name_of_its_module() -> None:
    assert initrd.built_in("kernel/drivers/virtio/virtio-pci.ko\nkernel/fs/ext4.ko\n") == {"virtio_pci", "ext4"}


def unpacked(raw: bytes) -> dict[str, tuple[int, bytes]]:
    """Read an archive as the kernel's buffer-format.rst has it: name → mode and content, in their order."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert raw[at : at + 6] == b"070701"
        fields = [int(raw[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = raw[at + 110 : at + 110 + name_size - 1].decode()
        content = at + 110 + name_size + -(110 + name_size) % 4
        if name == "TRAILER!!!":
            return found
        found[name] = (mode, raw[content : content + size])
        at = content + size + -size % 4


def test_the_archive_holds_what_is_loaded_each_folder_before_what_is_in_it(tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    (modules / "kernel").mkdir(parents=True)
    (modules / "kernel" / "a.ko").write_bytes(b"module a")
    busybox = tmp_path / "busybox"
    busybox.write_bytes(b"\x7fELF...")

    initrd.write(tmp_path / "initrd.gz", busybox, modules, ["kernel/a.ko"])

    found = unpacked(gzip.decompress((tmp_path / "initrd.gz").read_bytes()))
    assert found["modules/a.ko"] == (0o100644, b"module a")
    assert found["modules/order"][1] == b"a.ko\n"
    assert found["init"][0] == 0o100755
    assert found["bin/busybox"] == (0o100755, b"\x7fELF...")
    names = list(found)
    assert names.index("modules") < names.index("modules/a.ko")
    assert found["modules"][0] == 0o040755


def test_the_script_that_starts_is_a_shell_script(tmp_path: Path) -> None:
    script = tmp_path / "init"
    script.write_text(initrd.INIT)

    assert subprocess.run(["sh", "-n", str(script)], check=False, timeout=30).returncode == 0
