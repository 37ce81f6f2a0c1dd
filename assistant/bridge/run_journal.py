"""One workflow from inside: a coroutine that learns from its journal first, then from steps and messages."""

import types
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Never, Protocol

from assistant.bridge.engine import Json, Result
from assistant.bridge.journal import RECEIVED, Entry, Story


class Host(Protocol):
    """What a run asks of its engine, in the thread that tells it."""

    clock: Callable[[], float]
    linger_s: float

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """What is held by whoever changes a run's mailbox, or whether it waits."""
        ...

    def perform(self, run: "JournalRun", n: int, work: Callable[[], tuple[str, Result, str]]) -> Entry:
        """Do what gives an entry (its name, its answer, the key of a message it takes), and write it down."""
        ...

    def park(self, run: "JournalRun", due: float) -> Never:
        """Let a run go until `due` or a message."""
        ...


class JournalRun:
    """One workflow from inside."""

    __slots__ = ("_at", "_engine", "_mail", "_n", "_seen", "_told", "brief", "order", "parked", "telling", "wakes")

    def __init__(self, engine: Host, story: Story) -> None:
        """Tell `story` on."""
        self.order = story.order
        self.brief = story.brief
        self.parked = story.due > 0
        """Its row says when to wake it; its next entry takes that back."""
        self.telling: Generator[float, None, str] | None = None
        """The workflow, once it is told; it yields how many seconds it waits for a message at most."""
        self.wakes = 0.0
        """Monotonic seconds at which it goes on if no message comes; 0 while it is told."""
        self._engine = engine
        self._told: Sequence[Entry] = story.entries
        self._at = story.began
        self._n = 0
        self._mail: deque[tuple[str, Json]] | None = None
        self._seen: set[str] | None = None

    @property
    def has_mail(self) -> bool:
        """Tell whether a message lies here that was not taken."""
        return bool(self._mail)

    async def step(self, name: str, work: Callable[[], Result]) -> Json:
        """Run `work` and write its answer down."""
        told = self._next_told()
        entry = told or self._engine.perform(self, self._n, lambda: (name, work(), ""))
        answer: Json = self._turn(entry, name)
        return answer

    async def receive(self, timeout_s: float) -> Json | None:
        """Take the oldest message."""
        told = self._next_told()
        if told is None:
            key, message = await self._letter(timeout_s)
            answer = {"key": key, "message": message}
            told = self._engine.perform(self, self._n, lambda: (RECEIVED, answer, key))
            if key and told.answer["key"] != key and self._mail is not None and message is not None:
                with self._engine.lock:
                    self._mail.appendleft((key, message))  # an earlier owner took another one first
        answer = self._turn(told, RECEIVED)
        if answer["key"]:
            with self._engine.lock:
                self._seen = (self._seen or set()) | {answer["key"]}
        found: Json | None = answer["message"]
        return found

    def deliver(self, key: str, message: Json) -> None:
        """Take a message that may have been here before; with the engine's lock held."""
        if self._seen is None or key not in self._seen:
            self._seen = (self._seen or set()) | {key}
            self._mail = self._mail or deque()
            self._mail.append((key, message))

    async def _letter(self, timeout_s: float) -> tuple[str, Json | None]:
        """Return key and message of the oldest letter, or nothing once the time, counted from the last entry, is over."""
        left_s = min(timeout_s, self._at + timeout_s - self._engine.clock())
        due, linger_s = self._engine.clock() + left_s, self._engine.linger_s
        if not self._mail and left_s > 0:
            await _pause(min(left_s, linger_s))
            if not self._mail and left_s > linger_s:
                self._engine.park(self, due)
        with self._engine.lock:
            return self._mail.popleft() if self._mail else ("", None)

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


@types.coroutine
def _pause(seconds: float) -> Generator[float, None, None]:
    """Let the engine do something else until a message comes, so many seconds at most."""
    yield seconds
