"""The sentences of a language against what was said: requests out of text, exactly and in a few milliseconds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.compile import READINGS, Compiler, Names
from assistant.languages.graph import Graph
from assistant.languages.pack import LanguagePack
from assistant.languages.reached import State
from assistant.languages.tokens import Token, tokens
from assistant.languages.values import Moment, Read, fill, said
from assistant.languages.walk import Walk

FREE: Final = 0.15
"""A reading that costs more took a word for anything at all; below, costs only tell equal readings apart."""
MOST_WORDS: Final = 40
"""Words of a sentence that may hold several requests; a longer one is read as a whole or not at all."""
MOST_REQUESTS: Final = 6
ANOTHER_COST: Final = 2.0
"""What it costs to cut a sentence in two: free words (1.0 each) win over a cut only if they are one."""
SHORTEST_TIGHT: Final = 4
"""Characters of a request that follows another without so much as a pause."""
MOST_ELLIPTIC_WORDS: Final = 24
MOST_BORROWED: Final = 6
"""Words a request may borrow from the one beside it ("turn on" the fan and the seat heater)."""
MOST_TAKEN_BACK: Final = 6
"""Words a speaker may take back ("to twenty no twenty two")."""


@dataclass(frozen=True, slots=True)
class Readout:
    """What a sentence was read as; without reads it is known not to be for us."""

    reads: tuple[Read, ...]
    """In the order said."""
    complete: bool
    """Whether no longer sentence that means something else begins so."""

    @property
    def cost(self) -> float:
        """Free words in all of it."""
        return sum(read.cost for read in self.reads)


class Grammar:
    """All sentences of one language with the names of the car."""

    def __init__(
        self, pack: LanguagePack, requests: Iterable[type[Request]], names: Names = MappingProxyType({})
    ) -> None:
        """Compile; ConfigError for sentences that do not fit their requests."""
        self.pack, self.requests, self.names = pack, tuple(requests), names
        self.readings = READINGS[pack.language]
        self.compiled = Compiler(pack, self.requests, names, bound=False).compile()
        self.walk = Walk(self.compiled.start, self.compiled.end, pack.words.get("alike", ()))
        others = Compiler(replace(pack, sentences=pack.others), (), {}, bound=False).compile()
        self.others = Walk(others.start, others.end)
        self.fillers = frozenset(pack.words.get("fillers", ()))
        self.joiners = self._phrases("joiners")
        self.repairs = self._phrases("repairs")
        self.paused_repairs = self._phrases("paused_repairs")

    @property
    def language(self) -> Language:
        """The language of the sentences."""
        return self.pack.language

    def graph(self) -> Graph:
        """Return the same sentences without free words, as a word graph for a recogniser that is bound to them."""
        compiled = Compiler(self.pack, self.requests, self.names, bound=True).compile()
        names = (name for names in self.names.values() for name in names)
        return Graph(Walk(compiled.start, compiled.end), self.pack, names)

    def tokens(self, text: str) -> tuple[Token, ...]:
        """Return the words of a text without fillers."""
        return tuple(
            token for token in tokens(text, characters=self.readings.characters) if token.word not in self.fillers
        )

    def read(self, text: str, now: datetime) -> Readout | None:
        """Return the requests of a sentence, none if it is known not to be for us, None if it is unknown; `now` settles days and times."""
        found = self.tokens(text)
        if not found:
            return None
        reader = _Reader(self, found, text, now)
        whole = reader.whole()
        if len(found) > MOST_WORDS or (whole and whole.cost < FREE):
            return whole
        readouts = [whole, reader.several(), reader.repaired()]
        best = min((readout for readout in readouts if readout), key=_price, default=None)
        if best is None:
            return reader.elliptic() if len(found) <= MOST_ELLIPTIC_WORDS else None
        strange = self._strange(found) if best.cost >= FREE else None
        return best if strange is None or _price(best) < strange + FREE else Readout((), complete=False)

    def _strange(self, found: Sequence[Token]) -> float | None:
        """Return the free words of a sentence that is not for us, None if it is no such sentence."""
        known = self.others.known([token.word for token in found])
        path = self.others.cheapest(known, self.others.states(known))
        return None if path is None else path[0]

    def _phrases(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return a word list of the pack as words, longest first."""
        phrases = {
            tuple(token.word for token in tokens(text, characters=self.readings.characters))
            for text in self.pack.words.get(name, ())
        }
        return tuple(sorted(phrases, key=len, reverse=True))


def _without_asides(readout: Readout) -> Readout:
    """Return the readout without courtesies, or with the last of them if it holds nothing else."""
    asked = tuple(read for read in readout.reads if not read.sentence.aside)
    return Readout(asked or readout.reads[-1:], readout.complete)


def _price(readout: Readout) -> float:
    """Return what a readout costs, cuts included."""
    return readout.cost + ANOTHER_COST * max(0, len(readout.reads) - 1)


class _Reader:
    """One sentence being read."""

    def __init__(self, grammar: Grammar, found: Sequence[Token], text: str, now: datetime) -> None:
        self.grammar, self.tokens, self.text, self.now = grammar, tuple(found), text, now
        self.words = grammar.walk.known([token.word for token in found])

    def whole(self) -> Readout | None:
        """Read all the words as one request."""
        return self.one(self.tokens, self.words)

    def one(self, found: Sequence[Token], known: Sequence[str], states: "list[State] | None" = None) -> Readout | None:
        """Read the words as one request."""
        walk = self.grammar.walk
        states = walk.states(known) if states is None else states
        path = walk.cheapest(known, states)
        if path is None:
            return None
        index, slots = said(path[1], found)
        sentence, request, fields = self.grammar.compiled.sentences[index]
        assert request is not None
        filled = fill(request, sentence, fields, slots, self.text, Moment(self.now, self.grammar.readings))
        if filled is None:
            return None
        heard: dict[str, str] = {}
        for one in slots:
            before = heard.get(one.slot.field, "") if fields[one.slot.field].name == "text" else ""
            heard[one.slot.field] = " ".join((*before.split(), *one.words))
        read = Read(filled[0], MappingProxyType(heard), filled[1], path[0], sentence)
        return Readout((read,), complete=not walk.waits(states[-1], for_names=bool(filled[1])))

    def several(self) -> Readout | None:
        """Read the words as several requests joined by words, by pauses or, in Chinese, by nothing; the cheapest cut."""
        end = len(self.words)
        cuts = self.cuts()
        best: dict[int, Readout] = {0: Readout((), complete=False)}
        for begin in sorted(cuts):
            so_far = best.get(begin)
            if so_far is None or len(so_far.reads) >= MOST_REQUESTS:
                continue
            for stop, nexts in cuts[begin]:
                read = self.one(self.tokens[begin:stop], self.words[begin:stop])
                if read is None:
                    continue
                longer = Readout((*so_far.reads, *read.reads), complete=read.complete)
                for place, tight in nexts:
                    loose = not tight or (
                        read.cost < 1 and stop - begin >= SHORTEST_TIGHT and len(self.words) - stop >= SHORTEST_TIGHT
                    )
                    if loose and (place not in best or _price(longer) < _price(best[place])):
                        best[place] = longer
        found = best.get(end)
        return _without_asides(found) if found and len(found.reads) > 1 else None

    def cuts(self) -> "dict[int, list[tuple[int, tuple[tuple[int, bool], ...]]]]":
        """Return where requests may begin, and for each where it may stop and the next begin, if all of it leads to the end."""
        found: dict[int, list[tuple[int, tuple[tuple[int, bool], ...]]]] = {}
        todo = [0]
        while todo:
            begin = todo.pop()
            if begin in found or begin == len(self.words):
                continue
            states = self.grammar.walk.states(self.words, begin)
            stops = (
                (begin + length, self.after(begin + length))
                for length in range(1, len(states))
                if states[length].complete
            )
            found[begin] = [(stop, nexts) for stop, nexts in stops if nexts]
            todo.extend(place for _, nexts in found[begin] for place, _ in nexts)
        good = {len(self.words)}
        for begin in sorted(found, reverse=True):
            kept = [(stop, tuple(cut for cut in nexts if cut[0] in good)) for stop, nexts in found[begin]]
            found[begin] = [(stop, nexts) for stop, nexts in kept if nexts]
            if found[begin]:
                good.add(begin)
        return found if 0 in good else {}

    def after(self, end: int) -> tuple[tuple[int, bool], ...]:
        """Return where the next request may begin after one that ends at `end`, and whether nothing at all joins them."""
        if end == len(self.words):
            return ((end, False),)
        joined = [(end + length, False) for length in self.lengths(self.grammar.joiners, end)]
        if self.tokens[end].pause:
            joined.append((end, False))
        elif self.grammar.readings.characters:
            joined.append((end, True))
        return tuple(joined)

    def lengths(self, phrases: tuple[tuple[str, ...], ...], place: int) -> list[int]:
        """Return the lengths of the phrases that stand at `place` and do not end the sentence."""
        plain = [token.word for token in self.tokens[place : place + 6]]
        return [
            len(phrase)
            for phrase in phrases
            if tuple(plain[: len(phrase)]) == phrase and place + len(phrase) < len(self.tokens)
        ]

    def repaired(self) -> Readout | None:
        """Read the words with what the speaker took back left out."""
        for place in range(1, len(self.words) - 1):
            for length in self.repairing(place):
                rest = self.tokens[place + length :]
                for back in range(1, min(place, MOST_TAKEN_BACK) + 1):
                    found = self.plain((*self.tokens[: place - back], *rest))
                    if found:
                        return found
        return None

    def repairing(self, place: int) -> list[int]:
        """Return the lengths of the phrases at `place` that take back what was said before."""
        if self.grammar.readings.characters and self.words[place - 1] == self.words[place + 1]:
            return []  # A-not-A asks (是不是, 去不去) and takes nothing back
        lengths = self.lengths(self.grammar.repairs, place)
        paused = self.lengths(self.grammar.paused_repairs, place)
        return lengths + [length for length in paused if self.tokens[place].pause or self.tokens[place + length].pause]

    def plain(self, found: Sequence[Token]) -> Readout | None:
        """Read other words than those said as one request, if none of them is free."""
        read = self.one(found, self.grammar.walk.known([token.word for token in found]))
        return read if read and int(read.cost) == 0 else None

    def elliptic(self) -> Readout | None:
        """Read requests that share words: "turn on the fan and the seat heater", "open the driver and passenger window"."""
        pieces = list(self.pieces())
        if not 1 < len(pieces) <= MOST_REQUESTS:
            return None
        reads: list[Read] = []
        complete = True
        before: Sequence[Token] = ()
        for index, piece in enumerate(pieces):
            following = pieces[index + 1] if index + 1 < len(pieces) else ()
            found = next(
                ((words, read) for words in self.lent(piece, before, following) if (read := self.plain(words))), None
            )
            if found is None:
                return None
            before, readout = found
            reads.extend(readout.reads)
            complete = readout.complete
        return Readout(tuple(reads), complete)

    def lent(
        self, piece: Sequence[Token], before: Sequence[Token], following: Sequence[Token]
    ) -> Iterator[tuple[Token, ...]]:
        """Yield the piece, then with words of its neighbours: the more the better."""
        yield tuple(piece)
        for length in range(min(len(before) - 1, MOST_BORROWED), 0, -1):
            yield (*before[:length], *piece)
        for length in range(min(len(following) - 1, MOST_BORROWED), 0, -1):
            yield (*piece, *following[-length:])

    def pieces(self) -> Iterator[Sequence[Token]]:
        """Yield what stands between joining words."""
        begin, place = 0, 0
        while place < len(self.tokens):
            lengths = self.lengths(self.grammar.joiners, place)
            if place > begin and (lengths or self.tokens[place].pause):
                yield self.tokens[begin:place]
                begin = place = place + max(lengths, default=0)
            place += 1
        yield self.tokens[begin:]


def slot_words(readout: Readout) -> Mapping[str, str]:
    """Return the words of every slot of all requests; the first request's win."""
    found: dict[str, str] = {}
    for read in readout.reads:
        for field, words in read.slots.items():
            found.setdefault(field, words)
    return found
