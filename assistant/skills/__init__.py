"""What Cabin can do: one pure file per skill; being in this folder, with a `SKILL` in it, is being registered."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from assistant.core.context import Context
from assistant.core.plan import Decision
from assistant.core.request import Request


@dataclass(frozen=True, slots=True)
class Skill:
    """A family of requests and the pure function that decides what to do about each."""

    name: str
    requests: tuple[type[Request], ...]
    plan: Callable[[Any, Context], Decision]
    """Takes an instance of one of `requests`; never raises for a well-formed one."""
    found: Callable[[Any, Mapping[str, Any], Context], Decision] | None = None
    """Takes the request of an Inquiry, what the service answered (data, of a shape to be checked), and the context."""


@cache
def skills() -> tuple[Skill, ...]:
    """Return every skill in the folder, in order of file name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(importlib.import_module(f"{__name__}.{name}").SKILL for name in names)


@cache
def by_request() -> Mapping[type[Request], Skill]:
    """Return the skill that answers each request class."""
    return MappingProxyType({request: skill for skill in skills() for request in skill.requests})
