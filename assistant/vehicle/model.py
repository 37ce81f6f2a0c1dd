"""A car model as its TOML: which VSS signals the car has, their types, ranges and zones, and how the simulator plays them."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from assistant.core.vehicle import KINDS, Signal, Value, Zone, seats
from assistant.errors import ConfigError
from assistant.places import shipped

NAME = re.compile(r"Vehicle(\.[A-Z][A-Za-z0-9]*)+")
INSTANCE = re.compile(r"\.(Row\d|DriverSide|PassengerSide|Driver|Passenger|Middle|Left|Right)(?=\.|$)")
NEAR = 0.95
"""Names that are so alike are one name and a slip of the keyboard."""
TOP_KEYS = ("name", "vss", "driver_side", "signals", "dbus")


@dataclass(frozen=True, slots=True)
class Entry:
    """One signal's line in the TOML."""

    type: str
    """`bool`, `int`, `float` or `string`."""
    initial: Value | None = None
    """What the simulator starts with; without it the car never told."""
    unit: str = ""
    min: float | None = None
    max: float | None = None
    step: float | None = None
    """What one press of the car's own button changes."""
    choices: tuple[str, ...] = ()
    zone: str = ""
    """Seat or row that the signal serves."""
    writable: bool = False
    delay_ms: float = 30
    """How long the simulated car takes to get there."""
    live: bool = False
    """The simulated car says it again and again, as a bus does with speed."""


@dataclass(frozen=True, slots=True)
class Model:
    """A car model."""

    name: str
    driver_side: str
    """LEFT or RIGHT."""
    signals: Mapping[str, Signal]
    entries: Mapping[str, Entry]
    dbus: Mapping[str, Any] | None = None
    """The table [dbus], for a car behind a D-Bus service (`vehicle.dbus.service` checks it)."""


def load(path: Path) -> Model:
    """Read a car model; ConfigError names the file, the signal and the mend."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise ConfigError(
            f"cannot read the car model {path}: {error.strerror}", "give a file of config/vehicles/"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}", "mend that line") from error
    return parse(table, str(path))


def parse(table: Mapping[str, Any], where: str) -> Model:
    """Check a parsed car model and build it; ConfigError as `load`."""
    _known(table, TOP_KEYS, where)
    side = str(table.get("driver_side", "left")).upper()
    if side not in {"LEFT", "RIGHT"}:
        raise ConfigError(f"{where}: driver_side is {side.lower()!r}", 'use "left" or "right"')
    rows = table.get("signals")
    if not isinstance(rows, Mapping) or not rows:
        raise ConfigError(
            f"{where}: no signals", 'add a table [signals] with lines "Vehicle.Speed" = { type = "float" }'
        )
    _no_slips(rows, where)
    entries = {name: _entry(name, row, f"{where}: {name}") for name, row in rows.items()}
    signals = {name: _signal(name, entry) for name, entry in entries.items()}
    _no_overlap(signals, side, where)
    dbus = table.get("dbus")
    if dbus is not None and not isinstance(dbus, Mapping):
        raise ConfigError(f"{where}: dbus is not a table", "write it as [dbus]")
    return Model(str(table.get("name", where)), side, MappingProxyType(signals), MappingProxyType(entries), dbus)


def _known(row: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in row:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            raise ConfigError(
                f"{where}: unknown key {key!r}",
                f"did you mean {near[0]!r}?" if near else f"known are {', '.join(keys)}",
            )


@cache
def known_signals() -> frozenset[str]:
    """Return the names that skills and the guard know, without their seats: the demo car has them all."""
    with shipped("config/vehicles/demo.toml").open("rb") as file:
        return frozenset(INSTANCE.sub("", name) for name in tomllib.load(file)["signals"])


def strangers(model: Model) -> tuple[str, ...]:
    """Return signals of a car that no skill knows: nobody can ask for them."""
    known = known_signals()
    return tuple(name for name in model.signals if INSTANCE.sub("", name) not in known)


def _no_slips(rows: Iterable[str], where: str) -> None:
    """Refuse a name that is nearly one we know: what was meant would silently be missing."""
    known = known_signals()
    for name in rows:
        bare = INSTANCE.sub("", name)
        if bare not in known and (near := get_close_matches(bare, known, n=1, cutoff=NEAR)):
            raise ConfigError(f"{where}: unknown signal {name!r}", f"did you mean {near[0]!r}?")


def _entry(name: str, row: object, where: str) -> Entry:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{where} is not a VSS name", "write it as Vehicle.Branch.Signal")
    if not isinstance(row, Mapping):
        raise ConfigError(f"{where} is not a table", '{ type = "bool", … }')
    _known(row, tuple(field.name for field in fields(Entry)), where)
    if row.get("type") not in KINDS:
        near = get_close_matches(str(row.get("type", "")), KINDS, n=1)
        raise ConfigError(
            f"{where}: type is {row.get('type')!r}",
            f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(KINDS)}",
        )
    _typed(row, where)
    entry = Entry(**{**row, "choices": tuple(row.get("choices", ()))})
    _ranged(entry, where)
    if entry.zone and entry.zone not in tuple(Zone):
        near = get_close_matches(entry.zone, [str(zone) for zone in Zone], n=1)
        raise ConfigError(
            f"{where}: unknown zone {entry.zone!r}",
            f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(Zone)}",
        )
    return entry


def _typed(row: Mapping[str, Any], where: str) -> None:
    for key in ("min", "max", "step", "delay_ms"):
        if key in row and (isinstance(row[key], bool) or not isinstance(row[key], int | float)):
            raise ConfigError(f"{where}: {key} is {row[key]!r}", "give a number")
        if key in row and not math.isfinite(row[key]):
            raise ConfigError(f"{where}: {key} is {row[key]!r}", "give a number that ends")
    for key in ("writable", "live"):
        if not isinstance(row.get(key, False), bool):
            raise ConfigError(f"{where}: {key} is {row[key]!r}", "true or false")
    for key in ("unit", "zone"):
        if not isinstance(row.get(key, ""), str):
            raise ConfigError(f"{where}: {key} is {row[key]!r}", "give a word in quotes")
    choices = row.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        raise ConfigError(f"{where}: choices is {choices!r}", "give a list of words")


def _ranged(entry: Entry, where: str) -> None:
    if entry.min is not None and entry.max is not None and entry.min >= entry.max:
        raise ConfigError(f"{where}: min {entry.min:g} is not below max {entry.max:g}", "swap them")
    if entry.type not in {"int", "float"} and any(each is not None for each in (entry.min, entry.max, entry.step)):
        raise ConfigError(f"{where}: a {entry.type} has no range", "leave min, max and step away, or mend the type")
    if entry.choices and (entry.type != "string" or len(set(entry.choices)) != len(entry.choices)):
        raise ConfigError(f"{where}: choices are different words of a string", "mend choices or the type")
    if entry.step is not None and None not in (entry.min, entry.max) and entry.step > entry.max - entry.min:  # type: ignore[operator]
        raise ConfigError(f"{where}: one step of {entry.step:g} is more than its whole range", "give a smaller step")
    if entry.step is not None and entry.step <= 0:
        raise ConfigError(f"{where}: step is {entry.step:g}", "give a step above 0")
    if entry.delay_ms < 0:
        raise ConfigError(f"{where}: delay_ms is {entry.delay_ms:g}", "give 0 or more")
    if entry.initial is None:
        return
    problem = _signal("", entry).unfit(entry.initial)
    if problem:
        raise ConfigError(
            f"{where}: initial {entry.initial!r} does not fit: {problem}",
            "give a value inside the signal's own type and range",
        )


def _signal(name: str, entry: Entry) -> Signal:
    return Signal(
        name=name,
        kind=entry.type,
        unit=entry.unit,
        minimum=entry.min,
        maximum=entry.max,
        step=entry.step,
        choices=entry.choices,
        zone=Zone(entry.zone) if entry.zone else None,
        writable=entry.writable,
    )


def _no_overlap(signals: Mapping[str, Signal], side: str, where: str) -> None:
    served: dict[str, list[Signal]] = {}
    for signal in signals.values():
        if signal.zone is not None:
            served.setdefault(INSTANCE.sub("", signal.name), []).append(signal)
    for family in served.values():
        for one, other in combinations(family, 2):
            common = seats(one.zone or Zone.ALL, side) & seats(other.zone or Zone.ALL, side)
            if common:
                raise ConfigError(
                    f"{where}: {one.name} and {other.name} both serve {min(common).value}", "give each its own zone"
                )
