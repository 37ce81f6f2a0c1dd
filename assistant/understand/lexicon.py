"""The words of the sentences, found by how they sound."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np

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


class Lexicon:
    """A vocabulary of one language."""

    def __init__(self, words: Iterable[str], language: Language) -> None:
        """Put the sounds of the words into a tree."""
        self.words = frozenset(words)
        self.language = language
        self._characters = tuple(sorted(word for word in self.words if len(word) == 1)) if language == "zh" else ()
        self._sounds = _Sounds(self.words if language != "zh" else (), language)
        self.near = lru_cache(maxsize=1024)(self._near)

    def _near(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return every word that the heard ones may stand for, with its cost."""
        if self.language == "zh":
            return self._syllables(heard)
        found: dict[str, float] = {}
        known = all(word in self.words for word in heard)
        for parts in product(*(sounds(word, self.language) for word in heard)):
            sound = "".join(parts)[:LONGEST]
            bound = (KNOWN_BOUND if known else WORD_BOUND) * max(len(sound), SHORTEST)
            for word, cost in self._sounds.near(sound, bound):
                found[word] = min(cost, found.get(word, cost))
        return found

    def _syllables(self, heard: tuple[str, ...]) -> dict[str, float]:
        """Return the characters that sound like the heard one."""
        if len(heard) != 1:
            return {}
        costs = ((word, syllable(heard[0], word)) for word in self._characters)
        return {word: cost for word, cost in costs if cost <= SYLLABLE_BOUND}


class _Sounds:
    """The sounds of many words as one matrix: all are aligned with what was heard at once."""

    def __init__(self, words: Iterable[str], language: Language) -> None:
        found = [(sound[:LONGEST], word) for word in sorted(words) for sound in sounds(word, language) if sound]
        found.sort(key=lambda one: -len(one[0]))
        self._words = [word for _, word in found]
        self._phones = {phone: number for number, phone in enumerate(sorted({*"".join(sound for sound, _ in found)}))}
        self._lengths = np.array([len(sound) for sound, _ in found], np.intp)
        self._matrix = np.zeros((LONGEST, len(found)), np.intp)
        for place, (sound, _) in enumerate(found):
            self._matrix[: len(sound), place] = [self._phones[phone] for phone in sound]
        self._gone = np.array([lost(phone) for phone in self._phones])

    def near(self, sound: str, bound: float) -> Iterator[tuple[str, float]]:
        """Yield the words whose alignment with the sound costs at most `bound` (weighted Levenshtein, a column a phone of the words)."""
        swaps = np.array([_swaps(phone, sound) for phone in self._phones])
        too_many = [lost(phone) for phone in sound]
        column = np.zeros((len(sound) + 1, len(self._words)))
        column[1:] = np.cumsum(too_many)[:, None]
        for place in range(int(self._lengths[0]) if len(self._lengths) else 0):
            count = int(np.count_nonzero(self._lengths > place))
            phones = self._matrix[place, :count]
            gone = self._gone[phones]
            before = column[:, :count].copy()
            column[:, :count] += gone
            swapped = before[:-1] + swaps[phones].T
            for index, cost in enumerate(too_many):
                row = column[index + 1, :count]
                np.minimum(row, swapped[index], out=row)
                np.minimum(row, column[index, :count] + cost, out=row)
        for found in np.flatnonzero(column[-1] <= bound).tolist():
            yield self._words[found], float(column[-1, found])


@lru_cache(maxsize=4096)
def _swaps(phone: str, sound: str) -> tuple[float, ...]:
    """Return the cost of taking the phone for each phone of the sound."""
    return tuple(swap(phone, other) for other in sound)
