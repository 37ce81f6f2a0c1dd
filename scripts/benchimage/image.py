"""The image: one disk with Debian, Cabin and the bench on it, the kernel and what the kernel starts with."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import CabinError
from scripts.benchimage import assemble, cache, debian, papers, tools, wheels

SOURCES: Final = ("assistant", "models", "config", "systemd", "tests/clips", "pyproject.toml", "README.md", "LICENSE")
HERE: Final = Path(__file__).parent
NEEDS_BYTES: Final = 6_000_000_000


@dataclass(frozen=True, slots=True)
class Image:
    """What QEMU is given."""

    disk: Path
    kernel: Path
    initrd: Path
    about: dict[str, object]
    """Versions of what is in it."""


def image(build: Path) -> Image:
    """Return the image, made if need be; alone in the build folder. Raises CabinError."""
    tools.need("qemu-system-aarch64", "qemu-img", "mke2fs", "depmod", *_unless_root("fakeroot"))
    root, site, ca = debian.root_tar(build), wheels.site(build), papers.made(build)
    python = wheels.own_python(build)
    key = _key(root, site, ca)

    def make(part: Path) -> None:
        tools.need_space(part, NEEDS_BYTES)
        own = _own_package(part, python, build)
        plan = assemble.Plan(part, root, site, own, ca, cache.ROOT)
        program = [sys.executable, "-m", "scripts.benchimage.assemble", plan.as_json()]
        command = [*_unless_root("fakeroot", "--"), *program]
        tools.run(command, "assembling", build / "image.log", cwd=cache.ROOT)
        shutil.rmtree(own)
        if _key(root, site, ca) != key:
            raise CabinError("the sources changed while the image was made of them", "run it again")

    made = cache.product(build, "image", key, make, "the image")
    about = json.loads((made / assemble.ABOUT).read_text())
    return Image(made / assemble.DISK, made / assemble.KERNEL, made / assemble.INITRD, about | {"key": key})


def _key(*parts: Path) -> str:
    """Return the hash of all that goes into the image: products by their names, sources by their contents."""
    return cache.key_of(
        *(each.parent.name if each.is_file() else each.name for each in parts),
        *(cache.files_key(cache.ROOT / name) for name in SOURCES),
        *(cache.files_key(HERE / name) for name in ("assemble.py", "initrd.py", "overlay", "guest")),
    )


def _unless_root(*words: str) -> Sequence[str]:
    return () if os.geteuid() == 0 else words


def _own_package(part: Path, python: Path, build: Path) -> Path:
    """Return Cabin itself, built as a wheel from a copy of the sources (a build leaves things in them) and unpacked."""
    sources, wheel, own = part / "sources", part / "wheel", part / "own"
    for folder in (sources, wheel, own):
        shutil.rmtree(folder, ignore_errors=True)
    for name in SOURCES:
        here, there = cache.ROOT / name, sources / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    command = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(wheel), str(sources)]
    tools.run(command, "Cabin's wheel", build / "cabin.log")
    files = [str(path) for path in wheel.glob("*.whl")]
    command = [*pip, "install", "--no-deps", "--no-index", "--no-compile", "--target", str(own), *files]
    tools.run(command, "Cabin's wheel", build / "cabin.log")
    wheels.compile_bytecode(own, build / "cabin.log")
    shutil.rmtree(sources)
    shutil.rmtree(wheel)
    return own
