"""Whether the values that people marked in a sentence are the values of what was understood."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from assistant.bench.rows import Row
from assistant.bench.tally import share
from assistant.core.context import Context
from assistant.core.request import Request
from assistant.languages.kinds import kinds
from assistant.understand.evidence import Evidence

MOST_NAMES: Final = 15


@cache
def slot_fields() -> Mapping[str, Any]:
    """Return for each label the request that marked words fill, and which mark fills which field ("" for words that need none)."""
    return tomllib.loads(Path(__file__).with_name("slots.toml").read_text(encoding="utf-8"))


class Slots:
    """Counts marked values: one is exact if its words and no more say the value of a field, or it and other marks for that field do."""

    def __init__(self, evidence: Evidence) -> None:
        """Take what tells whether words say a value."""
        self._evidence = evidence
        self._marked: Counter[str] = Counter()
        self._exact: Counter[str] = Counter()
        self._fields: Counter[bool] = Counter()
        self._rows = self._whole = 0

    def count(self, row: Row, requests: Sequence[Request], context: Context) -> None:
        """Add a row whose requests answer its label; values that are no words of the sentence do not count."""
        marked = [(name, words) for name, values in row.slots.items() for words in values if words in row.text]
        filled = slot_fields().get(row.intent, {}).get("fields", {})
        together = self._together(marked, filled, requests, row, context)
        exact = [mark in together or any(self._said(mark[1], one, row, context) for one in requests) for mark in marked]
        found = list(zip(marked, exact, strict=True))
        self._marked.update(name for name, _ in marked)
        self._exact.update(name for (name, _), good in found if good)
        self._fields.update(good for (name, _), good in found if filled.get(name))
        self._rows += bool(marked)
        self._whole += bool(marked) and all(exact)

    def figures(self) -> dict[str, Any]:
        """Return shares, and the names that occur most."""
        names = self._marked.most_common(MOST_NAMES)
        return {
            "marked": self._marked.total(),
            "exact": share(self._exact.total(), self._marked.total()),
            "with_a_field": self._fields.total(),
            "with_a_field_exact": share(self._fields[True], self._fields.total()),
            "sentences": self._rows,
            "sentences_exact": share(self._whole, self._rows),
            "names": {name: {"marked": count, "exact": share(self._exact[name], count)} for name, count in names},
        }

    def _together(
        self,
        marked: Sequence[tuple[str, str]],
        filled: Mapping[str, str],
        requests: Sequence[Request],
        row: Row,
        context: Context,
    ) -> set[tuple[str, str]]:
        """Return the marks that are pieces of one value: an address's street and town, a dinner and with whom."""
        found: set[tuple[str, str]] = set()
        for field in {filled[name] for name, _ in marked if filled.get(name)}:
            marks = [(name, words) for name, words in marked if filled.get(name) == field]
            texts = [words for _, words in marks]
            values = {getattr(one, field, None) for one in requests} if len(marks) > 1 else set()
            for value in (value for value in values if isinstance(value, str)):
                held = self._evidence.pieces(texts, value, row.language, context)
                found.update(mark for mark in marks if mark[1] in held)
        return found

    def _said(self, words: str, request: Request, row: Row, context: Context) -> bool:
        fields = ((kind, getattr(request, name)) for name, kind in kinds(type(request)).items())
        return any(
            value not in (None, "") and self._evidence.says(words, kind, value, row.language, context)
            for kind, value in fields
        )
