"""Rows to batches: balanced draws, small changes of spelling, tokens of like length side by side; all of it from a seed."""

import random
import string
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from assistant.skills import by_request
from assistant.training.rename import Renamer
from assistant.training.rows import GENERATED, TAUGHT, Row
from assistant.understand.schema import NONE

BALANCE: Final = 0.45
"""Weight of a row = rows of its kind to the power of minus this: 0 draws as written, 1 draws every label equally often."""
REAL: Final = 3.0
"""How much more often than a generated row a person's is drawn."""
QUOTED: Final = 4.0
"""How much more often than a row of the same kind one is drawn that words are copied in."""
NOT_OURS: Final = 0.36
"""Share of rows whose answer is `none`, in each language."""
REPEATED: Final = 0.15
"""Examples of nothing but copying for every row."""
REPEAT_TOKENS: Final = (3, 20)
CHUNK: Final = 32
"""Batches that are drawn together and sorted by length."""
LONGEST: Final = 120
"""Tokens of a prompt; the end of a longer one is cut."""
TAUGHT_SHARE: Final = 0.4
"""Share of a language's rows that only a teacher knows, where there are any."""
DROPPED: Final = 0.06
"""Share of the tokens of a prompt that are hidden."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row in tokens."""

    prompt: Sequence[int]
    answer: Sequence[int]
    """The whole answer, or nothing."""
    first: Sequence[int]
    """What the answer may begin with, as places among the decisions."""
    soft: Sequence[tuple[int, float]] = ()
    """What a teacher thinks it begins with, and how likely."""
    taught: bool = False
    """Whether only the teacher knows."""


def weights(rows: Sequence[Row]) -> list[float]:
    """Return how likely each row is to be drawn: languages alike, a third for what is not ours, rare labels more than their number says."""
    kinds = [(row.language, row.intent, row.source in (GENERATED, TAUGHT)) for row in rows]
    counts = Counter(kinds)
    shares = [QUOTED if '"' in row.answer else 1.0 for row in rows]
    sums: dict[tuple[str, str, bool], float] = defaultdict(float)
    for kind, share in zip(kinds, shares, strict=True):
        sums[kind] += share
    raw = [
        share * counts[kind] / sums[kind] * counts[kind] ** -BALANCE * (1.0 if kind[2] else REAL)
        for kind, share in zip(kinds, shares, strict=True)
    ]
    groups = [(row.language, TAUGHT if row.source == TAUGHT else row.first == (NONE,)) for row in rows]
    totals: dict[tuple[str, str | bool], float] = defaultdict(float)
    for group, weight in zip(groups, raw, strict=True):
        totals[group] += weight
    parts = {
        group: TAUGHT_SHARE
        if group[1] == TAUGHT
        else (NOT_OURS if group[1] else 1 - NOT_OURS) * (1 - TAUGHT_SHARE * ((group[0], TAUGHT) in totals))
        for group in totals
    }
    return [weight / totals[group] * parts[group] for group, weight in zip(groups, raw, strict=True)]


class Spelling(Protocol):
    """How a network's tokens spell prompts and answers."""

    @property
    def pad(self) -> int | None:
        """The token that hides a word, None for a network that learnt words, and to copy them, elsewhere."""

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of prompts: each text and a newline."""

    def answer(self, answer: str, *, spaced: bool) -> list[int]:
        """Return the tokens of an answer of `schema`'s form, its end included; `spaced` for a language that writes spaces."""


class Feed:
    """Batches without end; batch `n` is the same whenever it is asked for."""

    def __init__(self, rows: Sequence[Row], encoder: Spelling, decided: Sequence[str], batch: int, seed: int) -> None:
        """Take the rows, and what an answer may begin with in the order of the tokens."""
        self._rows, self._encoder, self._batch, self._seed = rows, encoder, batch, seed
        self._places: Mapping[str, int] = {name: place for place, name in enumerate(decided)}
        self._cumulated = _cumulated(weights(rows))
        self._renamed = Renamer(rows, by_request())
        repeated = 0.0 if encoder.pad is None else REPEATED
        self._drawn = round(CHUNK * batch / (1 + repeated))

    def chunks(self, begin: int) -> Iterator[list[list[Example]]]:
        """Yield chunks of CHUNK batches, from chunk `begin` on."""
        number = begin
        while True:
            rng = random.Random(f"{self._seed}/{number}")
            drawn = rng.choices(self._rows, cum_weights=self._cumulated, k=self._drawn)
            examples = sorted(self._examples(drawn, rng), key=lambda one: len(one.prompt) + len(one.answer))
            batches = [examples[start : start + self._batch] for start in range(0, len(examples), self._batch)]
            rng.shuffle(batches)
            yield batches
            number += 1

    def _examples(self, rows: Sequence[Row], rng: random.Random) -> list[Example]:
        """Return rows as tokens, spelled as people and recognisers spell."""
        spelled = [respelled(self._renamed(row, rng), rng) for row in rows]
        prompts = self._encoder.prompts([row.text for row in spelled])
        repeats = CHUNK * self._batch - len(rows)
        return [self._repeat(prompts, rng) for _ in range(repeats)] + [
            Example(
                _thinned(prompt, rng, None if '"' in row.answer else self._encoder.pad),
                self._encoder.answer(row.answer, spaced=row.language == "en") if row.answer else (),
                [self._places[name] for name in row.first],
                [(self._places[name], share) for name, share in row.soft],
                row.source == TAUGHT,
            )
            for prompt, row in zip(prompts, spelled, strict=True)
        ]

    def _repeat(self, prompts: Sequence[Sequence[int]], rng: random.Random) -> Example:
        """Return tokens in no order, which ask for nothing, and the same again in quotes: nothing but copying foretells them."""
        words = [rng.choice(rng.choice(prompts)[:-1] or [0]) for _ in range(rng.randint(*REPEAT_TOKENS))]
        quote = self._encoder.answer('""', spaced=False)[:1]
        return Example([*words, prompts[0][-1]], [*quote, *words, *quote], [self._places[NONE]])


def respelled(row: Row, rng: random.Random) -> Row:
    """Return the row in lower case, without its last mark, or with both as a recogniser writes them."""
    text, answer, way = row.text, row.answer, rng.random()
    if way < 0.5:
        text, answer = text.lower(), _lower_quoted(answer)
    elif way < 0.6 and text.islower():
        text = text[0].upper() + text[1:]
        if rng.random() < 0.7:
            text += "." if row.language == "en" else "。"
    if way < 0.4:
        text = text.rstrip(string.punctuation + "。，？！ ") or text
    return replace(row, text=text, answer=answer)


def _lower_quoted(answer: str) -> str:
    """Return an answer with its quoted words in lower case."""
    pieces = answer.split('"')
    return '"'.join(piece.lower() if place % 2 else piece for place, piece in enumerate(pieces))


def _thinned(prompt: Sequence[int], rng: random.Random, pad: int | None) -> list[int]:
    """Return a prompt, its end cut where it is too long, some tokens hidden unless words are copied from it."""
    short = [*prompt[:LONGEST], prompt[-1]] if len(prompt) > LONGEST + 1 else list(prompt)
    if pad is None or len(short) < 4:
        return short
    return [pad if rng.random() < DROPPED and place < len(short) - 1 else token for place, token in enumerate(short)]


def _cumulated(values: Sequence[float]) -> list[float]:
    """Return running sums."""
    total, sums = 0.0, []
    for value in values:
        total += value
        sums.append(total)
    return sums
