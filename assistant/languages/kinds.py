"""What a request's fields take, read from their annotations."""

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal

from assistant.core.money import Money
from assistant.core.request import OneOf, Range, Request
from assistant.errors import ConfigError

KindName = Literal["enum", "number", "name", "time", "date", "duration", "money", "text", "bool"]
PLAIN: Mapping[type, KindName] = MappingProxyType(
    {
        bool: "bool",
        int: "number",
        float: "number",
        time: "time",
        date: "date",
        timedelta: "duration",
        Money: "money",
        str: "text",
    },
)


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a field."""

    name: KindName
    type: type
    """The Python type of its values, None aside."""
    range: Range | None = None
    names: str = ""
    """Key into `Context.names`, for kind `name`."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Values of an enum, empty for other kinds."""
        return tuple(self.type) if issubclass(self.type, StrEnum) else ()

    @property
    def list_name(self) -> str:
        """Name of the word list an enum is read from: its class name in snake_case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.type.__name__).lower()


def kinds(request: type[Request]) -> Mapping[str, Kind]:
    """Return every field of the request class and its kind; ConfigError for an annotation no sentence could fill."""
    hints = typing.get_type_hints(request, include_extras=True)
    fields = [field.name for field in dataclasses.fields(request)]
    return MappingProxyType({name: _kind(hints[name], f"{request.__name__}.{name}") for name in fields})


def _kind(annotation: Any, where: str) -> Kind:
    """Return the kind of one annotation."""
    extras: list[Any] = []
    bare = _bare(annotation, extras)
    ranges = [extra for extra in extras if isinstance(extra, Range)]
    names = [extra.names for extra in extras if isinstance(extra, OneOf)]
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return Kind("enum", bare)
    if bare not in PLAIN:
        raise ConfigError(
            f"{where}: no sentence can fill {annotation!r}", "use an enum, number, time, date, timedelta, Money or str"
        )
    if names:
        return Kind("name", str, names=names[0])
    return Kind(PLAIN[bare], bare, range=ranges[0] if ranges else None)


def _bare(annotation: Any, extras: list[Any]) -> Any:
    """Peel `Annotated` (its extras are gathered) and `| None` off an annotation."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        extras.extend(annotation.__metadata__)
        return _bare(annotation.__origin__, extras)
    if origin in (typing.Union, types.UnionType):
        inner = [item for item in typing.get_args(annotation) if item is not type(None)]
        return _bare(inner[0], extras) if len(inner) == 1 else annotation
    return annotation
