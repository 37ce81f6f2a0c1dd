"""Labelled sentences: rows of `{"text", "lang", "intent"}`, some with `source` and `slots`, and which label a request answers."""

import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assistant.core.request import Request
from assistant.core.text import LANGUAGES, Language
from assistant.errors import UsageError

OOS: Final = "oos"
SEVERAL: Final = "multi.multi"
"""Label of a sentence that holds requests of several labels."""
SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled sentence."""

    text: str
    language: Language
    intent: str
    source: str = ""
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words of the sentence by what their source calls them."""


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a JSONL file, gzipped or not; UsageError names the line that is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _row(line, f"{path.name}:{number}")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UsageError(f"{path}: {error}", "give a JSONL file, plain or .gz") from error


def sample(found: Sequence[Row], most: int) -> list[Row]:
    """Return all the rows, or `most` of them drawn with a fixed seed; 0 means all."""
    if not most or most >= len(found):
        return list(found)
    return random.Random(SEED).sample(found, most)  # noqa: S311 - a draw, not a secret


def folded(text: str) -> str:
    """Return what two sentences that are one have in common: no case, no marks, no spaces."""
    return "".join(char for char in text.lower() if char.isalnum())


def measured(text: str) -> bool:
    """Return whether a sentence belongs to the half that is only ever measured on, the other half of the labelled rows being free to learn from."""
    return hashlib.sha256(folded(text).encode()).digest()[0] % 2 == 0


def answered(requests: Iterable[type[Request]]) -> frozenset[str]:
    """Return every label that some request class answers."""
    return frozenset((*(label for request in requests for label in request.labels), SEVERAL))


def truth(row: Row, known: frozenset[str]) -> str:
    """Return the row's label, `oos` if no request class answers it."""
    return row.intent if row.intent in known else OOS


def taken_for(requests: Sequence[Request], label: str) -> str:
    """Return the label that an understanding stands for: `label` itself wherever the requests answer it."""
    if not requests:
        return OOS
    choices = [request.labels or (OOS,) for request in requests]
    if all(label in one for one in choices) or (label == SEVERAL and len(requests) > 1):
        return label
    firsts = {one[0] for one in choices}
    return firsts.pop() if len(firsts) == 1 else SEVERAL


def _row(line: str, where: str) -> Row:
    """Return one row."""
    try:
        entry = json.loads(line)
        text, language, intent = entry["text"], entry["lang"], entry["intent"]
        source, slots = entry.get("source", ""), dict(entry.get("slots") or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f'{where}: no row of {{"text", "lang", "intent"}}', "one JSON object a line") from error
    if language not in LANGUAGES or not all(isinstance(value, str) for value in (text, intent, source)):
        raise UsageError(
            f"{where}: lang must be one of {', '.join(LANGUAGES)}, text, intent and source strings", "correct the row"
        )
    values = {
        name: tuple(map(str, value)) if isinstance(value, list) else (str(value),) for name, value in slots.items()
    }
    return Row(text, language, intent, source, values)
