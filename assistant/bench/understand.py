"""How well sentences are understood: labelled rows against what an understanding makes of them, beside other ways on the same rows."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from assistant.bench.linear import Linear
from assistant.bench.noise import Noise
from assistant.bench.rows import OOS, Row, answered, folded, measured, rows, sample, truth
from assistant.bench.slots import Slots
from assistant.bench.tally import Score, share
from assistant.core.context import Context
from assistant.core.request import Request, Understanding
from assistant.core.text import LANGUAGES, Language, Transcript
from assistant.understand.evidence import Evidence

NOISY: Final = 4
"""Every so many-th row is also understood with a recogniser's errors in it."""


class Never:
    """A cancel token that is never pulled."""

    def cancelled(self) -> bool:
        """Return False."""
        return False


class Understand(Protocol):
    """As the port; what is measured."""

    def __call__(self, transcript: Transcript, context: Context, cancel: Never) -> Understanding:
        """Return the requests of a sentence."""
        ...


Contexts = Mapping[Language, Context]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Data:
    """What is measured on."""

    path: Path
    train: Path | None = None
    """What models and the baseline may have learnt from: of `path` only the half that nobody learns is measured. Without it, all of it is."""
    most: int = 0
    """Rows of a fixed draw; 0 means all."""


def run(
    data: Data,
    understand: Understand,
    requests: Iterable[type[Request]],
    contexts: Contexts,
    *,
    apart: Mapping[str, Understand] = MappingProxyType({}),
    evidence: Evidence | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Measure; `apart` are other ways, each with its figures under its name; `evidence` tells which marked values are exact."""
    known = answered(requests)
    everything = [row for row in rows(data.path) if not data.train or measured(row.text)]
    found = sample(everything, data.most)
    slots = Slots(evidence) if evidence else None
    score, noisy = Score(known), Score(known)
    others = {name: Score(known) for name in apart}
    noise = Noise(everything)
    for row in {row.language: row for row in found}.values():
        for way in (understand, *apart.values()):
            _timed(way, row, contexts, Score(known))  # what is compiled at the first sentence does not count
    for number, row in enumerate(found, 1):
        progress(f"sentence {number} of {len(found)}")
        understood = _timed(understand, row, contexts, score)
        if slots is not None and understood is not None and row.intent in known:
            slots.count(row, understood.requests, contexts[row.language])
        for name, other in apart.items():
            _timed(other, row, contexts, others[name])
        if number % NOISY == 0:
            _timed(understand, noise(row), contexts, noisy)
    progress("the baseline learns")
    return {
        **score.figures(),
        "drawn_from": len(everything),
        "baseline": _baseline(found, known, _apart(rows(data.train), everything) if data.train else None),
        **{name: other.figures() for name, other in others.items()},
        "with_noise": noisy.figures(),
        **({"slots": slots.figures()} if slots else {}),
        **score.tables(),
    }


def _apart(train: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """Return the rows to learn from without any sentence that is measured on, however it is spaced and punctuated."""
    taken = {folded(row.text) for row in others}
    return [row for row in train if folded(row.text) not in taken]


def _timed(understand: Understand, row: Row, contexts: Contexts, score: Score) -> Understanding | None:
    """Understand a row and count it; return the understanding if it was right."""
    began = time.perf_counter()
    understood = understand(Transcript(row.text, row.language), contexts[row.language], Never())
    right = score.count(row, understood, (time.perf_counter() - began) * 1000)
    return understood if right else None


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
        tallies["accuracy"][language] = share(sum(map(str.__eq__, guesses, labels)), len(labels))
        tallies["accuracy_in_scope"][language] = share(
            sum(guess == label for guess, label, inside in zip(guesses, labels, scope, strict=True) if inside),
            sum(scope),
        )
        acts += sum(guess != OOS for guess, inside in zip(guesses, scope, strict=True) if not inside)
        out_of_scope += len(scope) - sum(scope)
    return {**tallies, "oos_acts": share(acts, out_of_scope)}
