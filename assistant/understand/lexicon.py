"""The words of the sentences, found by how they sound."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import Final

from assistant.core.text import Language
from assistant.understand.phones import between, size, sounds, syllable

WORD_BOUND: Final = 0.25
"""Cost a phone up to which a word may have been misheard."""
SYLLABLE_BOUND: Final = 0.5
CLASSES: Final = ("pbfv", "tdT", "kg", "szSZCJ", "mnN", "lr")
MOST_CLASSES_APART: Final = 3
SHORTEST: Final = 3
"""A word counts as at least so many phones, so that short words are not more easily mistaken."""


class Lexicon:
    """A vocabulary of one language."""

    def __init__(self, words: Iterable[str], language: Language) -> None:
        """Sort the words by length and consonants."""
        self.words = frozenset(words)
        self.language = language
        self._places: dict[tuple[int, int], list[str]] = defaultdict(list)
        if language != "zh":
            for word in sorted(self.words):
                for sound in sounds(word, language):
                    self._places[len(sound), _hull(sound)].append(word)
        self.near = lru_cache(maxsize=4096)(self._near)

    def _near(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return every word that the heard ones may stand for, with its cost."""
        return self._syllables(heard) if self.language == "zh" else self._spelled(heard)

    def _syllables(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return the characters that sound like the heard one."""
        if len(heard) != 1:
            return {}
        costs = ((word, syllable(heard[0], word)) for word in self.words if len(word) == 1)
        return {word: cost for word, cost in costs if cost <= SYLLABLE_BOUND}

    def _spelled(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return the words that sound like the heard ones."""
        count = size(heard, self.language)
        hulls = {_hull("".join(parts)) for parts in product(*(sounds(word, self.language) for word in heard))}
        found: dict[str, float] = {}
        for (length, hull), words in self._places.items():
            bound = WORD_BOUND * max(count, length, SHORTEST)
            if abs(length - count) * 0.3 > bound or all(
                (hull ^ other).bit_count() > MOST_CLASSES_APART for other in hulls
            ):
                continue
            for word in words:
                cost = between(heard, (word,), self.language)
                if cost <= bound:
                    found[word] = min(cost, found.get(word, cost))
        return found


@lru_cache(maxsize=16384)
def _hull(sound: str) -> int:
    """Return the consonant classes of a sound as bits."""
    return sum({1 << bit for phone in sound for bit, group in enumerate(CLASSES) if phone in group})
