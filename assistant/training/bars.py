"""The bars of a trained model: what its probabilities must reach to act, to ask, to doubt the rules, chosen on labelled rows."""

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.bench.rows import OOS, SEVERAL, answered, folded, measured
from assistant.core.context import Context
from assistant.core.request import Request
from assistant.core.text import LANGUAGES
from assistant.training.rows import NOW
from assistant.understand.layers import LEFT_OVER
from assistant.understand.rules import Rules
from assistant.understand.schema import NONE

MOST_ACTS: Final = 0.006
"""Share of the rows that are not ours that may act, the rules' own included."""
ACTS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)
NONES: Final = (0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001, 0.0007, 0.0005, 0.0003)
ASKS: Final = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2)
DOUBTS: Final = (2.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)


def chosen_on(text: str) -> bool:
    """Return whether bars are chosen on a measured sentence; figures are told on the others."""
    return measured(text) and hashlib.sha256(folded(text).encode()).digest()[1] % 2 == 0


@dataclass(frozen=True, slots=True)
class Case:
    """What rules and model make of one labelled row."""

    ours: bool
    """Whether a request answers its label."""
    ruled: bool
    """Whether the rules read it, and whether with free words."""
    loose: bool
    rules_right: bool
    decided: bool
    """Whether the model's likeliest decision is a request, its probability with all of the same effect, and that of `none`."""
    decision: float
    none: float
    right: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Bars, and what they bring: rows right without a question, wrong acts of ours, acts of what is not ours."""

    act: float
    none: float
    doubt: float
    right: int
    wrong: int
    acts: int


def cases(
    entries: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[float]],
    decided: Sequence[str],
    requests: Sequence[type[Request]],
) -> Iterator[Case]:
    """Yield a case for every labelled row and the model's probabilities of the decisions."""
    rules = Rules(requests)
    labels = {request.__name__: request.labels or (OOS,) for request in requests} | {NONE: (OOS,)}
    known = answered(requests)
    contexts = {language: Context(0.0, NOW, language) for language in LANGUAGES}
    for entry, shares in zip(entries, found, strict=True):
        language, intent = entry["lang"], entry["intent"]
        truth = intent if intent in known else OOS
        read = rules.read(entry["text"], language, contexts[language])
        reads = read.reads if read else ()
        best = max(range(len(decided)), key=shares.__getitem__)
        effect = labels[decided[best]][0]
        same = sum(share for name, share in zip(decided, shares, strict=True) if labels[name][0] == effect)
        said = truth in labels[decided[best]] or truth == SEVERAL
        exact = all(truth in labels[type(one.request).__name__] for one in reads) or (
            truth == SEVERAL and len(reads) > 1
        )
        loose = bool(read and read.cost >= LEFT_OVER)
        yield Case(
            truth != OOS, bool(reads), loose, exact, decided[best] != NONE, same, shares[decided.index(NONE)], said
        )


def choose(found: Sequence[Case]) -> Choice:
    """Return the bars with most rows right unasked among those that keep MOST_ACTS, or those with fewest acts if none does."""
    allowed = MOST_ACTS * sum(not case.ours for case in found)
    choices = [weighed(found, *bars) for bars in itertools.product(ACTS, NONES, DOUBTS)]
    kept = [choice for choice in choices if choice.acts <= allowed]
    return max(kept or choices, key=lambda one: (0 if kept else -one.acts, one.right - one.wrong, one.act))


def ask(found: Sequence[Case]) -> float:
    """Return the bar of a question with most rows right by the model alone, where a question about what is not ours is wrong; of equal ones the highest."""

    def right(bar: float) -> int:
        return sum(case.right if case.decided and case.decision >= bar else not case.ours for case in found)

    return max(ASKS, key=right)


def weighed(found: Sequence[Case], act: float, none: float, doubt: float) -> Choice:
    """Return what the bars would bring on these rows."""
    right = wrong = acts = 0
    for case in found:
        if case.ruled:
            moved, good = not case.loose or case.none < doubt, case.rules_right
        else:
            moved, good = case.decided and case.decision >= act and case.none < none, case.right
        acts += moved and not case.ours
        right += moved and case.ours and good
        wrong += moved and case.ours and not good
    return Choice(act, none, doubt, right, wrong, acts)
