"""A small maker of word graphs for the tests: regular sentences become a lazy deterministic automaton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

Expression = str | Sequence["Expression"]
"""A string: words in order. A tuple: parts in order. A list: one of its members, "" being nothing at all."""


class Graph:
    """Sentences made of an expression."""

    start = 0

    def __init__(self, expression: Expression) -> None:
        self._numbers = count()
        self._empty: dict[int, list[int]] = {}
        self._words: dict[int, list[tuple[str, int]]] = {}
        first = next(self._numbers)
        self._last = self._add(expression, first)
        self._states: list[frozenset[int]] = [self._closed({first})]
        self._index = {self._states[0]: 0}
        self._following: dict[int, Mapping[str, int]] = {}

    def following(self, state: int) -> Mapping[str, int]:
        if state not in self._following:
            reached: dict[str, set[int]] = {}
            for node in self._states[state]:
                for word, after in self._words.get(node, ()):
                    reached.setdefault(word, set()).add(after)
            self._following[state] = {word: self._state(nodes) for word, nodes in reached.items()}
        return self._following[state]

    def complete(self, state: int) -> bool:
        return self._last in self._states[state]

    def _add(self, expression: Expression, node: int) -> int:
        if isinstance(expression, str):
            for word in expression.split():
                after = next(self._numbers)
                self._words.setdefault(node, []).append((word, after))
                node = after
            return node
        if isinstance(expression, tuple):
            for part in expression:
                node = self._add(part, node)
            return node
        end = next(self._numbers)
        for member in expression:
            begin = next(self._numbers)
            self._empty.setdefault(node, []).append(begin)
            self._empty.setdefault(self._add(member, begin), []).append(end)
        return end

    def _state(self, nodes: set[int]) -> int:
        closed = self._closed(nodes)
        if closed not in self._index:
            self._index[closed] = len(self._states)
            self._states.append(closed)
        return self._index[closed]

    def _closed(self, nodes: set[int]) -> frozenset[int]:
        found, todo = set(nodes), list(nodes)
        while todo:
            fresh = [after for after in self._empty.get(todo.pop(), ()) if after not in found]
            found.update(fresh)
            todo += fresh
        return frozenset(found)
