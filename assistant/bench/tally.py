"""Counting what sentences were taken for, and the figures of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from assistant.bench.rows import OOS, Row, taken_for, truth
from assistant.core.request import Request, Understanding
from assistant.core.text import LANGUAGES, Language

MOST_CONFUSIONS: Final = 20


@dataclass(slots=True)
class Tally:
    """Counts of one language."""

    rows: int = 0
    right: int = 0
    in_scope: int = 0
    in_scope_right: int = 0
    out_of_scope: int = 0
    oos_acts: int = 0
    asks: int = 0
    right_unasked: int = 0
    acts: int = 0
    acts_right: int = 0
    labels: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """True label to what it was taken for."""
    sources: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    """Source to whether each of its rows was right."""

    def count(self, label: str, requests: Sequence[Request], *, asks: bool = False, source: str = "") -> bool:
        """Add one row and tell whether it was right; out of scope that is where nothing is done, though it may be asked about."""
        heard = taken_for(requests, label)
        right = heard == label or (label == OOS and asks)
        acts = bool(requests) and not asks
        self.rows += 1
        self.right += right
        self.labels[label][heard] += 1
        self.sources[source].append(right)
        if label == OOS:
            self.out_of_scope += 1
            self.oos_acts += acts
        else:
            self.in_scope += 1
            self.in_scope_right += right
        self.asks += bool(requests) and asks
        self.right_unasked += right and not (requests and asks)
        self.acts += acts
        self.acts_right += acts and right
        return right


class Score:
    """What one way of understanding made of rows, and how long it took."""

    def __init__(self, known: frozenset[str]) -> None:
        """Take the labels that are answered."""
        self._known = known
        self.tallies: dict[Language, Tally] = {language: Tally() for language in LANGUAGES}
        self.spent_ms: list[float] = []

    def count(self, row: Row, understood: Understanding, spent_ms: float) -> bool:
        """Add one row; tell whether it was right."""
        self.spent_ms.append(spent_ms)
        label = truth(row, self._known)
        tally = self.tallies[row.language]
        return tally.count(label, understood.requests, asks=understood.unsure, source=row.source)

    def figures(self) -> dict[str, Any]:
        """Return shares; `asks` are the sentences that are asked about first, which `accuracy_unasked` counts as not understood."""
        tallies, both = self.tallies, list(self.tallies.values())
        return {
            "rows": sum(tally.rows for tally in both),
            "accuracy": {language: share(tally.right, tally.rows) for language, tally in tallies.items()},
            "accuracy_in_scope": {
                language: share(tally.in_scope_right, tally.in_scope) for language, tally in tallies.items()
            },
            "oos_acts": share(sum(tally.oos_acts for tally in both), sum(tally.out_of_scope for tally in both)),
            "oos_acts_by_language": {
                language: share(tally.oos_acts, tally.out_of_scope) for language, tally in tallies.items()
            },
            "precision": {language: share(tally.acts_right, tally.acts) for language, tally in tallies.items()},
            "accuracy_unasked": {
                language: share(tally.right_unasked, tally.rows) for language, tally in tallies.items()
            },
            "asks": {language: share(tally.asks, tally.rows) for language, tally in tallies.items()},
            "ms": quantiles(self.spent_ms),
        }

    def tables(self) -> dict[str, Any]:
        """Return recall and precision of every label, accuracy of every source, and the most frequent confusions."""
        return {
            "labels": {language: _by_label(tally) for language, tally in self.tallies.items()},
            "sources": {language: _by_source(tally) for language, tally in self.tallies.items()},
            "confusions": {language: _confusions(tally) for language, tally in self.tallies.items()},
        }


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99; 0 of nothing."""
    ordered = sorted(values) or [0.0]
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 3) for name, part in shares}


def share(part: float, whole: float) -> float:
    """Return part of whole, 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


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
            "recall": share(taken[label], taken.total()),
            "precision": share(taken[label], heard[label]),
        }
        for label, taken in sorted(tally.labels.items())
    }


def _by_source(tally: Tally) -> Mapping[str, dict[str, float]]:
    """Return rows and accuracy of every source of one language that is told."""
    return {
        source: {"rows": len(found), "accuracy": share(sum(found), len(found))}
        for source, found in sorted(tally.sources.items())
        if source
    }
