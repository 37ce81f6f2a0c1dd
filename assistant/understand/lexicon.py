"""The words of the sentences, found by how they sound."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Final

from assistant.core.text import Language
from assistant.understand.phones import lost, sounds, swap, syllable

WORD_BOUND: Final = 0.22
"""Cost a phone up to which a word may have been misheard."""
KNOWN_BOUND: Final = 0.16
"""The same for a word that itself stands in some sentence."""
SYLLABLE_BOUND: Final = 0.5
SHORTEST: Final = 3
"""A word counts as at least so many phones, so that short words are not more easily mistaken."""
LONGEST: Final = 16
"""Phones looked at."""


class _Node:
    """A beginning of sounds."""

    __slots__ = ("further", "words")

    def __init__(self) -> None:
        self.further: dict[str, _Node] = {}
        self.words: list[str] = []


class Lexicon:
    """A vocabulary of one language."""

    def __init__(self, words: Iterable[str], language: Language) -> None:
        """Put the sounds of the words into a tree."""
        self.words = frozenset(words)
        self.language = language
        self._root = _Node()
        for word in sorted(self.words) if language != "zh" else ():
            for sound in sounds(word, language):
                node = self._root
                for phone in sound:
                    node = node.further.setdefault(phone, _Node())
                node.words.append(word)
        self.near = lru_cache(maxsize=4096)(self._near)

    def _near(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return every word that the heard ones may stand for, with its cost."""
        if self.language == "zh":
            return self._syllables(heard)
        found: dict[str, float] = {}
        known = all(word in self.words for word in heard)
        for parts in product(*(sounds(word, self.language) for word in heard)):
            sound = "".join(parts)[:LONGEST]
            bound = (KNOWN_BOUND if known else WORD_BOUND) * max(len(sound), SHORTEST)
            for word, cost in self._spelled(sound, bound):
                found[word] = min(cost, found.get(word, cost))
        return found

    def _syllables(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return the characters that sound like the heard one."""
        if len(heard) != 1:
            return {}
        costs = ((word, syllable(heard[0], word)) for word in self.words if len(word) == 1)
        return {word: cost for word, cost in costs if cost <= SYLLABLE_BOUND}

    def _spelled(self, sound: str, bound: float) -> Iterator[tuple[str, float]]:
        """Yield the words whose alignment with the sound costs at most `bound` (weighted Levenshtein down the tree, cut where hopeless)."""
        first = [0.0]
        for phone in sound:
            first.append(first[-1] + lost(phone))
        too_many = [lost(phone) for phone in sound]
        todo = [(self._root, first)]
        while todo:
            node, above = todo.pop()
            if node.words and above[-1] <= bound:
                yield from ((word, above[-1]) for word in node.words)
            for phone, further in node.further.items():
                costs, gone = _swaps(phone, sound), lost(phone)
                left = above[0] + gone
                row, least = [left], left
                for index, cost in enumerate(costs):
                    left = min(above[index] + cost, above[index + 1] + gone, left + too_many[index])
                    row.append(left)
                    least = min(least, left)
                if least <= bound:
                    todo.append((further, row))


@lru_cache(maxsize=4096)
def _swaps(phone: str, sound: str) -> tuple[float, ...]:
    """Return the cost of taking the phone for each phone of the sound."""
    return tuple(swap(phone, other) for other in sound)
