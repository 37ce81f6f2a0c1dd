"""Which field a word of a label's template fills: `seeds/roles.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from assistant.core.request import Request
from assistant.languages.kinds import kinds
from assistant.training.rows import SEEDS
from assistant.understand.schema import write

_TABLE: Final = SEEDS / "roles.toml"


@cache
def table() -> Mapping[str, Any]:
    """Return the file's content."""
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@dataclass(slots=True)
class Roles:
    """The fields of one sentence while it is drawn."""

    label: str
    values: dict[str, str] = field(default_factory=dict)
    known: bool = True
    """Whether every word that might fill a field has its place."""
    _pending: tuple[str, str, str] | None = None
    """A field, the other direction's, which must be named too, and the words."""

    @property
    def told(self) -> bool:
        """Whether the file says anything of the label."""
        return self.label in table()["label"]

    def take(self, rule: str, words: str, before: str) -> None:
        """Note the words of a rule, and what stands before them."""
        known = table()
        name = known["label"].get(self.label, {}).get(rule)
        if rule in known["idle"] or name == "":
            return
        if isinstance(name, list):
            origin, goal = name
            name = goal if _ends(before, known["goal"]) else origin if _ends(before, known["origin"]) else None
            if name is None and self._pending is None:
                self._pending = (origin, goal, words)
                return
        if name is None or name in self.values:
            self.known = False
        else:
            self.values[name] = words

    def answer(self, requests: Mapping[str, type[Request]], text: str) -> str:
        """Return the answer, empty where it is not known or a value does not stand in the text."""
        request = requests.get(table()["label"].get(self.label, {}).get("request", ""))
        values = dict(self.values)
        if self._pending is not None:
            origin, goal, words = self._pending
            if origin in values or goal not in values:
                return ""
            values[origin] = words
        if request is None or not self.known or not values or any(one not in text for one in values.values()):
            return ""
        return write([(request.__name__, {name: f'"{values[name]}"' for name in kinds(request) if name in values})])


def _ends(before: str, words: list[str]) -> bool:
    """Tell whether one of the words stands last."""
    return any(f" {before}".endswith(f" {word}" if word.isascii() else word) for word in words)
