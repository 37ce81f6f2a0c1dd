"""Walking a network of words: a deterministic automaton made as far as it is needed, and the cheapest path through it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from assistant.languages.net import REST, SOME_NAME, WILD, Begins, Call, Closes, Mark, Node, Opens
from assistant.languages.readings import classes

Marks = tuple[Mark, ...]
WORD_COST: Final = {WILD: 1.0, REST: 0.2, SOME_NAME: 1.05}
"""What it costs to take a word for anything at all; words that are spelled out cost nothing."""
LATER_SENTENCE_COST: Final = 1e-6
"""Of two equal readings the sentence that stands first wins."""
MOST_REMEMBERED: Final = 8_000
"""Steps remembered before all are forgotten, so that memory is bounded."""
CROWD: Final = 64
"""Places from which a state is indexed by word."""
UNKNOWN: Final = "�"
"""Stands for every word that no sentence spells out."""


class State:
    """Every place in the network where the words so far may have led."""

    __slots__ = ("complete", "index", "kernels", "next", "pairs")

    def __init__(self, kernels: tuple[int, ...], *, complete: bool) -> None:
        """Take the places that wait for a word, and whether a sentence may end here."""
        self.kernels = kernels
        """Places that wait for a word."""
        self.complete = complete
        """Whether a sentence may end here."""
        self.next: dict[str, State | None] = {}
        self.pairs: dict[str, tuple[tuple[int, int, float], ...]] = {}
        """For a word: place before, place after, cost."""
        self.index: dict[str, list[tuple[int, tuple[Node, ...]]]] | None = None
        """For an edge label: places that have it, and where it leads; made for crowded states only."""


class _Frame(NamedTuple):
    """One call under way."""

    end: Node | None
    then: Node | None
    below: int
    """Number of the stack the call was made from."""
    slotted: bool
    adds: bool


class Walk:
    """An automaton over one network; the places it has seen are remembered."""

    def __init__(self, start: Node, end: Node) -> None:
        """Take the nodes where sentences start and end."""
        self.begin, self.end = start, end
        self.vocabulary = _labels(start)
        self.forget()

    def forget(self) -> None:
        """Drop everything remembered."""
        self._remembered = 0
        bottom = _Frame(None, None, 0, slotted=False, adds=True)
        self._ids: dict[tuple[Node, int], int] = {}
        self._places: list[tuple[Node, int]] = []
        self._stacks: dict[_Frame, int] = {bottom: 0}
        self._frames: list[_Frame] = [bottom]
        self._closures: dict[int, tuple[tuple[int, Marks], ...]] = {}
        self._states: dict[frozenset[int], State] = {}
        self.final = self._place(self.end, 0)
        self.start_place = self._place(self.begin, 0)
        self.start = self.state(frozenset((self.start_place,)))

    def _place(self, node: Node, stack: int) -> int:
        """Return the number of a node reached through a stack of calls."""
        key = (node, stack)
        place = self._ids.get(key)
        if place is None:
            place = self._ids[key] = len(self._places)
            self._places.append(key)
        return place

    def _pushed(self, call: Call, stack: int) -> int:
        """Return the number of the stack with one more call on it."""
        frame = _Frame(call.part.end, call.then, stack, call.slot is not None, call.adds)
        number = self._stacks.get(frame)
        if number is None:
            number = self._stacks[frame] = len(self._frames)
            self._frames.append(frame)
        return number

    def closure(self, place: int) -> tuple[tuple[int, Marks], ...]:
        """Return every place reached without a word that waits for one or ends the sentence, with the marks on the way."""
        known = self._closures.get(place)
        if known is not None:
            return known
        found: list[tuple[int, Marks]] = []
        seen = {place}
        todo: list[tuple[int, Marks]] = [(place, ())]
        while todo:
            here, marks = todo.pop()
            if self._places[here][0].edges or here == self.final:
                found.append((here, marks))
            for step in reversed(self._ahead(here, marks)):
                if step[0] not in seen:
                    seen.add(step[0])
                    todo.append(step)
        self._closures[place] = result = tuple(found)
        return result

    def _ahead(self, place: int, marks: Marks) -> list[tuple[int, Marks]]:
        """Return the places one step further without a word."""
        node, stack = self._places[place]
        ahead = [(self._place(to, stack), marks if mark is None else (*marks, mark)) for mark, to in node.jumps]
        for call in node.calls:
            inside = marks if call.slot is None else (*marks, Opens(call.slot))
            ahead.append((self._place(call.part.start, self._pushed(call, stack)), inside))
        frame = self._frames[stack]
        if node is frame.end and frame.then is not None:
            ahead.append((self._place(frame.then, frame.below), (*marks, Closes()) if frame.slotted else marks))
        return ahead

    def state(self, targets: frozenset[int]) -> State:
        """Return the state of having reached any of the places."""
        state = self._states.get(targets)
        if state is None:
            kernels = tuple(dict.fromkeys(kernel for target in targets for kernel, _ in self.closure(target)))
            state = self._states[targets] = State(kernels, complete=self.final in kernels)
        return state

    def pairs(self, state: State, word: str) -> tuple[tuple[int, int, float], ...]:
        """Return every way the word leads on from the state."""
        known = state.pairs.get(word)
        if known is not None:
            return known
        found: list[tuple[int, int, float]] = []
        for label in (word, *classes(word), WILD, REST, SOME_NAME):
            cost = WORD_COST.get(label, 0.0)
            for kernel, targets in self._waiting(state, label):
                stack = self._places[kernel][1]
                found.extend((kernel, self._place(to, stack), cost) for to in targets)
        self._remembered += 1
        state.pairs[word] = result = tuple(found)
        return result

    def _waiting(self, state: State, label: str) -> list[tuple[int, tuple[Node, ...]]]:
        """Return the places of the state with an edge of the label, and where it leads; a crowded state is indexed."""
        places = self._places
        if len(state.kernels) < CROWD:
            return [
                (kernel, places[kernel][0].edges[label]) for kernel in state.kernels if label in places[kernel][0].edges
            ]
        if state.index is None:
            state.index = {}
            for kernel in state.kernels:
                for word, targets in places[kernel][0].edges.items():
                    state.index.setdefault(word, []).append((kernel, targets))
        return state.index.get(label, [])

    def step(self, state: State, word: str) -> State | None:
        """Return the state after one more word, None where no sentence goes on so."""
        if word in state.next:
            return state.next[word]
        targets = frozenset(after for _, after, _ in self.pairs(state, word))
        state.next[word] = result = self.state(targets) if targets else None
        return result

    def labels(self, state: State) -> set[str]:
        """Return the label of every edge out of the state."""
        return {label for kernel in state.kernels for label in self._places[kernel][0].edges}

    def known(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words with every word that no sentence spells out replaced by UNKNOWN."""
        return tuple(word if word in self.vocabulary or classes(word) else UNKNOWN for word in words)

    def states(self, words: Sequence[str], begin: int = 0) -> list[State]:
        """Return the states before the first of the words, after it, and so on, as far as a sentence goes."""
        if self._remembered > MOST_REMEMBERED:
            self.forget()
        state: State | None = self.start
        found = []
        for place in range(begin, len(words) + 1):
            if state is None:
                break
            found.append(state)
            state = self.step(state, words[place]) if place < len(words) else None
        return found

    def waits(self, state: State, *, for_names: bool) -> bool:
        """Tell whether a longer sentence that would mean something else may go on from the state; more words of an unknown name count if asked."""
        return any(kernel != self.final and not self._in_tail(kernel, for_names=for_names) for kernel in state.kernels)

    def _in_tail(self, place: int, *, for_names: bool) -> bool:
        """Tell whether the place lies in words that add nothing."""
        node, stack = self._places[place]
        if not for_names and SOME_NAME in node.edges:
            return True
        while stack:
            if not self._frames[stack].adds:
                return True
            stack = self._frames[stack].below
        return False

    def cheapest(self, words: Sequence[str], states: Sequence[State]) -> "tuple[float, list[tuple[int, Mark]]] | None":
        """Return cost and marks (each with the number of words before it) of the best reading of all the words, if there is one.

        `states` are those of `self.states(words)`; Viterbi from the end, over the places that lie on some path.
        """
        if len(states) != len(words) + 1 or not states[-1].complete:
            return None
        best: dict[int, tuple[float, int, int]] = {self.final: (0.0, -1, -1)}
        trail = [best]
        for place in range(len(words) - 1, -1, -1):
            before: dict[int, tuple[float, int, int]] = {}
            for kernel, target, cost in self.pairs(states[place], words[place]):
                reached = self._reached(target, best)
                if reached and (kernel not in before or cost + reached[0] < before[kernel][0]):
                    before[kernel] = (cost + reached[0], target, reached[1])
            best = before
            trail.append(best)
        trail.reverse()
        first = self._reached(self.start_place, trail[0])
        return (first[0], self._marks(trail, first[1])) if first else None

    def _reached(self, target: int, best: dict[int, tuple[float, int, int]]) -> tuple[float, int] | None:
        """Return the least cost from a place reached by a word to the end, and the waiting place it goes through."""
        found: tuple[float, int] | None = None
        for kernel, marks in self.closure(target):
            if kernel in best:
                cost = best[kernel][0] + sum(
                    LATER_SENTENCE_COST * mark.index for mark in marks if isinstance(mark, Begins)
                )
                if found is None or cost < found[0]:
                    found = (cost, kernel)
        return found

    def _marks(self, trail: "list[dict[int, tuple[float, int, int]]]", kernel: int) -> list[tuple[int, Mark]]:
        """Collect the marks along the best path, each with the number of words before it."""
        target = self.start_place
        found: list[tuple[int, Mark]] = []
        for place, best in enumerate(trail):
            found.extend((place, mark) for mark in dict(self.closure(target))[kernel])
            _, target, kernel = best[kernel]
        return found


def _labels(start: Node) -> frozenset[str]:
    """Return the label of every edge in the network."""
    labels: set[str] = set()
    seen, todo = {start}, [start]
    while todo:
        node = todo.pop()
        labels.update(node.edges)
        ahead = [target for targets in node.edges.values() for target in targets]
        ahead += [target for _, target in node.jumps]
        ahead += [target for call in node.calls for target in (call.then, call.part.start)]
        for target in ahead:
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return frozenset(labels)
