"""What a walk through a network of words remembers of it."""

from typing import NamedTuple

from assistant.languages.net import Mark, Node

Marks = tuple[Mark, ...]
Places = tuple[int, ...]
"""Numbers in ascending order."""
Ways = tuple[tuple[int, int, float], ...]
"""Place before a word, place after, cost. Plain numbers, so that the garbage collector need not look at them."""


class State:
    """Every place in the network where the words so far may have led."""

    __slots__ = ("complete", "next", "pairs", "targets")

    def __init__(self, targets: Places, *, complete: bool) -> None:
        """Take the places the last word led to, and whether a sentence may end here."""
        self.targets = targets
        self.complete = complete
        self.next: dict[str, State | None] = {}
        self.pairs: dict[str, Ways] = {}
        """By word."""


class Closure:
    """What is reached from one place without a word."""

    __slots__ = ("ends", "free", "marks", "ways")

    def __init__(self, marks: dict[int, Marks], ways: dict[str, Ways], free: Ways, *, ends: bool) -> None:
        """Take what is reached; nothing of it changes any more."""
        self.marks = marks
        """Every place that waits for a word or is the end, and the marks on the way to it."""
        self.ways = ways
        """By word."""
        self.free = free
        """For any word."""
        self.ends = ends


class Frame(NamedTuple):
    """One call under way."""

    end: Node | None
    then: Node | None
    below: int
    """Number of the stack the call was made from."""
    slotted: bool
    adds: bool
