"""The configuration: frozen dataclasses are the TOML; an unknown key or a wrong type is an error that says what was meant."""

import dataclasses
import os
import tomllib
import types
import typing
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from assistant.core.text import Language
from assistant.errors import ConfigError

SECRET_WORDS = ("key", "token", "password", "pin", "secret")
"""A key that ends in one of these is masked when the configuration is shown."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound devices by name (as `cabin check` lists them); empty is the system's default."""

    input: str = ""
    output: str = ""
    duck_db: float = 18.0
    """How much softer other programs play while Cabin listens or speaks; 0: not at all."""


@dataclass(frozen=True, slots=True)
class Wake:
    """What opens the ear."""

    words: tuple[str, ...] = ("okay_nabu", "hey_jarvis", "alexa")
    """Names shipped with pymicro-wakeword, or paths of microWakeWord v2 JSON files."""


@dataclass(frozen=True, slots=True)
class Listen:
    """How long Cabin waits for people."""

    follow_up_s: float = 4.0
    """After an answer the next sentence needs no wake word for this long; 0 switches that off."""
    consent_s: float = 30.0
    """A read-back that got no yes for this long is dropped."""


@dataclass(frozen=True, slots=True)
class Hear:
    """Speech to text."""

    engine: Literal["auto", "moonshine", "whisper"] = "auto"
    """auto: whisper where its model is installed, else moonshine."""
    whisper_model: str = "whisper-base"
    """Name in models.toml, or a folder."""
    threads: int = 1
    """One is quicker than two where the cores are shared (67 against 93 ms of CPU a command)."""
    source: str = "auto"
    """Source of the sound server to record; auto: the echo canceller's, where it is there; empty: the server's default."""


@dataclass(frozen=True, slots=True)
class Model:
    """The language model behind the rules."""

    name: str = "auto"
    """Name in models.toml, a GGUF file, `auto` (the first intent model that is installed) or `none`."""
    threads: int = 1
    limit_ms: int = 1500
    """A sentence that takes longer is given up."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Text to sound."""

    engine: Literal["auto", "piper", "espeak", "none"] = "auto"
    """auto: piper where a voice for the language is installed, else espeak-ng."""
    rate_percent: int = 100


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The car."""

    bus: Literal["simulator", "dbus", "kuksa"] = "simulator"
    model: str = "demo"
    """Name of a file in config/vehicles, or a path."""
    address: str = "127.0.0.1:55555"
    """host:port of the KUKSA databroker."""
    token_file: str = ""
    """The databroker's JWT; needs `ca_file` unless the broker is on this unit."""
    ca_file: str = ""
    """CA of the databroker as PEM; empty is without TLS."""


@dataclass(frozen=True, slots=True)
class Dbus:
    """Other programs of the head unit."""

    enabled: Literal["auto", "yes", "no"] = "auto"
    """Whether they may talk to Cabin as org.cabin.Assistant1; auto: as soon as a bus is there."""
    bus: str = "system"
    """`system`, `session`, or a D-Bus address; the telephone is on it too."""
    players: str = "session"
    """Where music players are: as above."""


@dataclass(frozen=True, slots=True)
class HeadUnit:
    """What music, telephone, network and sleep are."""

    media: Literal["simulator", "mpris"] = "simulator"
    phone: Literal["simulator", "ofono"] = "simulator"
    network: Literal["auto", "none"] = "auto"
    """Whether NetworkManager or ConnMan are heeded, where one is there."""
    sleep: Literal["auto", "none"] = "auto"
    """Whether logind is asked to wait a little before sleep and shutdown, where it is there."""


@dataclass(frozen=True, slots=True)
class Link:
    """The way to the bridge, through which things are ordered."""

    kind: Literal["auto", "mqtt", "child", "none"] = "auto"
    """auto: mqtt where a broker is named, else a bridge of our own as a child process where it is installed, else none."""
    broker: str = ""
    """`host:port`."""
    vehicle: str = "car"
    """The vehicle's id: the CN of its certificate."""
    ca: str = ""
    certificate: str = ""
    certificate_key: str = ""
    """PEM files."""
    sandbox_pace: float = 1.0
    """How much faster than real the sandbox companies of a bridge of our own go."""


@dataclass(frozen=True, slots=True)
class Pay:
    """Up to here a spoken yes pays; above, the owner's PIN or phone is needed as well. In whole units of the currency."""

    currency: str = "CNY"
    per_payment: int = 300
    per_day: int = 2000


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is written down."""

    log_speech: bool = False
    """Debug switch: write what was said into the log. Off, the log holds no words of anybody."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things lie; empty means systemd's directory, else the XDG one."""

    state: str = ""
    cache: str = ""
    models: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """All of it."""

    language: Language = "en"
    audio: Audio = field(default_factory=Audio)
    wake: Wake = field(default_factory=Wake)
    listen: Listen = field(default_factory=Listen)
    hear: Hear = field(default_factory=Hear)
    model: Model = field(default_factory=Model)
    speak: Speak = field(default_factory=Speak)
    vehicle: Vehicle = field(default_factory=Vehicle)
    link: Link = field(default_factory=Link)
    pay: Pay = field(default_factory=Pay)
    dbus: Dbus = field(default_factory=Dbus)
    headunit: HeadUnit = field(default_factory=HeadUnit)
    privacy: Privacy = field(default_factory=Privacy)
    paths: Paths = field(default_factory=Paths)

    def state_dir(self) -> Path:
        """Return the folder for what must survive a restart."""
        return _directory(self.paths.state, "STATE_DIRECTORY", "XDG_STATE_HOME", ".local/state")

    def runtime_dir(self) -> Path:
        """Return the folder for what a restart of the head unit may forget."""
        return _directory("", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", ".cache")

    def cache_dir(self) -> Path:
        """Return the folder for what can be made again."""
        return _directory(self.paths.cache, "CACHE_DIRECTORY", "XDG_CACHE_HOME", ".cache")


def load(path: Path | None) -> Config:
    """Read a TOML file over the defaults; None is the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", "copy config/cabin.toml there or drop --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", "give a readable UTF-8 TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}", "mend that line; config/cabin.toml shows every key") from None
    config = _build(Config, raw, str(path), "")
    assert isinstance(config, Config)
    return config


def show(config: Config) -> str:
    """Return the configuration as TOML, secrets masked."""
    values = dataclasses.asdict(config)
    lines = [f"{key} = {_toml(key, value)}" for key, value in values.items() if not isinstance(value, dict)]
    for section, content in values.items():
        if isinstance(content, dict):
            lines += ["", f"[{section}]", *(f"{key} = {_toml(key, value)}" for key, value in content.items())]
    return "\n".join(lines) + "\n"


def _directory(configured: str, systemd: str, xdg: str, home: str) -> Path:
    if configured:
        return Path(configured)
    if given := os.environ.get(systemd):
        return Path(given.split(":")[0])
    return Path(os.environ.get(xdg) or Path.home() / home) / "cabin"


def _toml(key: str, value: object) -> str:
    if isinstance(value, str) and value and key.rsplit("_", 1)[-1] in SECRET_WORDS:
        return '"********"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml("", item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _build(kind: type, raw: Any, where: str, at: str) -> Any:
    """Make a dataclass of a TOML table; `at` is the dotted place for messages."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: {at or 'the file'} must be a table", f"write it as [{at}]")
    hints = typing.get_type_hints(kind)
    for key in raw:
        if key not in hints:
            near = get_close_matches(key, hints, n=1)
            mend = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(hints)}"
            raise ConfigError(f"{where}: unknown key '{at}{key}'", mend)
    return kind(**{key: _value(hints[key], value, where, f"{at}{key}") for key, value in raw.items()})


def _value(hint: Any, value: Any, where: str, at: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast("type", hint), value, where, f"{at}.")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if value in arguments:
            return value
        near = get_close_matches(str(value), [str(item) for item in arguments], n=1)
        mend = f"did you mean '{near[0]}'?" if near else f"one of: {', '.join(map(str, arguments))}"
        raise ConfigError(f"{where}: '{at}' cannot be {value!r}", mend)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, where, at) for item in value)
    if origin in (typing.Union, types.UnionType):
        hint = next(item for item in arguments if item is not type(None))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    name = "a list" if origin is tuple else getattr(hint, "__name__", str(hint))
    raise ConfigError(
        f"{where}: '{at}' must be {name}, not {value!r}", "config/cabin.toml shows an example of every key"
    )
