"""The sentences as a deterministic word graph, for a recogniser that is bound to them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from assistant.core.recent import Recent
from assistant.languages import template
from assistant.languages.net import parsed
from assistant.languages.pack import LanguagePack
from assistant.languages.reached import Places, State
from assistant.languages.readings import SPOKEN
from assistant.languages.tokens import CONTRACTIONS
from assistant.languages.walk import Walk

MOST_FOLLOWING: Final = 5_000
"""States whose words are remembered, 3 kB each; those that are rehearsed fit in."""
MOST_STATES: Final = 60_000
"""States of a graph, 200 bytes each; rehearsing numbers 20,000, two hours of speech 2,000 more."""


class Graph:
    """Port `Sentences` over one network; states are made as they are asked for."""

    def __init__(self, walk: Walk, pack: LanguagePack, names: Iterable[str]) -> None:
        """Take a network without free words, and the names in it as they are written."""
        self._walk = walk
        self._targets: list[Places] = []
        self._numbers: dict[Places, int] = {}
        self._following: Recent[int, Mapping[str, int]] = Recent(MOST_FOLLOWING)
        self._spelling = dict(_apostrophes(pack, names))
        self._short = (
            {long: short for short, long in CONTRACTIONS.items() if long[1] != "have"} if pack.language == "en" else {}
        )
        self.start = self._number(walk.start.targets)

    @property
    def full(self) -> bool:
        """Tell whether so many states were made that a graph of the same sentences should begin anew."""
        return len(self._targets) > MOST_STATES

    def following(self, state: int) -> Mapping[str, int]:
        """Return every word that may come next and the state it leads to."""
        return self._following.of(state, self._words)

    def _words(self, state: int) -> Mapping[str, int]:
        """Work out what may come next, as it is written."""
        found = self._plain(self._state(state))
        for (first, second), short in self._short.items():
            if first in found and (then := self.step(found[first], second)) is not None:
                found[short] = then
        return {self._spelling.get(word, word): target for word, target in found.items()}

    def step(self, state: int, word: str) -> int | None:
        """Return the state after one more word (without apostrophes), None if no sentence goes on so."""
        then = self._walk.step(self._state(state), word)
        return None if then is None else self._number(then.targets)

    def polite(self, state: int, word: str) -> bool:
        """Tell whether the word goes on from the state as politeness only."""
        return self._walk.polite(self._state(state), word)

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word of every sentence, without apostrophes; words of digits left out."""
        return frozenset(
            word for word in self._walk.vocabulary if word and not word.startswith("#") and not word[0].isdigit()
        )

    def complete(self, state: int) -> bool:
        """Tell whether a sentence may end here."""
        return self._state(state).complete

    def _plain(self, state: State) -> dict[str, int]:
        """Return the words and states as the network has them, digits spelled out."""
        places = self._walk.onward(state)
        words: dict[str, set[int]] = {}
        for label, reached in places.items():
            for word in SPOKEN.get(label, (label,)):
                words[word] = words[word] | reached if word in words else reached
        return {
            word: self._number(tuple(sorted(reached))) for word, reached in words.items() if not word.startswith("#")
        }

    def _state(self, number: int) -> State:
        """Return the state of a number; made when it is first visited, for most never are, and when it was forgotten."""
        self._walk.ease()
        return self._walk.state(self._targets[number])

    def _number(self, targets: Places) -> int:
        """Return the number of the state that reached these places."""
        number = self._numbers.get(targets)
        if number is None:
            number = self._numbers[targets] = len(self._targets)
            self._targets.append(targets)
        return number


def _apostrophes(pack: LanguagePack, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield every word that is written with an apostrophe, without it and with it."""
    for word in (word for name in names for word in name.lower().split() if "'" in word):
        yield word.replace("'", ""), word
    texts = [text for sentence in pack.sentences for text in sentence.text]
    texts += [text for values in pack.lists.values() for words in values.values() for text in words]
    for text in (*texts, *pack.rules.values()):
        if "'" in text:
            yield from (
                (word.replace("'", ""), word)
                for word in _literals(parsed(text))
                if "'" in word and word not in CONTRACTIONS
            )


def _literals(node: template.Node) -> Iterator[str]:
    """Yield every literal piece of a template."""
    match node:
        case template.Text(text):
            yield from text.split()
        case template.Sequence(items) | template.Choice(items):
            for item in items:
                yield from _literals(item)
        case _:
            return
