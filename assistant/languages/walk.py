"""Walking a network of words: a deterministic automaton made as far as it is needed, and the cheapest path through it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from assistant.languages.net import REST, SOME_NAME, WILD, Begins, Call, Closes, Mark, Node, Opens, labels
from assistant.languages.reached import Closure, Frame, Marks, Places, State, Ways
from assistant.languages.readings import classes

WORD_COST: Final = {WILD: 1.0, REST: 0.2, SOME_NAME: 1.05}
"""What it costs to take a word for anything at all; words that are spelled out cost nothing."""
ALIKE_COST: Final = 0.3
"""What it costs to take a word for another that sounds the same; never where free words follow, for they would take anything."""
LATER_SENTENCE_COST: Final = 1e-6
"""Of two equal readings the sentence that stands first wins."""
MOST_REMEMBERED: Final = 20_000
"""Steps that are remembered; so that memory is bounded, all of a kind are forgotten when there are more."""
MOST_CLOSURES: Final = 8_000
"""Places of which is remembered what they lead to, 2 kB each."""
MOST_PLACES: Final = 200_000
"""Places that have a number, 150 bytes each; a thousand sentences of all kinds find 60,000."""
STACK_BITS: Final = 32
UNKNOWN: Final = "�"
"""Stands for every word that no sentence spells out."""


class Walk:
    """An automaton over one network; the places it has seen are remembered."""

    def __init__(self, start: Node, end: Node, alike: Iterable[str] = ()) -> None:
        """Take the nodes where sentences start and end, and lines of words that are written for each other ("to two too")."""
        self.begin, self.end = start, end
        lines = [line.split() for line in alike]
        self._alike = {word: tuple(other for other in line if other != word) for line in lines for word in line}
        self.vocabulary = labels(start) | frozenset(self._alike)
        self.forget()

    def forget(self) -> None:
        """Drop everything remembered."""
        self._remembered = 0
        bottom = Frame(None, None, 0, slotted=False, adds=True)
        self._ids: dict[int, int] = {}
        self._nodes: list[Node] = []
        self._stack_of: list[int] = []
        self._stacks: dict[Frame, int] = {bottom: 0}
        self._frames: list[Frame] = [bottom]
        self._closures: dict[int, Closure] = {}
        self._states: dict[Places, State] = {}
        self.final = self._place(self.end, 0)
        self.start_place = self._place(self.begin, 0)
        self.start = self.state((self.start_place,))

    def _place(self, node: Node, stack: int) -> int:
        """Return the number of a node reached through a stack of calls."""
        key = node.number << STACK_BITS | stack
        place = self._ids.get(key)
        if place is None:
            place = self._ids[key] = len(self._nodes)
            self._nodes.append(node)
            self._stack_of.append(stack)
        return place

    def _pushed(self, call: Call, stack: int) -> int:
        """Return the number of the stack with one more call on it."""
        frame = Frame(call.part.end, call.then, stack, call.slot is not None, call.adds)
        number = self._stacks.get(frame)
        if number is None:
            number = self._stacks[frame] = len(self._frames)
            self._frames.append(frame)
        return number

    def _closure(self, place: int) -> Closure:
        """Return what is reached from a place without a word."""
        known = self._closures.get(place)
        if known is not None:
            return known
        found: dict[int, Marks] = {}
        seen = {place}
        todo: list[tuple[int, Marks]] = [(place, ())]
        while todo:
            here, marks = todo.pop()
            if self._nodes[here].edges or here == self.final:
                found[here] = marks
            for step in reversed(self._ahead(here, marks)):
                if step[0] not in seen:
                    seen.add(step[0])
                    todo.append(step)
        self._closures[place] = closure = self._closed(found)
        return closure

    def _closed(self, marks: dict[int, Marks]) -> Closure:
        """Return the closure that reaches these places."""
        ways: dict[str, list[tuple[int, int, float]]] = {}
        free: list[tuple[int, int, float]] = []
        for kernel in marks:
            stack = self._stack_of[kernel]
            for word, nodes in self._nodes[kernel].edges.items():
                cost = WORD_COST.get(word)
                into = ways.setdefault(word, []) if cost is None else free
                into.extend((kernel, self._place(node, stack), cost or 0.0) for node in nodes)
        return Closure(
            marks, {word: tuple(found) for word, found in ways.items()}, tuple(free), ends=self.final in marks
        )

    def _ahead(self, place: int, marks: Marks) -> list[tuple[int, Marks]]:
        """Return the places one step further without a word."""
        node, stack = self._nodes[place], self._stack_of[place]
        ahead = [(self._place(to, stack), marks if mark is None else (*marks, mark)) for mark, to in node.jumps]
        for call in node.calls:
            inside = marks if call.slot is None else (*marks, Opens(call.slot))
            ahead.append((self._place(call.part.start, self._pushed(call, stack)), inside))
        frame = self._frames[stack]
        if node is frame.end and frame.then is not None:
            ahead.append((self._place(frame.then, frame.below), (*marks, Closes()) if frame.slotted else marks))
        return ahead

    def state(self, targets: Places) -> State:
        """Return the state of having reached any of the places."""
        state = self._states.get(targets)
        if state is None:
            complete = any(self._closure(target).ends for target in targets)
            state = self._states[targets] = State(targets, complete=complete)
        return state

    def ease(self) -> None:
        """Drop what can be worked out again where it is too much; the numbers of places hold."""
        if len(self._closures) > MOST_CLOSURES or self._remembered > MOST_REMEMBERED:
            self._remembered = 0
            self._closures.clear()
            self._states.clear()
            self.start = self.state((self.start_place,))

    def kernels(self, state: State) -> Iterator[int]:
        """Yield every place of the state that waits for a word or is the end, some twice."""
        for target in state.targets:
            yield from self._closure(target).marks

    def pairs(self, state: State, word: str) -> Ways:
        """Return every way the word leads on from the state."""
        known = state.pairs.get(word)
        if known is not None:
            return known
        labels = (word, *classes(word))
        alike = self._alike.get(word, ())
        found: dict[tuple[int, int, float], None] = {}
        for target in state.targets:
            closure = self._closure(target)
            found.update(dict.fromkeys(closure.free))
            for label in labels:
                if label in closure.ways:
                    found.update(dict.fromkeys(closure.ways[label]))
            for label in alike:
                for kernel, after, _ in closure.ways.get(label, ()):
                    if not self._closure(after).free:
                        found[kernel, after, ALIKE_COST] = None
        self._remembered += 1
        state.pairs[word] = result = tuple(found)
        return result

    def step(self, state: State, word: str) -> State | None:
        """Return the state after one more word, None where no sentence goes on so."""
        if word in state.next:
            return state.next[word]
        targets = tuple(sorted({after for _, after, _ in self.pairs(state, word)}))
        state.next[word] = result = self.state(targets) if targets else None
        return result

    def onward(self, state: State) -> dict[str, set[int]]:
        """Return the places after every label that may come next, free words counted in; one pass for all labels."""
        found: dict[str, set[int]] = {}
        free: set[int] = set()
        for target in state.targets:
            closure = self._closure(target)
            for label, ways in closure.ways.items():
                found.setdefault(label, set()).update(after for _, after, _ in ways)
            free.update(after for _, after, _ in closure.free)
        return {label: places | free for label, places in found.items()} if free else found

    def known(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words with every word that no sentence spells out replaced by UNKNOWN."""
        return tuple(word if word in self.vocabulary or classes(word) else UNKNOWN for word in words)

    def states(self, words: Sequence[str], begin: int = 0) -> list[State]:
        """Return the states before the first of the words, after it, and so on, as far as a sentence goes."""
        if len(self._nodes) > MOST_PLACES:
            self.forget()
        self.ease()
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
        return any(
            kernel != self.final and not self._in_tail(kernel, for_names=for_names) for kernel in self.kernels(state)
        )

    def _in_tail(self, place: int, *, for_names: bool) -> bool:
        """Tell whether the place lies in words that add nothing."""
        node, stack = self._nodes[place], self._stack_of[place]
        if not for_names and SOME_NAME in node.edges:
            return True
        while stack:
            if not self._frames[stack].adds:
                return True
            stack = self._frames[stack].below
        return False

    def polite(self, state: State, word: str) -> bool:
        """Tell whether the word goes on from the state as politeness only."""
        return all(self._in_politeness(kernel) for kernel, _, _ in self.pairs(state, word))

    def _in_politeness(self, place: int) -> bool:
        """Tell whether the place lies in the words round a sentence."""
        stack = self._stack_of[place]
        while stack and self._frames[stack].below:
            stack = self._frames[stack].below
        return stack > 0 and not self._frames[stack].adds

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
            pairs = self.pairs(states[place], words[place])
            further = {target: self._reached(target, best) for target in {target for _, target, _ in pairs}}
            for kernel, target, cost in pairs:
                reached = further[target]
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
        marks = self._closure(target).marks
        for kernel in best if len(best) < len(marks) else marks:
            if kernel in best and kernel in marks:
                later = (mark.index for mark in marks[kernel] if isinstance(mark, Begins))
                cost = best[kernel][0] + LATER_SENTENCE_COST * sum(later)
                if found is None or cost < found[0]:
                    found = (cost, kernel)
        return found

    def _marks(self, trail: "list[dict[int, tuple[float, int, int]]]", kernel: int) -> list[tuple[int, Mark]]:
        """Collect the marks along the best path, each with the number of words before it."""
        target = self.start_place
        found: list[tuple[int, Mark]] = []
        for place, best in enumerate(trail):
            found.extend((place, mark) for mark in self._closure(target).marks[kernel])
            _, target, kernel = best[kernel]
        return found
