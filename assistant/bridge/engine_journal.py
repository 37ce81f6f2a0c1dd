"""The engine port on tables of our own, in the database (and the transactions) of the bridge.

A workflow is a coroutine. Whatever it learns from a step or a message is one entry of its journal, written before it goes
on; told again after a crash, it learns the same from the journal until that ends. One that waits costs no thread and no poll
of its own: one query asks for the mail of all.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from assistant.bridge import journal
from assistant.bridge.database import Database
from assistant.bridge.engine import Json, Tale
from assistant.bridge.journal import RECEIVED, Entry, Story

T = TypeVar("T")
_log = logging.getLogger(__name__)

POLL_S: Final = 0.2
"""How long a message that another bridge put into a mailbox may lie there unnoticed."""
THREADS: Final = 64
"""Steps that may wait for a company at once."""
PAGE: Final = 500


class _LostError(Exception):
    """The run belongs to another bridge by now."""


class JournalEngine:
    """Workflows whose journals are in `database`."""

    def __init__(self, database: Database, executor: str, clock: Callable[[], float]) -> None:
        """`executor` is this bridge's stable name."""
        self.clock = clock
        self._database = database
        self._executor = executor
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(THREADS, "steps")
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("workflows", self._loop.run_forever), ("mail", self._watch))
        ]
        self._runs: dict[str, _JournalRun] = {}
        self._noticed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._look = threading.Event()
        self._leaving = False
        self._busy = 0
        self._tale: Tale

    def open(self, tale: Tale) -> None:
        """Go on with what this executor left unfinished."""
        self._tale = tale
        self._database.prepare(journal.METADATA)
        self._threads[0].start()
        self._go_on(self._database.read(lambda c: journal.unfinished(c, self._executor)))
        self._threads[1].start()

    def start(self, connection: sa.Connection, order: str, brief: Json) -> None:
        """Write an order's workflow down."""
        journal.start(connection, order, self._executor, brief, self.clock())

    def send(self, connection: sa.Connection, order: str, message: Json, key: str) -> bool:
        """Put a message into the mailbox, once per key."""
        return journal.send(connection, order, message, key, self.clock())

    def notice(self, order: str) -> None:
        """Look at an order in the next round, which begins at once."""
        self._noticed.put(order)
        self._look.set()

    def take_over(self, executor: str) -> int:
        """Go on with what a dead executor left."""
        orders = self._database.write(lambda c: journal.hand_over(c, executor, self._executor))
        self._go_on(orders)
        return len(orders)

    def forget(self, orders: Sequence[str]) -> None:
        """Delete runs with their journals and mailboxes."""
        self._database.write(lambda c: journal.forget(c, orders))

    def close(self, drain_s: float) -> None:
        """Park every workflow at its next step, wait for running steps, and stop; parked ones stay unfinished in the database."""
        if self._leaving:
            return
        self._leaving = True
        self._look.set()
        ends = time.monotonic() + drain_s
        while self._busy and time.monotonic() < ends:
            time.sleep(0.01)
        self._wait(self._park())
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(timeout=10)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def perform(self, run: "_JournalRun", n: int, work: Callable[[], tuple[str, Json, str]]) -> Entry:
        """Do in a thread what gives an entry (its name, its answer, the key of a message it takes), and write it down.

        Returns what stands there then. While the bridge leaves, nothing is begun any more.
        """
        if self._leaving:
            await asyncio.Event().wait()
        self._busy += 1
        try:
            return await self._loop.run_in_executor(self._pool, self._perform, run.order, n, work)
        finally:
            self._busy -= 1

    def _perform(self, order: str, n: int, work: Callable[[], tuple[str, Json, str]]) -> Entry:
        """Do it and write it down."""
        name, answer, key = work()
        entry = Entry(name, answer, self.clock())

        def write(connection: sa.Connection) -> Entry | None:
            stands = journal.enter(connection, order, self._executor, n, entry)
            if key and stands is entry:
                journal.take(connection, order, key)
            return stands

        stands = self._database.write(write)
        if stands is None:
            raise _LostError
        return stands

    def _watch(self) -> None:
        """Look at what was noticed, and at all mail, until the bridge leaves."""
        while not self._leaving:
            self._look.wait(POLL_S)
            self._look.clear()
            try:
                self._round()
            except Exception:  # noqa: BLE001  one round must not end the thread
                _log.exception("round failed", extra={"fields": {"round": "mail"}})

    def _round(self) -> None:
        """Begin what was noticed and deliver what lies in the mailboxes."""
        noticed = {self._noticed.get() for _ in range(self._noticed.qsize())}
        new = {order for order in noticed if order not in self._runs}
        if new:
            found = self._database.read(
                lambda c: [one for order in new for one in journal.story(c, self._executor, order)]
            )
            self._loop.call_soon_threadsafe(self._begin, found)
        if noticed and noticed == new:
            return
        letters = self._database.read(lambda c: journal.new_mail(c, self._executor))
        if letters:
            self._loop.call_soon_threadsafe(self._deliver, letters)

    def _go_on(self, orders: Sequence[str]) -> None:
        """Tell runs of this executor from where their journals end."""
        for start in range(0, len(orders), PAGE):
            page = orders[start : start + PAGE]
            found = self._database.read(lambda c, page=page: journal.stories(c, self._executor, page))  # type: ignore[misc]
            self._loop.call_soon_threadsafe(self._begin, found)

    def _begin(self, stories: Sequence[Story]) -> None:
        """Set runs going; on the loop."""
        for story in stories:
            if story.order not in self._runs and not self._leaving:
                run = self._runs[story.order] = _JournalRun(self, story)
                run.task = self._loop.create_task(self._tell(run))

    def _deliver(self, letters: Sequence[tuple[str, str, Json]]) -> None:
        """Put messages before the runs they are for; on the loop."""
        for order, key, message in letters:
            run = self._runs.get(order)
            if run is not None:
                run.deliver(key, message)

    async def _tell(self, run: "_JournalRun") -> None:
        """Tell one run to its end; one that fails stays unfinished, to be told again after a restart."""
        try:
            await self._tale(run)
            await self._loop.run_in_executor(
                self._pool, self._database.write, lambda c: journal.end(c, run.order, self._executor)
            )
        except _LostError:
            _log.warning("taken over by another", extra={"fields": {"order": run.order}})
        except Exception:  # noqa: BLE001  one workflow must not end the others
            _log.exception("workflow failed", extra={"fields": {"order": run.order}})
        finally:
            self._runs.pop(run.order, None)

    async def _park(self) -> None:
        """Cancel the coroutines; their journals stay as they are."""
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


class _JournalRun:
    """One workflow from inside."""

    __slots__ = ("_at", "_engine", "_mail", "_n", "_seen", "_told", "_waiter", "brief", "order", "task")

    def __init__(self, engine: JournalEngine, story: Story) -> None:
        self.order = story.order
        self.brief = story.brief
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
        if not self._mail and left_s > 0:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(left_s, _wake, self._waiter)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
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


def _wake(waiter: asyncio.Future[None]) -> None:
    """End a wait."""
    if not waiter.done():
        waiter.set_result(None)
