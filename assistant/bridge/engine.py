"""What the bridge asks of a durable workflow engine, and the two things a workflow asks of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

Json = Mapping[str, Any]
Writing = Callable[[sa.Connection], tuple[Json, Callable[[], None]]]
"""Writes in a transaction, and may be called for another one where that fails; returns an answer, and what is done once it is committed."""
Result = Json | Writing
"""What a step comes to."""


class Run(Protocol):
    """One order's workflow from inside: whatever it does runs through these two, so that it can be told again after a crash."""

    order: str
    brief: Json
    """What it was started with."""

    async def step(self, name: str, work: Callable[[], Result]) -> Json:
        """Run `work` (blocking, in a thread) and write its answer down; after a crash it may run again, once more at most.

        `work` never raises and bears its own idempotency key. A step that was written down is not run again. What it returns
        a Writing for is written together with the answer, or not at all: not by a bridge that the order was taken from.
        """
        ...

    async def receive(self, timeout_s: float) -> Json | None:
        """Take the oldest message of the order's one mailbox, or None after `timeout_s` seconds, which pass across crashes."""
        ...


Tale = Callable[[Run], Awaitable[str]]
"""A workflow: deterministic but for its steps and messages. Returns the word it ended with."""


class Engine(Protocol):
    """A durable workflow engine; a workflow's id is the order's id."""

    def open(self, tale: Tale) -> None:
        """Begin; workflows that this executor left unfinished go on."""
        ...

    def start(self, connection: sa.Connection, order: str, brief: Json) -> Callable[[], None]:
        """Write an order's workflow down in the caller's transaction; from its commit on it survives any crash. Only once an order.

        Returns what sets it going at once, to be called after the commit; `notice` does it too, more slowly.
        """
        ...

    def send(self, connection: sa.Connection, order: str, message: Json, key: str) -> bool:
        """Put a message into an order's mailbox in the caller's transaction, once per `key`; False if there is no such workflow."""
        ...

    def notice(self, order: str) -> None:
        """Set going what was written down for an order, once that is committed; from any thread, at no cost if there is nothing."""
        ...

    def take_over(self, executor: str) -> int:
        """Let the unfinished workflows of a dead executor go on here; return how many."""
        ...

    def forget(self, orders: Sequence[str]) -> None:
        """Erase all that the engine holds of these orders, which must have ended."""
        ...

    def close(self, drain_s: float) -> None:
        """Let running steps end within `drain_s` seconds, begin no more, and stop; nothing is lost."""
        ...
