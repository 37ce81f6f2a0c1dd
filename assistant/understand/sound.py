"""Match by sound: what a recogniser misheard, against the sentences and names the car knows; never another command.

The words are aligned with the word graph by a beam search. A reading counts only if it is near enough, and if every reading that
means something else is further away by a margin. Opposites (on, off) and numbers are never taken for each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from assistant.core.context import Context
from assistant.core.request import Missing, Request
from assistant.core.text import Language
from assistant.languages.grammar import Grammar, Readout
from assistant.languages.graph import Graph
from assistant.languages.readings import classes
from assistant.languages.values import Read
from assistant.understand.lexicon import Lexicon
from assistant.understand.phones import between, size
from assistant.understand.rules import Rules

BOUND: Final = {"en": 0.12, "zh": 0.13}
"""Cost a phone (a syllable in Chinese) up to which a whole sentence may have been misheard."""
MOST_COST: Final = 1.3
"""Cost that no sentence may exceed, however long."""
MARGIN: Final = {"en": 0.45, "zh": 0.3}
"""How much further away every reading with another meaning must be."""
NAME_BOUND: Final = 0.3
NAME_MARGIN: Final = 0.1
"""For names, both a phone."""
LIGHT_COST: Final = 0.35
"""A word without weight ("the") that was heard and not said."""
ADDED_COST: Final = 0.5
"""A word without weight that was said and not heard."""
OPPOSITE_MARGIN: Final = {"en": 0.5, "zh": 0.4}
FEWEST_PHONES: Final = {"en": 5, "zh": 4}
"""What is shorter is not guessed at."""
BEAM: Final = 80
PATHS_A_STATE: Final = 3
KNOWN_COST: Final = {"en": 0.3, "zh": 0.1}
"""For what is itself a word of the sentences, and so may have been meant."""
SPLIT_COST: Final = 0.2
"""For every word too many that one word was heard as."""
MOST_WORDS: Final = 24
LONGEST_SPAN: Final = 3
MOST_READINGS: Final = 24
MOST_CHOICES: Final = 3


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence of the graph that was probably said."""

    readout: Readout
    text: str
    cost: float
    """Cost a phone."""


class _Path(NamedTuple):
    """One way through the graph so far."""

    cost: float
    words: tuple[str, ...]
    fresh: bool
    """Whether the last word was heard and not added."""
    sure: bool
    """False if a number or one of two opposites was taken for something else, or anything for politeness: it only stands against others."""


class _Option(NamedTuple):
    """What may stand for the next heard words."""

    length: int
    """How many of them."""
    word: str
    """The word meant, empty if they are passed over."""
    cost: float
    sure: bool


class Sound:
    """Finds by sound what the rules did not read. For one thread."""

    def __init__(self, rules: Rules) -> None:
        """Take the sentences."""
        self._rules = rules
        self._ears: dict[Language, _Ear] = {}

    def hear(self, text: str, language: Language, context: Context) -> Heard | None:
        """Return what was probably said, None if nothing is near enough or two meanings are about as near."""
        grammar, graph = self._rules.grammar(language, context.names), self._rules.graph(language, context.names)
        ear = self._ears.get(language)
        if ear is None or ear.graph is not graph:
            ear = self._ears[language] = _Ear(grammar, graph)
        words = tuple(token.word for token in grammar.tokens(text))
        phones = size(words, language)
        if phones < FEWEST_PHONES[language] or len(words) > MOST_WORDS:
            return None
        best: Heard | None = None
        bound = min(BOUND[language] * phones, MOST_COST)
        for path in ear.paths(words, bound + MARGIN[language]):
            if best is not None and path.cost - best.cost * phones >= MARGIN[language]:
                break
            said = ("" if grammar.readings.characters else " ").join(path.words)
            readout = grammar.read(said, context.now)
            if readout is None or not readout.reads:
                continue
            if best is None and path.sure and not any(read.sentence.aside for read in readout.reads):
                best = Heard(readout, said, path.cost / phones)
            elif best is None or _meant(readout) != _meant(best.readout):
                return None
        return best if best is not None and best.cost * phones <= bound else None

    def named(self, readout: Readout, language: Language, context: Context) -> "tuple[Readout, tuple[Missing, ...]]":
        """Return the readout with every unknown name that sounds like a known one replaced; names in doubt come as Missing."""
        reads: list[Read] = []
        missing: list[Missing] = []
        for read in readout.reads:
            names = self._rules.names_of(type(read.request))
            for field in read.unknown:
                near = nearest(read.slots[field].split(), context.names.get(names[field], ()), language)
                if len(near) == 1:
                    read = replace(read, request=_with(read.request, field, near[0]), unknown=())  # noqa: PLW2901
                elif near:
                    missing.append(Missing(type(read.request).__name__, field, near[:MOST_CHOICES]))
            reads.append(read)
        return Readout(tuple(reads), readout.complete), tuple(missing)


class _Ear:
    """The beam search over one graph."""

    def __init__(self, grammar: Grammar, graph: Graph) -> None:
        self.graph = graph
        self._language = grammar.language
        self._lexicon = Lexicon(graph.vocabulary, grammar.language)
        self._light = frozenset(grammar.pack.words.get("light", ()))
        self._lost = frozenset(grammar.pack.words.get("lost", ()))
        self._groups = [frozenset(line.split()) for line in grammar.pack.words.get("opposites", ())]
        self._numbers = frozenset(
            word for word in self._lexicon.words if grammar.readings.number((word,), "") is not None
        )
        self._meant = lru_cache(maxsize=1024)(self._candidates)

    def paths(self, words: Sequence[str], most: float) -> list[_Path]:
        """Return the nearest sentences of the graph that cost at most `most`, nearest first."""
        places: list[dict[int, list[_Path]]] = [{} for _ in range(len(words) + 1)]
        places[0][self.graph.start] = [_Path(0.0, (), fresh=True, sure=True)]
        ended: dict[tuple[str, ...], _Path] = {}
        for place in range(len(words) + 1):
            here = sorted(
                ((state, path) for state, paths in places[place].items() for path in paths),
                key=lambda item: item[1].cost,
            )[:BEAM]
            for state, path in [*here, *self._added(here)]:
                if place == len(words) and self.graph.complete(state):
                    ended.setdefault(path.words, path)
                for option in self._options(words, place):
                    if path.cost + option.cost <= most:
                        self._step(state, path, option, places[place + option.length])
        return sorted(ended.values(), key=lambda path: path.cost)[:MOST_READINGS]

    def _step(self, state: int, path: _Path, option: "_Option", into: dict[int, list[_Path]]) -> None:
        """Lengthen a path by one option, and keep it if it is among the best few of its state."""
        then = self.graph.step(state, option.word) if option.word else state
        if then is None:
            return
        words = (*path.words, option.word) if option.word else path.words
        sure = path.sure and option.sure and not (option.word and option.cost and self.graph.polite(state, option.word))
        longer = _Path(path.cost + option.cost, words, fresh=True, sure=sure)
        paths = [other for other in into.get(then, ()) if other.words != words or other.cost <= longer.cost]
        if all(other.words != words for other in paths):
            paths.append(longer)
        into[then] = sorted(paths, key=lambda path: path.cost)[:PATHS_A_STATE]

    def _added(self, here: Iterable[tuple[int, _Path]]) -> Iterator[tuple[int, _Path]]:
        """Yield every path with one word without weight added that was not heard."""
        for state, path in here:
            for word in self._lost if path.fresh else ():
                then = self.graph.step(state, word)
                if then is not None:
                    yield then, _Path(path.cost + ADDED_COST, (*path.words, word), fresh=False, sure=path.sure)

    def _options(self, words: Sequence[str], place: int) -> "list[_Option]":
        """Return what may stand for the next heard words."""
        options = [_Option(1, "", LIGHT_COST, sure=True)] if place < len(words) and words[place] in self._light else []
        for length in range(1, min(LONGEST_SPAN, len(words) - place) + 1):
            span = tuple(words[place : place + length])
            if length < LONGEST_SPAN or not all(word in self._lexicon.words for word in span):
                options.extend(self._meant(span))
        return options

    def _candidates(self, heard: tuple[str, ...]) -> "tuple[_Option, ...]":
        """Return every word the heard ones may stand for; opposites and numbers only as themselves."""
        length = len(heard)
        found = [_Option(1, heard[0], 0.0, sure=True)] if length == 1 else []
        if any(classes(word) for word in heard):
            return tuple(found)
        fixed = any(word in self._numbers or any(word in group for group in self._groups) for word in heard)
        for word, cost in self._lexicon.near(heard).items():
            if word not in heard:
                known = all(part in self._lexicon.words for part in heard)
                whole = max(cost, 0.05) + SPLIT_COST * (length - 1) + (KNOWN_COST[self._language] if known else 0.0)
                found.append(_Option(length, word, whole, sure=not fixed and not self._doubtful(heard, word, cost)))
        return tuple(found)

    def _doubtful(self, heard: tuple[str, ...], word: str, cost: float) -> bool:
        """Tell whether the word is a number, or an opposite of it sounds nearly as much like what was heard."""
        if word in self._numbers:
            return True
        others = {other for group in self._groups if word in group for other in group if other != word}
        return any(
            between(heard, (other,), self._language) - cost < OPPOSITE_MARGIN[self._language] for other in others
        )


def nearest(words: Sequence[str], names: Sequence[str], language: Language) -> tuple[str, ...]:
    """Return the name that sounds like the words, or those between which the sound does not decide; none if none is near."""
    costs: list[tuple[float, str]] = []
    for name in names:
        parts = tuple(part for part in "".join(char if char.isalnum() else " " for char in name.lower()).split())
        parts = tuple("".join(parts)) if language == "zh" else parts
        if parts:
            longest = max(size(words, language), size(parts, language), 3 if language != "zh" else 1)
            costs.append((between(words, parts, language) / longest, name))
    costs.sort()
    bound = NAME_BOUND if language != "zh" else 0.4
    if not costs or costs[0][0] > bound:
        return ()
    return tuple(name for cost, name in costs if cost - costs[0][0] < NAME_MARGIN and cost <= bound)


def _meant(readout: Readout) -> tuple[Request, ...]:
    """Return the requests of a readout, to be compared."""
    return tuple(read.request for read in readout.reads)


def _with(request: Request, field: str, value: str) -> Request:
    """Return the request with another name in one field."""
    changes: Mapping[str, str] = {field: value}
    return replace(request, **changes)
