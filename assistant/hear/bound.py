"""Which tokens may come next if a recogniser is bound to the sentences the car knows.

A word graph is read letter by letter: case, apostrophes and punctuation between words are free, numbers may be digits.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from assistant.core.ports import Sentences
from assistant.core.recent import Recent
from assistant.hear.numerals import Path, numerals
from assistant.hear.vocabulary import Vocabulary

_FREE = frozenset(",;?!")
_SYMBOLS: Mapping[str, tuple[str, ...]] = {"%": ("percent",), "°": ("degrees", "degree")}
MOST_PLACES: Final = 1_000
"""Places whose tokens are remembered: 6 kB each in the mean. A sentence passes some 80, and the same ones again and again."""
MOST_STATES: Final = 250
"""States whose words are remembered: 60 kB each in the mean, for numbers are among them."""


class Place(NamedTuple):
    """Where a sentence has got to: the last finished word's state and the letters since."""

    state: int
    letters: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """Tokens that may come next."""

    tokens: npt.NDArray[np.int32]
    spellings: npt.NDArray[np.int32]
    """How each is spelled: its place in `Spellings.texts`."""


class Bound:
    """A word graph as an automaton over a recogniser's tokens; deterministic, computed lazily, what was used lately is kept."""

    def __init__(self, sentences: Sentences, spellings: "Spellings") -> None:
        """Bind `sentences` to a vocabulary."""
        self.sentences = sentences
        self._spellings = spellings
        self._words: Recent[int, _Words] = Recent(MOST_STATES)
        self._allowed: Recent[Place, Allowed] = Recent(MOST_PLACES)
        self.start = Place(sentences.start, "")

    def allowed(self, place: Place) -> Allowed:
        """Return what may follow `place`."""
        return self._allowed.of(place, self._following)

    def said(self, spelling: int) -> str:
        """Return the letters and spaces that a spelling adds; those that differ in case and punctuation alone say the same."""
        return self._spellings.said[spelling]

    def after(self, place: Place, spelling: int) -> Place:
        """Return where one of the spellings that are allowed at `place` leads."""
        for letter in self._spellings.texts[spelling]:
            then = self._letter(place, letter)
            assert then is not None
            place = then
        return place

    def complete(self, place: Place) -> bool:
        """Tell whether a sentence may end here."""
        if not place.letters:
            return self.sentences.complete(place.state)
        path = self._at(place.state).path(place.letters)
        return path is not None and self.sentences.complete(path[1])

    def read(self, text: str) -> tuple[str, ...] | None:
        """Return the words of the graph that a written text stands for, or None if it is not one of the sentences."""
        place = self.start
        words: tuple[str, ...] = ()
        for letter in text.lower():
            after = self._letter(place, letter)
            if after is None:
                return None
            goes_on = after.letters == place.letters + letter or (after == place and not letter.isalnum())
            words += () if goes_on else self._word(place)
            place = after
        return words + self._word(place) if self.complete(place) else None

    def _word(self, place: Place) -> tuple[str, ...]:
        """Return the words that the letters since the last finished word stand for."""
        path = self._at(place.state).path(place.letters)
        return path[0] if path else ()

    def _following(self, place: Place) -> Allowed:
        """Work out what may follow `place`."""
        tokens: list[int] = []
        spellings: list[int] = []
        for at in self._reach(place, 0, len(self._spellings.texts), 0):
            group = self._spellings.tokens[at]
            tokens += group
            spellings += [at] * len(group)
        return Allowed(np.array(tokens, np.int32), np.array(spellings, np.int32))

    def _reach(self, place: Place, first: int, last: int, depth: int) -> Iterator[int]:
        """Yield those of the sorted spellings first..last, which share `depth` letters, that can be read from `place`."""
        texts = self._spellings.texts
        if first < last and len(texts[first]) == depth:
            if depth:
                yield first
            first += 1
        while first < last:
            prefix = texts[first][: depth + 1]
            end = bisect_left(texts, prefix + "\U0010ffff", first, last)
            after = self._letter(place, prefix[-1])
            if after is not None:
                yield from self._reach(after, first, end, depth + 1)
            first = end

    def _letter(self, place: Place, letter: str) -> Place | None:
        """Return where one letter leads, or None."""
        state, letters = place
        words = self._at(state)
        if words.begin(letters + letter):
            return Place(state, letters + letter)
        path = words.path(letters)
        if letter.isalnum():
            next_number = path is not None and letters[-1:].isdigit() and letter.isdigit()
            return self._letter(Place(path[1], ""), letter) if path and next_number else None
        if letter in _SYMBOLS:
            return self._symbol(path[1] if path else None if letters else state, _SYMBOLS[letter])
        if letter in _FREE:
            return place if path else None
        if letter in ".'":
            return place if letters else None
        if path:
            return Place(path[1], "")
        return place if (letter == "-" and letters) or (letter == " " and not letters) else None

    def _symbol(self, state: int | None, names: tuple[str, ...]) -> Place | None:
        """Read a sign as one of the words it stands for."""
        if state is None:
            return None
        return next((Place(state, name) for name in names if name in self._at(state).paths), None)

    def _at(self, state: int) -> "_Words":
        """Return the words that may follow a state."""
        return self._words.of(state, self._begun)

    def _begun(self, state: int) -> "_Words":
        """Work out the words that may follow a state."""
        following = self.sentences.following(state)
        paths: dict[str, Path] = {_letters(word): ((word,), after) for word, after in following.items()}
        return _Words({**numerals(self.sentences, state), **paths})


class Spellings:
    """A vocabulary's readable tokens, sorted; made once and shared by every word graph."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Sort the tokens."""
        spellings = vocabulary.spellings()
        self.texts = [spelling.text for spelling in spellings]
        self.tokens = [spelling.tokens for spelling in spellings]
        self.said = [_said(text) for text in self.texts]


class _Words:
    """Words that may follow one state, by their letters."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.paths = paths
        self._sorted = sorted(paths)

    def path(self, letters: str) -> Path | None:
        """Return the word that has these letters; a number may be followed by a full stop."""
        return self.paths.get(letters.removesuffix("."))

    def begin(self, letters: str) -> bool:
        """Tell whether a word begins like this."""
        at = bisect_left(self._sorted, letters)
        return at < len(self._sorted) and self._sorted[at].startswith(letters)


def _said(text: str) -> str:
    """Return what is left of a token's text without punctuation."""
    return "".join(letter for letter in text if letter.isalnum() or letter == " ")


def _letters(word: str) -> str:
    """Return the letters of a graph word that a token must write."""
    return "".join(letter for letter in word.lower() if letter.isalnum())
