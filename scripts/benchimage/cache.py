"""The build folder: each product once by the hash of all that goes into it, whole or not at all."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from assistant.errors import CabinError
from scripts.benchimage.tools import say

ROOT: Final = Path(__file__).parents[2]
SEAL: Final = "contents.json"
"""In a finished product: each file with its size; what does not match it is made again."""


def build_folder() -> Path:
    """Return `build/qemu`, or what CABIN_QEMU_BUILD names; CabinError if it cannot be made."""
    folder = Path(os.environ.get("CABIN_QEMU_BUILD") or ROOT / "build" / "qemu").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CabinError(
            f"{folder} cannot be made: {error.strerror}", "name a folder of yours in CABIN_QEMU_BUILD"
        ) from error
    return folder


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second build out of the folder; CabinError if there is one."""
    with (folder / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CabinError(f"another scripts/qemu is at work in {folder}", "wait for it, or end it") from None
        yield


def key_of(*parts: str | bytes) -> str:
    """Return a short hash of the parts."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8) + raw)
    return digest.hexdigest()[:16]


def files_key(*paths: Path) -> str:
    """Return a short hash of files and folders: names, modes and contents, whatever the dates."""
    parts: list[str | bytes] = []
    for path in paths:
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and each.suffix != ".pyc":
                parts += [str(each.relative_to(path.parent)), f"{each.stat().st_mode:o}", each.read_bytes()]
    return key_of(*parts)


def product(folder: Path, name: str, key: str, make: Callable[[Path], None], what: str) -> Path:
    """Return the folder of a product; `make(part)` fills it if it is not here, and may find there what an earlier try left.

    Older products of that name are removed once the new one is whole. Raises what `make` raises.
    """
    done = folder / f"{name}-{key}"
    if done.exists():
        if _whole(done):
            return done
        say(f"{done.name} is damaged: making it again")
        shutil.rmtree(done)
    say(f"{what} …")
    part = folder / f"{name}-{key}.part"
    part.mkdir(exist_ok=True)
    make(part)
    (part / SEAL).write_text(json.dumps(_sizes(part)))
    part.rename(done)
    for other in folder.glob(f"{name}-*"):
        if other != done and other.is_dir():
            shutil.rmtree(other)
    return done


def _sizes(folder: Path) -> dict[str, int]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): path.stat().st_size for path in files if path.name != SEAL}


def _whole(folder: Path) -> bool:
    """Tell whether every file is there in its size."""
    try:
        sealed = json.loads((folder / SEAL).read_text())
    except (OSError, ValueError):
        return False
    return bool(sealed == _sizes(folder))
