"""Lessons: what a teacher thinks of people's English sentences and of others like them, as shares of the decisions to learn from."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from assistant.bench.rows import folded
from assistant.training import meanings
from assistant.training.rows import GENERATED, TAUGHT, Row, read

VARIANTS: Final = 6
"""Sentences made of one of a person's."""
EXCHANGED: Final = 0.35
"""Share of its words that are exchanged for one of like meaning."""
LEFT_OUT: Final = 0.05
NEIGHBOURS: Final = 12
NEAR: Final = 0.4
"""Cosine that a neighbour has at least."""
SEEN: Final = 2
"""Rows that a word must stand in."""
LEAST: Final = 0.002
"""Probability below which a decision is not written down."""
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")

Neighbours = Mapping[str, Sequence[str]]
Judge = Callable[[Sequence[str]], "np.ndarray[Any, Any]"]
"""Sentences to probabilities of the decisions."""


def people(rows: Iterable[Row]) -> list[Row]:
    """Return the English rows that people said."""
    return [row for row in rows if row.language == "en" and row.source != GENERATED]


def write(
    said: Sequence[Row],
    near: Neighbours,
    apart: set[str],
    decided: Sequence[str],
    judge: Judge,
    to: Path,
    rng: random.Random,
) -> int:
    """Write rows and variants of them with the teacher's shares to a JSONL file, no variant that is folded in `apart`; return how many."""
    known = {folded(row.text) for row in said} | apart
    made = list(variants(said, near, known, rng))
    lessons = [*said, *made]
    found = judge([row.text for row in lessons])
    with to.open("w", encoding="utf-8") as file:
        for row, shares in zip(lessons, found, strict=True):
            pairs = zip(decided, shares, strict=True)
            soft = tuple((name, round(float(share), 3)) for name, share in pairs if share >= LEAST)
            first = (decided[int(shares.argmax())],) if row.source == TAUGHT else row.first
            file.write(replace(row, first=first, soft=soft).line() + "\n")
    return len(lessons)


def neighbours(rows: Iterable[Row]) -> Neighbours:
    """Return for each word that stands in some rows the words nearest in meaning."""
    counts = Counter(word for row in rows for word in set(_WORD.findall(row.text.lower())))
    words = sorted(word for word, count in counts.items() if count >= SEEN)
    vectors = meanings.encoded(words)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = {}
    for place, word in enumerate(words):
        near = vectors @ vectors[place]
        best = np.argsort(-near)[1 : NEIGHBOURS + 1]
        found[word] = [words[other] for other in best if near[other] >= NEAR]
    return found


def variants(rows: Iterable[Row], near: Neighbours, known: set[str], rng: random.Random) -> Iterator[Row]:
    """Yield rows whose words were exchanged for like ones or left out; none twice, none that is folded in `known`."""
    seen = set(known)
    for row in rows:
        for _ in range(VARIANTS):
            text = " ".join(_WORD.sub(lambda found: _other(found[0], near, rng), row.text.lower()).split())
            one = folded(text)
            if one and one not in seen:
                seen.add(one)
                yield Row(text, "en", TAUGHT, row.intent, row.first)


def _other(word: str, near: Neighbours, rng: random.Random) -> str:
    """Return the word, one of like meaning, or nothing."""
    way = rng.random()
    if way < LEFT_OUT:
        return ""
    choices = near.get(word, ())
    return rng.choice(choices) if choices and way < LEFT_OUT + EXCHANGED else word


def with_lessons(learnt: Iterable[Row], taught: Path) -> tuple[Row, ...]:
    """Return rows with what a teacher thinks of them, and the rows that only it knows; as they are where no teacher was asked."""
    lessons = tuple(read(taught)) if taught.exists() else ()
    soft = {row.text: row.soft for row in lessons if row.source != TAUGHT}
    said = (replace(row, soft=soft.get(row.text, ())) if row.source != GENERATED else row for row in learnt)
    return (*said, *(row for row in lessons if row.source == TAUGHT))
