"""Sentences as a network of words: nodes with word edges, marks, and calls of shared parts; equal nodes are one."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from assistant.languages import template
from assistant.languages.template import Choice, RuleRef, Sequence, Slot, Text

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


class Node:
    """A place between words. What it leads to is set once, where it is made; only loops are closed later."""

    __slots__ = ("calls", "edges", "jumps", "loose", "number")
    _made = itertools.count()

    def __init__(self) -> None:
        """Make a node that leads nowhere."""
        self.number = next(Node._made)
        """Unlike every other node's."""
        self.edges: Mapping[str, tuple[Node, ...]] = {}
        self.jumps: tuple[tuple[Mark | None, Node], ...] = ()
        self.calls: tuple[Call, ...] = ()
        self.loose = True
        """Whether it may still change, or is an end: others then refer to it instead of copying what it leads to."""


class Part(NamedTuple):
    """A piece of the network that many places call; `end` is where it is over."""

    start: Node
    end: Node


class Call(NamedTuple):
    """Go through a part, then on."""

    part: Part
    then: Node
    slot: Slot | None
    """The slot whose words the part takes."""
    adds: bool
    """False for words that add nothing that was worth waiting for: politeness, units, decimals."""


class Builder:
    """Turns template trees into nodes, from the end to the beginning. What leads nowhere is None."""

    def __init__(
        self,
        split: Callable[[str], tuple[str, ...]],
        rule: Callable[[str], "template.Node | Part"],
        slot: Callable[[Slot], Part | None],
    ) -> None:
        """Take how to split text into words, what a rule stands for, and the part of a slot of the request at hand."""
        self.split, self.rule, self.slot = split, rule, slot
        self._known: dict[tuple[object, ...], Node] = {}

    def forget(self) -> None:
        """Drop what is only needed while building."""
        self._known.clear()

    def part(self, tree: template.Node) -> Part | None:
        """Build a tree as a part of its own."""
        end = Node()
        start = self.build(tree, end)
        return None if start is None else Part(start, end)

    def build(self, tree: template.Node, then: Node | None) -> Node | None:
        """Return the node from which the tree leads to `then`."""
        if then is None:
            return None
        match tree:
            case Text(text):
                return self.words(self.split(text), then)
            case Sequence(items):
                place: Node | None = then
                for item in reversed(items):
                    place = self.build(item, place)
                return place
            case Choice(items):
                return self.union(self.build(item, then) for item in items)
            case RuleRef(name):
                found = self.rule(name)
                return self.call(found, then) if isinstance(found, Part) else self.build(found, then)
            case Slot():
                part = self.slot(tree)
                return None if part is None else self.call(part, then, tree)

    def words(self, words: Iterable[str], then: Node) -> Node:
        """Return the node from which the words lead to `then`."""
        for word in reversed(tuple(words)):
            then = self.node({word: (then,)})
        return then

    def call(self, part: Part, then: Node, slot: Slot | None = None, *, adds: bool = True) -> Node:
        """Return the node from which a part leads to `then`."""
        return self.node(calls=(Call(part, then, slot, adds),))

    def marked(self, mark: Mark, then: Node) -> Node:
        """Return the node that leads to `then` past a mark."""
        return self.node(jumps=((mark, then),))

    def union(self, nodes: Iterable[Node | None]) -> Node | None:
        """Return one node that leads wherever any of them does."""
        found = list(dict.fromkeys(node for node in nodes if node is not None))
        if len(found) < 2:
            return found[0] if found else None
        edges: dict[str, dict[Node, None]] = {}
        jumps: dict[tuple[Mark | None, Node], None] = {}
        calls: dict[Call, None] = {}
        for node in found:
            if node.loose:
                jumps[None, node] = None
                continue
            for word, targets in node.edges.items():
                edges.setdefault(word, {}).update(dict.fromkeys(targets))
            jumps.update(dict.fromkeys(node.jumps))
            calls.update(dict.fromkeys(node.calls))
        return self.node({word: tuple(targets) for word, targets in edges.items()}, tuple(jumps), tuple(calls))

    def node(
        self,
        edges: Mapping[str, tuple[Node, ...]] | None = None,
        jumps: tuple[tuple[Mark | None, Node], ...] = (),
        calls: tuple[Call, ...] = (),
    ) -> Node:
        """Return the node that leads just so."""
        edges = edges or {}
        key = (tuple(edges.items()), jumps, calls)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = Node()
            node.edges, node.jumps, node.calls, node.loose = edges, jumps, calls, False
        return node

    def listed(self, entries: Iterable[tuple[str, str]]) -> Part | None:
        """Build a part of plain names as (words, value)."""
        return self._entries((self.split(text), value) for text, value in entries)

    def _entries(self, entries: Iterable[tuple[tuple[str, ...], str]]) -> Part | None:
        """Build a part of names as (words, value); beginnings are shared."""
        end = Node()

        def beginning(rest: Iterable[tuple[tuple[str, ...], str]]) -> Node:
            further: dict[str, list[tuple[tuple[str, ...], str]]] = {}
            ends: dict[str, None] = {}
            for words, value in rest:
                if words:
                    further.setdefault(words[0], []).append((words[1:], value))
                else:
                    ends[value] = None
            edges = {word: (beginning(more),) for word, more in further.items()}
            return self.node(edges, tuple((Means(value), end) for value in ends))

        named = [(words, value) for words, value in entries if words]
        return Part(beginning(named), end) if named else None

    def chosen(self, entries: Iterable[tuple[str, str]]) -> Part | None:
        """Build a part of templates as (template, value)."""
        end = Node()
        start = self.union(self.build(parsed(text), self.marked(Means(value), end)) for text, value in entries)
        return None if start is None else Part(start, end)

    def free(self, label: str, most: int = 0) -> Part:
        """Build a part that takes any words, at least one and, if given, at most `most`."""
        end = Node()
        if most:
            start: Node | None = self.node({label: (end,)})
            for _ in range(most - 1):
                start = self.node({label: (end, start)} if start else {})
            return Part(start or end, end)
        loop = Node()
        loop.edges, loop.jumps = {label: (loop,)}, ((None, end),)
        return Part(self.node({label: (loop,)}), end)


@lru_cache(maxsize=4096)
def parsed(text: str) -> template.Node:
    """Return `template.parse(text)`, remembered."""
    return template.parse(text)


def labels(start: Node) -> frozenset[str]:
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
