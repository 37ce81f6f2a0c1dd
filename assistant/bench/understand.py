"""How well sentences are understood: rows of `{"text", "lang", "intent"}` against what an understanding makes of them."""

import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from assistant.bench.linear import Linear
from assistant.core.context import Context
from assistant.core.request import Request, Understanding
from assistant.core.text import LANGUAGES, Language, Transcript
from assistant.errors import UsageError

OOS: Final = "oos"
MOST_CONFUSIONS: Final = 20
SEVERAL: Final = "multi.multi"
"""Label of a sentence that holds requests of several labels."""


class Understand(Protocol):
    """As the port; what is measured."""

    def __call__(self, transcript: Transcript, context: Context, cancel: "Never") -> Understanding:
        """Return the requests of a sentence."""
        ...


class Never:
    """A cancel token that is never pulled."""

    def cancelled(self) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled sentence."""

    text: str
    language: Language
    intent: str


@dataclass(slots=True)
class Tally:
    """Counts of one language."""

    rows: int = 0
    right: int = 0
    in_scope: int = 0
    in_scope_right: int = 0
    out_of_scope: int = 0
    oos_acts: int = 0
    acts: int = 0
    acts_right: int = 0
    labels: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """True label to what it was taken for."""


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a JSONL file, gzipped or not; UsageError names the line that is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _row(line, f"{path.name}:{number}")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UsageError(f"{path}: {error}", "give a JSONL file, plain or .gz") from error


def _row(line: str, where: str) -> Row:
    """Return one row."""
    try:
        entry = json.loads(line)
        text, language, intent = entry["text"], entry["lang"], entry["intent"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f'{where}: no row of {{"text", "lang", "intent"}}', "one JSON object a line") from error
    if language not in LANGUAGES or not isinstance(text, str) or not isinstance(intent, str):
        raise UsageError(
            f"{where}: lang must be one of {', '.join(LANGUAGES)}, text and intent strings", "correct the row"
        )
    return Row(text, language, intent)


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


def run(
    data: Path,
    understand: Understand,
    requests: Iterable[type[Request]],
    contexts: Mapping[Language, Context],
    train: Path | None = None,
) -> dict[str, Any]:
    """Measure; `train` teaches the baseline, which else learns from the odd rows of `data` and is measured on the even ones."""
    known = answered(requests)
    tallies = {language: Tally() for language in LANGUAGES}
    spent_ms: list[float] = []
    found = list(rows(data))
    for row in found:
        began = time.perf_counter()
        understanding = understand(Transcript(row.text, row.language), contexts[row.language], Never())
        spent_ms.append((time.perf_counter() - began) * 1000)
        _count(tallies[row.language], truth(row, known), understanding.requests)
    return {
        **_figures(tallies, spent_ms),
        "baseline": _baseline(found, known, list(rows(train)) if train else None),
        **_tables(tallies),
    }


def _count(tally: Tally, label: str, requests: Sequence[Request]) -> None:
    """Add one row."""
    heard = taken_for(requests, label)
    right = heard == label
    tally.rows += 1
    tally.right += right
    tally.labels[label][heard] += 1
    if label == OOS:
        tally.out_of_scope += 1
        tally.oos_acts += bool(requests)
    else:
        tally.in_scope += 1
        tally.in_scope_right += right
    tally.acts += bool(requests)
    tally.acts_right += bool(requests) and right


def _figures(tallies: Mapping[Language, Tally], spent_ms: Sequence[float]) -> dict[str, Any]:
    """Return the figures other programs rely on."""
    both = list(tallies.values())
    ordered = sorted(spent_ms) or [0.0]
    return {
        "rows": sum(tally.rows for tally in both),
        "accuracy": {language: _share(tally.right, tally.rows) for language, tally in tallies.items()},
        "accuracy_in_scope": {
            language: _share(tally.in_scope_right, tally.in_scope) for language, tally in tallies.items()
        },
        "oos_acts": _share(sum(tally.oos_acts for tally in both), sum(tally.out_of_scope for tally in both)),
        "precision": {language: _share(tally.acts_right, tally.acts) for language, tally in tallies.items()},
        "ms": {
            name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
    }


def _tables(tallies: Mapping[Language, Tally]) -> dict[str, Any]:
    """Return recall and precision of every label, and the most frequent confusions."""
    return {
        "labels": {language: _by_label(tally) for language, tally in tallies.items()},
        "confusions": {language: _confusions(tally) for language, tally in tallies.items()},
    }


def _confusions(tally: Tally) -> list[dict[str, str | int]]:
    """Return what was most often taken for something else that acts."""
    taken = ((rows, label, heard) for label, others in tally.labels.items() for heard, rows in others.items())
    wrong = sorted((-rows, label, heard) for rows, label, heard in taken if heard not in (label, OOS))
    return [{"label": label, "taken_for": heard, "rows": -rows} for rows, label, heard in wrong[:MOST_CONFUSIONS]]


def _by_label(tally: Tally) -> dict[str, dict[str, float]]:
    """Return rows, recall and precision of every label of one language."""
    heard: Counter[str] = Counter()
    for taken in tally.labels.values():
        heard.update(taken)
    return {
        label: {
            "rows": taken.total(),
            "recall": _share(taken[label], taken.total()),
            "precision": _share(taken[label], heard[label]),
        }
        for label, taken in sorted(tally.labels.items())
    }


def _baseline(found: Sequence[Row], known: frozenset[str], train: Sequence[Row] | None) -> dict[str, Any]:
    """Return the same figures for a linear classifier of character n-grams."""
    tallies: dict[str, Any] = {"kind": "hashed character n-grams, linear", "accuracy": {}, "accuracy_in_scope": {}}
    acts, out_of_scope = 0, 0
    for language in LANGUAGES:
        own = [row for row in found if row.language == language]
        learn = own[1::2] if train is None else [row for row in train if row.language == language]
        measured = own[::2] if train is None else own
        model = Linear([row.text for row in learn], [truth(row, known) for row in learn])
        guesses = [model.guess(row.text) for row in measured]
        labels = [truth(row, known) for row in measured]
        scope = [label != OOS for label in labels]
        tallies["accuracy"][language] = _share(sum(map(str.__eq__, guesses, labels)), len(labels))
        tallies["accuracy_in_scope"][language] = _share(
            sum(guess == label for guess, label, inside in zip(guesses, labels, scope, strict=True) if inside),
            sum(scope),
        )
        acts += sum(guess != OOS for guess, inside in zip(guesses, scope, strict=True) if not inside)
        out_of_scope += len(scope) - sum(scope)
    return {**tallies, "oos_acts": _share(acts, out_of_scope)}


def _share(part: float, whole: float) -> float:
    """Return part of whole, 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0
