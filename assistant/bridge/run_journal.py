"""One workflow from inside: a coroutine that learns from its journal first, then from steps and messages."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Never, Protocol

from assistant.bridge.engine import Json
from assistant.bridge.journal import RECEIVED, Entry, Story


class Host(Protocol):
    """What a run asks of its engine; all of it on the engine's loop."""

    clock: Callable[[], float]
    linger_s: float

    async def perform(self, run: "JournalRun", n: int, work: Callable[[], tuple[str, Json, str]]) -> Entry:
        """Do in a thread what gives an entry (its name, its answer, the key of a message it takes), and write it down."""
        ...

    async def park(self, run: "JournalRun", due: float) -> Never:
        """Let a run go until `due` or a message."""
        ...


class JournalRun:
    """One workflow from inside."""

    __slots__ = ("_at", "_engine", "_mail", "_n", "_seen", "_told", "_waiter", "brief", "order", "parked", "task")

    def __init__(self, engine: Host, story: Story) -> None:
        """Tell `story` on; its task is given once there is one."""
        self.order = story.order
        self.brief = story.brief
        self.parked = story.due > 0
        """Its row says when to wake it; its next entry takes that back."""
        self.task: asyncio.Task[None] | None = None
        self._engine = engine
        self._told: Sequence[Entry] = story.entries
        self._at = story.began
        self._n = 0
        self._mail: deque[tuple[str, Json]] | None = None
        self._seen: set[str] | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def step(self, name: str, work: Callable[[], Json]) -> Json:
        """Run `work` in a thread and write its answer down."""
        told = self._next_told()
        entry = told or await self._engine.perform(self, self._n, lambda: (name, work(), ""))
        answer: Json = self._turn(entry, name)
        return answer

    async def receive(self, timeout_s: float) -> Json | None:
        """Take the oldest message."""
        told = self._next_told()
        if told is None:
            key, message = await self._letter(timeout_s)
            answer = {"key": key, "message": message}
            told = await self._engine.perform(self, self._n, lambda: (RECEIVED, answer, key))
            if key and told.answer["key"] != key and self._mail is not None and message is not None:
                self._mail.appendleft((key, message))  # an earlier owner took another one first
        answer = self._turn(told, RECEIVED)
        if answer["key"]:
            self._seen = (self._seen or set()) | {answer["key"]}
        found: Json | None = answer["message"]
        return found

    def deliver(self, key: str, message: Json) -> None:
        """Take a message that may have been here before."""
        if self._seen is None or key not in self._seen:
            self._seen = (self._seen or set()) | {key}
            self._mail = self._mail or deque()
            self._mail.append((key, message))
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    async def _letter(self, timeout_s: float) -> tuple[str, Json | None]:
        """Return key and message of the oldest letter, or nothing once the time, counted from the last entry, is over."""
        left_s = min(timeout_s, self._at + timeout_s - self._engine.clock())
        due, linger_s = self._engine.clock() + left_s, self._engine.linger_s
        if not self._mail and left_s > 0:
            await self._wait(min(left_s, linger_s))
            if not self._mail and left_s > linger_s:
                await self._engine.park(self, due)
        return self._mail.popleft() if self._mail else ("", None)

    async def _wait(self, seconds: float) -> None:
        """Wait for a message."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, _wake, self._waiter)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _next_told(self) -> Entry | None:
        """Return the next entry of the journal, None at its end."""
        if self._n < len(self._told):
            return self._told[self._n]
        self._told = ()
        return None

    def _turn(self, entry: Entry, name: str) -> Any:
        """Go on to the next entry."""
        if entry.name != name:
            msg = f"the journal holds {entry.name} where {name} is told"
            raise RuntimeError(msg)
        self._n += 1
        self._at = entry.at
        return entry.answer


def _wake(waiter: asyncio.Future[None]) -> None:
    """End a wait."""
    if not waiter.done():
        waiter.set_result(None)
