"""What the simulated head unit knows: people, places, stations and music, read from one TOML."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who can be called."""

    name: str
    number: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map."""

    name: str
    km: float
    """From where the car stands at first."""
    minutes: float
    """By car, from there."""
    kind: str = "place"
    """`home`, `work`, a kind of shop or service, or `place`."""
    address: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Station:
    """A radio station."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """A piece of music."""

    title: str
    artist: str
    album: str
    seconds: float
    playlists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ring:
    """A call that comes in."""

    after_s: float
    """Seconds after the head unit started."""
    number: str


@dataclass(frozen=True, slots=True)
class World:
    """All of it."""

    here: str = ""
    menu: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    places: tuple[Spot, ...] = ()
    stations: tuple[Station, ...] = ()
    tracks: tuple[Track, ...] = ()
    rings: tuple[Ring, ...] = ()

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists for `Context.names`; places of a kind, nearest first, stand under `place.<kind>`."""
        near = sorted(self.places, key=lambda place: place.km)
        full = [name for contact in self.contacts for name in (contact.name, *contact.aliases)]
        lists = {
            "contact": full,
            "given_name": given_names(full),
            "place": [n for p in self.places if p.kind not in {"home", "work"} for n in (p.name, *p.aliases)],
            "station": [name for station in self.stations for name in (station.name, *station.aliases)],
            "song": [track.title for track in self.tracks],
            "artist": [track.artist for track in self.tracks],
            "album": [track.album for track in self.tracks],
            "playlist": [name for track in self.tracks for name in track.playlists],
            "menu": self.menu,
            **{f"place.{kind}": [p.name for p in near if p.kind == kind] for kind in {p.kind for p in near}},
        }
        return {key: tuple(dict.fromkeys(names)) for key, names in lists.items()}


def given_names(full: Iterable[str]) -> list[str]:
    """Return the first words of names of several words, unless somebody is called just that."""
    known = {name.casefold() for name in full}
    firsts = (name.split()[0] for name in full if len(name.split()) > 1)
    return [first for first in firsts if first.casefold() not in known and first.casefold() != "the"]


Entry = TypeVar("Entry", Contact, Spot, Station, Track, Ring)


def read_world(path: Path) -> World:
    """Read `config/names.toml`; ConfigError says which entry is wrong and the mend."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}", "give a TOML file like config/names.toml") from error
    known = {"here", "menu", "contact", "place", "station", "track", "ring"}
    if unknown := sorted(set(table) - known):
        raise ConfigError(f"{path}: unknown key {unknown[0]!r}", f"one of {', '.join(sorted(known))}")
    return World(
        checked(table.get("here", ""), str, f"{path}: here"),
        strings(table.get("menu", []), f"{path}: menu"),
        entries(table, "contact", Contact, path),
        entries(table, "place", Spot, path),
        entries(table, "station", Station, path),
        entries(table, "track", Track, path),
        entries(table, "ring", Ring, path),
    )


def entries(table: Mapping[str, Any], key: str, kind: type[Entry], path: Path) -> tuple[Entry, ...]:
    """Return every `[[key]]` as its dataclass."""
    rows = checked(table.get(key, []), list, f"{path}: [[{key}]]")
    return tuple(entry(row, kind, f"{path}: [[{key}]] {number}") for number, row in enumerate(rows, 1))


def entry(row: object, kind: type[Entry], where: str) -> Entry:
    """Return one row as its dataclass."""
    table = checked(row, dict, where)
    wanted = {field.name: field for field in fields(kind)}
    if unknown := sorted(set(table) - set(wanted)):
        raise ConfigError(f"{where}: unknown key {unknown[0]!r}", f"one of {', '.join(wanted)}")
    missing = [name for name, field in wanted.items() if field.default is MISSING and name not in table]
    if missing:
        raise ConfigError(f"{where}: {missing[0]} is missing", f"give {', '.join(missing)}")
    return kind(**{name: value_of(value, wanted[name].type, f"{where} {name}") for name, value in table.items()})


def value_of(value: object, kind: object, where: str) -> Any:
    """Return the value as the field wants it."""
    if kind is float:
        return float(checked(value, (int, float), where))
    return checked(value, str, where) if kind is str else strings(value, where)


def strings(value: object, where: str) -> tuple[str, ...]:
    """Return a list of texts as a tuple."""
    return tuple(checked(item, str, where) for item in checked(value, list, where))


def checked(value: object, kind: type | tuple[type, ...], where: str) -> Any:
    """Return the value if it is of the kind, else refuse."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigError(f"{where}: {value!r} is of the wrong kind", "see config/names.toml")
    return value
