"""Sentences as a network of words: nodes, word edges, marks, and calls of shared parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from assistant.languages import template
from assistant.languages.template import Choice, Node, RuleRef, Sequence, Slot, Text

WILD: Final = ""
"""Edge label that any word fits: free words."""
REST: Final = "*"
"""As WILD, for free words that go on to the end whatever they say: what to be reminded of, what to write."""
SOME_NAME: Final = "?"
"""As WILD, for a name the car does not know."""


@dataclass(frozen=True, slots=True)
class Opens:
    """A slot's words begin."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Means:
    """The words so far stand for a list's value or a known name."""

    value: str


@dataclass(frozen=True, slots=True)
class Closes:
    """A slot's words end."""


@dataclass(frozen=True, slots=True)
class Begins:
    """One of the sentences begins."""

    index: int


Mark = Opens | Means | Closes | Begins


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the network that many places call."""

    start: int
    end: int


class Net:
    """The network under construction and after; `end` is reached when a whole sentence is over."""

    def __init__(self) -> None:
        """Make an empty network."""
        self.edges: list[dict[str, tuple[int, ...]]] = []
        self.jumps: list[list[tuple[Mark | None, int]]] = []
        self.calls: list[list[tuple[Part, int]]] = []
        self.tail: set[int] = set()
        """Nodes whose words add nothing that was worth waiting for: politeness, units, decimals."""

    def node(self) -> int:
        """Add a node."""
        self.edges.append({})
        self.jumps.append([])
        self.calls.append([])
        return len(self.edges) - 1

    def word(self, start: int, word: str, end: int) -> None:
        """Let `word` lead from `start` to `end`."""
        self.edges[start][word] = (*self.edges[start].get(word, ()), end)

    def jump(self, start: int, end: int, mark: Mark | None = None) -> None:
        """Let nothing lead from `start` to `end`."""
        self.jumps[start].append((mark, end))

    def call(self, start: int, part: Part, end: int) -> None:
        """Let a whole `part` lead from `start` to `end`."""
        self.calls[start].append((part, end))

    def prune(self, dead: Iterable[Part], ends: Iterable[int]) -> None:
        """Take away the calls of `dead` parts and every way that then leads nowhere; `ends` are the nodes worth reaching."""
        gone = {part.start for part in dead}
        back: list[list[int]] = [[] for _ in self.edges]
        for node in range(len(self.edges)):
            ahead = [to for targets in self.edges[node].values() for to in targets] + [to for _, to in self.jumps[node]]
            for to in (*ahead, *(to for part, to in self.calls[node] if part.start not in gone)):
                back[to].append(node)
        live, todo = set(ends), list(ends)
        while todo:
            fresh = [node for node in back[todo.pop()] if node not in live]
            live.update(fresh)
            todo.extend(fresh)
        for node in range(len(self.edges)):
            edges = {word: tuple(to for to in targets if to in live) for word, targets in self.edges[node].items()}
            self.edges[node] = {word: targets for word, targets in edges.items() if targets}
            self.jumps[node] = [jump for jump in self.jumps[node] if jump[1] in live]
            self.calls[node] = [(part, to) for part, to in self.calls[node] if to in live and part.start not in gone]


class Builder:
    """Turns template trees into a network."""

    def __init__(
        self,
        net: Net,
        split: Callable[[str], tuple[str, ...]],
        rule: Callable[[str], Node | Part],
        slot: Callable[[Slot], Part],
    ) -> None:
        """Take how to split text into words, what a rule stands for, and the part of a slot of the request at hand."""
        self.net, self.split, self.rule, self.slot = net, split, rule, slot

    def part(self, tree: Node) -> Part:
        """Build a tree as a part of its own."""
        start = self.net.node()
        return Part(start, self.build(tree, start))

    def build(self, tree: Node, start: int) -> int:
        """Append a tree behind `start`; return the node where it ends."""
        match tree:
            case Text(text):
                return self.words(self.split(text), start)
            case Sequence(items):
                for item in items:
                    start = self.build(item, start)
                return start
            case Choice(items):
                end = self.net.node()
                for item in items:
                    before = self.net.node()
                    self.net.jump(start, before)
                    self.net.jump(self.build(item, before), end)
                return end
            case RuleRef(name):
                found = self.rule(name)
                if not isinstance(found, Part):
                    return self.build(found, start)
                end = self.net.node()
                self.net.call(start, found, end)
                return end
            case Slot():
                return self.called(tree, start)

    def words(self, words: Iterable[str], start: int) -> int:
        """Append words one after the other."""
        for word in words:
            end = self.net.node()
            self.net.word(start, word, end)
            start = end
        return start

    def called(self, slot: Slot, start: int) -> int:
        """Append a slot: its marks and the call of its part."""
        before, after, end = self.net.node(), self.net.node(), self.net.node()
        self.net.jump(start, before, Opens(slot))
        self.net.call(before, self.slot(slot), after)
        self.net.jump(after, end, Closes())
        return end

    def listed(self, entries: Iterable[tuple[str, str]]) -> Part:
        """Build a part of plain names as (words, value); beginnings are shared."""
        start, end = self.net.node(), self.net.node()
        for text, value in entries:
            place = start
            for word in self.split(text):
                known = self.net.edges[place].get(word)
                place = known[0] if known else self.words((word,), place)
            if place != start:
                self.net.jump(place, end, Means(value))
        return Part(start, end)

    def chosen(self, entries: Iterable[tuple[str, str]]) -> Part:
        """Build a part of templates as (template, value)."""
        start, end = self.net.node(), self.net.node()
        for text, value in entries:
            before = self.net.node()
            self.net.jump(start, before)
            self.net.jump(self.build(parsed(text), before), end, Means(value))
        return Part(start, end)

    def free(self, label: str, most: int = 0) -> Part:
        """Build a part that takes any words, at least one and, if given, at most `most`."""
        start, end = self.net.node(), self.net.node()
        if not most:
            self.net.word(start, label, end)
            self.net.word(end, label, end)
        place = start
        for _ in range(most):
            after = self.net.node()
            self.net.word(place, label, after)
            self.net.jump(after, end)
            place = after
        return Part(start, end)


@lru_cache(maxsize=8192)
def parsed(text: str) -> Node:
    """Return `template.parse(text)`, remembered."""
    return template.parse(text)
