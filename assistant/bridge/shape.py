"""JSON to frozen dataclasses and back: an unknown field, a wrong type or too long a text is refused, never guessed at."""

import types
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from assistant.core.money import Money
from assistant.errors import UsageError

T = TypeVar("T")

MAX_TEXT: Final = 400
MAX_ROWS: Final = 40
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


class ShapeError(UsageError):
    """A message holds something that its operation does not take."""


def read(shape: type[T], data: object) -> T:
    """Return `data` (decoded JSON) as an instance of the dataclass `shape`; ShapeError names the field that is wrong."""
    if not isinstance(data, Mapping):
        raise ShapeError(f"{shape.__name__} is not an object")
    hints, needed = _hints(cast("Hashable", shape)), _needed(cast("Hashable", shape))
    if not data.keys() <= hints.keys():
        foreign = min(data.keys() - hints.keys())
        raise ShapeError(f"{shape.__name__} has no field {foreign[:40]!r}")
    values = {
        name: value if _fits(hints[name], value) else _value(hints[name], value, f"{shape.__name__}.{name}")
        for name, value in data.items()
    }
    if not needed <= values.keys():
        missing = next(name for name in hints if name in needed and name not in values)
        raise ShapeError(f"{shape.__name__}.{missing} is missing")
    try:
        return shape(**values)
    except ValueError as error:
        raise ShapeError(f"{shape.__name__}: {error}") from error


def write(value: object) -> Any:
    """Return dataclasses, enums and tuples as what JSON knows."""
    if type(value) in _PLAIN:
        return value
    names = _names(cast("Hashable", type(value)))
    if names is not None:
        return {name: write(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): write(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [write(inner) for inner in value]
    return value.value if isinstance(value, StrEnum) else value


@cache
def _hints(shape: Any) -> dict[str, Any]:
    """Return the field types of a dataclass."""
    if shape is Money:
        return {"minor": int, "currency": str}
    hints = get_type_hints(shape)
    return {f.name: hints[f.name] for f in fields(shape) if f.init}


@cache
def _needed(shape: Any) -> frozenset[str]:
    """Return the names of fields without a default."""
    return frozenset(f.name for f in fields(shape) if f.init and f.default is MISSING and f.default_factory is MISSING)


@cache
def _names(kind: Any) -> tuple[str, ...] | None:
    """Return the names of a dataclass's fields, None for another type."""
    return tuple(field.name for field in fields(kind) if field.init) if is_dataclass(kind) else None


def _fits(kind: Any, value: object) -> bool:
    """Tell at once of most plain values that they are right."""
    return type(value) is kind and kind in _PLAIN and (kind is not str or len(cast("str", value)) <= MAX_TEXT)


@cache
def _parts(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return what a generic type is of, and its arguments."""
    return get_origin(kind), get_args(kind)


def _value(kind: Any, value: object, where: str) -> Any:
    """Return one field's value as its annotation says."""
    origin, parts = _parts(kind)
    if origin in {Union, types.UnionType}:
        return _either([option for option in parts if option is not type(None)], value, where)
    if origin is tuple:
        return _row(parts[0], value, where)
    if origin is not None:
        return _table(parts[1], value, where)
    if is_dataclass(kind):
        return read(cast("type[Any]", kind), value)
    return _plain(kind, value, where)


def _either(kinds: list[Any], value: object, where: str) -> Any:
    """Return a value that may be missing, or of several plain types."""
    if value is None:
        return None
    return _value(type(value) if type(value) in kinds else kinds[0], value, where)


def _row(kind: Any, value: object, where: str) -> tuple[Any, ...]:
    """Return a list of values of one kind."""
    if not isinstance(value, list | tuple) or len(value) > MAX_ROWS:
        raise ShapeError(f"{where} is not a list of at most {MAX_ROWS}")
    return tuple(_value(kind, inner, where) for inner in value)


def _table(kind: Any, value: object, where: str) -> dict[str, Any]:
    """Return names and their values of one kind."""
    if not isinstance(value, Mapping) or len(value) > MAX_ROWS:
        raise ShapeError(f"{where} is not an object of at most {MAX_ROWS} fields")
    return {_plain(str, key, where): _value(kind, inner, where) for key, inner in value.items()}


def _plain(kind: Any, value: object, where: str) -> Any:
    """Return a text, number, truth value or enum member."""
    if issubclass(kind, StrEnum):
        try:
            return kind(value)
        except ValueError:
            raise ShapeError(f"{where} is none of {', '.join(kind)}") from None
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ShapeError(f"{where} is not {kind.__name__}")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise ShapeError(f"{where} is longer than {MAX_TEXT} characters")
    return value
