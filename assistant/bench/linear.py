"""The plain baseline: a linear classifier over hashed character n-grams, averaged perceptron, standard library only."""

import random
import zlib
from collections.abc import Sequence
from typing import Final

BUCKETS: Final = 1 << 18
LENGTHS: Final = (2, 4)
ROUNDS: Final = 2
SEED: Final = 7


class Linear:
    """Learns labels of texts at once; guesses after."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Learn (averaged perceptron, Collins 2002)."""
        self.labels = sorted(set(labels)) or [""]
        self.weights: dict[int, dict[int, float]] = {}
        self._sums: dict[int, dict[int, float]] = {}
        index = {label: number for number, label in enumerate(self.labels)}
        rows = [(features(text), index[label]) for text, label in zip(texts, labels, strict=True)]
        order, step = list(range(len(rows))), 1
        for _ in range(ROUNDS):
            random.Random(SEED).shuffle(order)  # noqa: S311 - an order, not a secret
            for row in order:
                found, label = rows[row]
                guessed = self._best(found)
                if guessed != label:
                    self._learn(found, label, 1.0, step)
                    self._learn(found, guessed, -1.0, step)
                step += 1
        for feature, row_sums in self._sums.items():
            weights = self.weights[feature]
            for label, total in row_sums.items():
                weights[label] -= total / step
        self._sums.clear()

    def guess(self, text: str) -> str:
        """Return the likeliest label."""
        return self.labels[self._best(features(text))]

    def _best(self, found: Sequence[int]) -> int:
        """Return the number of the best label."""
        scores: dict[int, float] = {}
        for feature in found:
            for label, weight in self.weights.get(feature, {}).items():
                scores[label] = scores.get(label, 0.0) + weight
        return max(scores, key=scores.__getitem__) if scores else 0

    def _learn(self, found: Sequence[int], label: int, change: float, step: int) -> None:
        """Move the weights of the features towards or away from a label."""
        for feature in found:
            weights = self.weights.setdefault(feature, {})
            sums = self._sums.setdefault(feature, {})
            weights[label] = weights.get(label, 0.0) + change
            sums[label] = sums.get(label, 0.0) + change * step


def features(text: str) -> list[int]:
    """Return the numbers of the character n-grams of a text, padded and in lower case."""
    padded = f" {text.lower()} "
    grams = {padded[start : start + length] for length in LENGTHS for start in range(len(padded) - length + 1)}
    return [zlib.crc32(gram.encode()) % BUCKETS for gram in sorted(grams)]
