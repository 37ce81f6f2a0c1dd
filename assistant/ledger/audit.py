"""The audit chain: each line's hash covers the line before it, so that an edit, a deletion, another order or a cut tail shows."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from assistant.core.quote import canonical

GENESIS: Final = "0" * 64
TRIMMED: Final = "trimmed"
"""The line that says up to where older lines were removed, and their last hash."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    seq: int
    """1, 2, 3 … without a gap."""
    at: str
    """ISO 8601 wall clock, for people."""
    what: str
    facts: Mapping[str, str]
    """Ids, states, digests, amounts; never what was said."""
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: enough to notice a cut tail."""

    length: int
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Where and how the chain does not hold."""

    seq: int
    why: str
    """`edited`, `missing`, `cut` or `trimmed`."""


def chain(before: str, seq: int, at: str, what: str, facts: Mapping[str, str]) -> str:
    """Return the hash of a line that follows the hash `before`."""
    return hashlib.sha256(before.encode() + canonical([seq, at, what, dict(facts)])).hexdigest()


def verify(lines: Iterable[Line], base: Head, known: Iterable[Head]) -> Broken | Head:
    """Walk the chain from `base` (the end of what was trimmed) and return its head, or the first place that does not hold.

    `known` are heads seen before (the bridge keeps one): the chain must pass through each that is not trimmed away.
    """
    wanted = {head.length: head.hash for head in known if head.length > base.length}
    at, said = base, Head(0, GENESIS)
    for line in lines:
        if line.seq != at.length + 1:
            return Broken(at.length + 1, "missing")
        if line.hash != chain(at.hash, line.seq, line.at, line.what, line.facts):
            return Broken(line.seq, "edited")
        if wanted.pop(line.seq, line.hash) != line.hash:
            return Broken(line.seq, "edited")
        if line.what == TRIMMED:
            said = Head(int(line.facts.get("length", "0")), line.facts.get("hash", ""))
        at = Head(line.seq, line.hash)
    if wanted:
        return Broken(at.length + 1, "cut")
    if base.length and said != base:
        return Broken(base.length, "trimmed")
    return at
