"""Decoding: the likeliest sentence at all, and the likeliest of those that a word graph allows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.core.ports import Cancel
from assistant.hear.bound import Allowed, Bound, Place
from assistant.hear.network import Floats, Network
from assistant.hear.vocabulary import END

WIDTH = 8
"""Hypotheses kept: wider finds nothing more, neither on the barista clips nor on synthetic commands."""
MARGIN = 12.0
"""A hypothesis is dropped if its log-probability is so far below the best."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A decoded sentence."""

    tokens: tuple[int, ...]
    """Without start and end."""
    scores: tuple[float, ...]
    """Log-probability of each token and of the end; the end is missing where the limit cut the sentence."""

    @property
    def total(self) -> float:
        """Return the sentence's log-probability."""
        return sum(self.scores)


def greedy(network: Network, sound: Floats, longest: int, cancel: Cancel) -> Reading | None:
    """Return the sentence of likeliest tokens, at most `longest`; None if cancelled. Raises EngineError."""
    scores, memory = network.begin(sound)
    tokens: list[int] = []
    kept: list[float] = []
    while not cancel.cancelled():
        token = int(scores[0].argmax())
        kept.append(float(scores[0, token]))
        if token == END:
            return Reading(tuple(tokens), tuple(kept))
        tokens.append(token)
        if len(tokens) >= longest:
            return Reading(tuple(tokens), tuple(kept))
        scores, memory = network.go_on(np.array([token]), memory)
    return None


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """A sentence in the making."""

    reading: Reading
    place: Place
    said: str
    total: float


def search(
    network: Network, sound: Floats, bound: Bound, longest: int, cancel: Cancel, *, least: float = -np.inf
) -> tuple[Reading, ...]:
    """Return whole sentences of the graph that differ in words, likeliest first, all above `least`; none if cancelled.

    Raises EngineError.
    """
    scores, memory = network.begin(sound)
    beam = [_Hypothesis(Reading((), ()), bound.start, "", 0.0)]
    finished: list[_Hypothesis] = []
    for _ in range(longest):
        finished = _best([*finished, *_ended(beam, scores, bound)], least)
        if finished:
            least = max(least, finished[0].total - MARGIN, finished[-1].total if len(finished) == WIDTH else -np.inf)
        rows, beam = _extended(beam, scores, bound, least)
        if not beam or cancel.cancelled():
            break
        tokens = np.array([hypothesis.reading.tokens[-1] for hypothesis in beam])
        scores, memory = network.go_on(tokens, memory.chosen(rows))
    return () if cancel.cancelled() else tuple(hypothesis.reading for hypothesis in finished)


def _best(finished: Sequence[_Hypothesis], least: float) -> list[_Hypothesis]:
    """Return the WIDTH best sentences above `least`, of those that say the same the best."""
    best: dict[str, _Hypothesis] = {}
    for hypothesis in sorted(finished, key=lambda hypothesis: -hypothesis.total):
        if hypothesis.total > least:
            best.setdefault(hypothesis.said.strip(), hypothesis)
    return list(best.values())[:WIDTH]


def _ended(beam: Sequence[_Hypothesis], scores: Floats, bound: Bound) -> list[_Hypothesis]:
    """Return the hypotheses that may end here, ended."""
    ended = []
    for row, hypothesis in enumerate(beam):
        if bound.complete(hypothesis.place):
            score = float(scores[row, END])
            reading = Reading(hypothesis.reading.tokens, (*hypothesis.reading.scores, score))
            ended.append(_Hypothesis(reading, hypothesis.place, hypothesis.said, hypothesis.total + score))
    return ended


def _extended(
    beam: Sequence[_Hypothesis], scores: Floats, bound: Bound, least: float
) -> tuple[npt.NDArray[np.int64], list[_Hypothesis]]:
    """Return the WIDTH best hypotheses one token longer and the row each came from; of those that say the same the best."""
    candidates: list[tuple[float, int, int]] = []
    choices = [bound.allowed(hypothesis.place) for hypothesis in beam]
    for row, (hypothesis, allowed) in enumerate(zip(beam, choices, strict=True)):
        totals = hypothesis.total + scores[row, allowed.tokens]
        best = np.argsort(-totals)[: 4 * WIDTH]
        candidates += zip(totals[best].tolist(), [row] * len(best), best.tolist(), strict=True)
    candidates.sort(reverse=True)
    rows: list[int] = []
    longer: dict[str, _Hypothesis] = {}
    for total, row, at in candidates:
        if len(longer) == WIDTH or total <= max(least, candidates[0][0] - MARGIN):
            break
        said = beam[row].said + bound.said(int(choices[row].spellings[at]))
        if said not in longer:
            rows.append(row)
            longer[said] = _grown(beam[row], bound, choices[row], at, total)
    return np.array(rows, np.int64), list(longer.values())


def _grown(hypothesis: _Hypothesis, bound: Bound, allowed: Allowed, at: int, total: float) -> _Hypothesis:
    """Return the hypothesis with one of the allowed tokens more."""
    tokens = (*hypothesis.reading.tokens, int(allowed.tokens[at]))
    reading = Reading(tokens, (*hypothesis.reading.scores, total - hypothesis.total))
    spelling = int(allowed.spellings[at])
    return _Hypothesis(reading, bound.after(hypothesis.place, spelling), hypothesis.said + bound.said(spelling), total)
