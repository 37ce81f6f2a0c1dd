"""The engine port on tables of our own, in the database (and the transactions) of the bridge.

A workflow is a coroutine. Whatever it learns from a step or a message is one entry of its journal, written before it goes
on; told again after a crash, it learns the same from the journal until that ends. One that waits for long is parked: nothing
is left of it in memory, its row says when it is due, and a message or that time lets it be told again. One query asks for
the mail of all, another for what is due.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Never, TypeVar

import sqlalchemy as sa

from assistant.bridge import journal
from assistant.bridge.database import Database
from assistant.bridge.engine import Json, Tale
from assistant.bridge.journal import Entry, Story
from assistant.bridge.run_journal import JournalRun

T = TypeVar("T")
_log = logging.getLogger(__name__)

POLL_S: Final = 0.2
"""How long a message that another bridge put into a mailbox may lie there unnoticed."""
THREADS: Final = 64
"""Steps that may wait for a company at once."""
DUE: Final = 10
"""Parked workflows that are woken in one round because their time has come: a look at a company is an insurance, and
thousands at once would hold up the cars that ask."""
AWAKE: Final = 1_000
"""Workflows in memory above which those that have mail, or are due, wait their turn."""
LINGER_S: Final = 3.0
"""How long a workflow waits in memory before it is parked: news that comes soon finds it there."""


class _LostError(Exception):
    """The run belongs to another bridge by now."""


class _ParkedError(Exception):
    """The run is let go; it will be told again."""


class JournalEngine:
    """Workflows whose journals are in `database`."""

    def __init__(
        self, database: Database, executor: str, clock: Callable[[], float], linger_s: float = LINGER_S
    ) -> None:
        """`executor` is this bridge's stable name; what waits longer than `linger_s` is parked."""
        self.clock = clock
        self.linger_s = linger_s
        self._database = database
        self._executor = executor
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(THREADS, "steps")
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("workflows", self._loop.run_forever), ("mail", self._watch))
        ]
        self._runs: dict[str, JournalRun] = {}
        self._failed: set[str] = set()
        self._noticed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._look = threading.Event()
        self._leaving = False
        self._busy = 0
        self._tale: Tale

    def open(self, tale: Tale) -> None:
        """Go on with what this executor left unfinished."""
        self._tale = tale
        self._database.prepare(journal.METADATA, journal.bring_up)
        self._threads[0].start()
        self._go_on(self._database.read(lambda c: journal.awake(c, self._executor)))
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
        taken = self._database.write(lambda c: journal.hand_over(c, executor, self._executor))
        self._go_on([order for order, due in taken if not due])
        return len(taken)

    def forget(self, orders: Sequence[str]) -> None:
        """Delete runs with their journals and mailboxes."""
        self._database.write(lambda c: journal.forget(c, orders))

    def close(self, drain_s: float) -> None:
        """Hold every workflow at its next step, wait for running steps, and stop; they stay unfinished in the database."""
        if self._leaving:
            return
        self._leaving = True
        self._look.set()
        ends = time.monotonic() + drain_s
        while self._busy and time.monotonic() < ends:
            time.sleep(0.01)
        self._wait(self._drop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(timeout=10)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def perform(self, run: JournalRun, n: int, work: Callable[[], tuple[str, Json, str]]) -> Entry:
        """Do in a thread what gives an entry (its name, its answer, the key of a message it takes), and write it down.

        Returns what stands there then. While the bridge leaves, nothing is begun any more.
        """
        return await self._in_thread(lambda: self._perform(run, n, work))

    async def park(self, run: JournalRun, due: float) -> Never:
        """Let a run go until `due` or a message; one that comes meanwhile lies in its mailbox and wakes it in the next round."""
        order = run.order
        if not await self._in_thread(
            lambda: self._database.write(lambda c: journal.park(c, order, self._executor, due))
        ):
            raise _LostError
        raise _ParkedError

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do something that `close` waits for."""
        if self._leaving:
            await asyncio.Event().wait()
        self._busy += 1
        try:
            return await self._loop.run_in_executor(self._pool, work)
        finally:
            self._busy -= 1

    def _perform(self, run: JournalRun, n: int, work: Callable[[], tuple[str, Json, str]]) -> Entry:
        """Do it and write it down."""
        order, parked = run.order, run.parked
        name, answer, key = work()
        entry = Entry(name, answer, self.clock())

        def write(connection: sa.Connection) -> Entry | None:
            stands = journal.enter(connection, order, self._executor, n, entry)
            if key and stands is entry:
                journal.take(connection, order, key)
            if parked:
                journal.park(connection, order, self._executor, 0.0)
            return stands

        stands = self._database.write(write)
        if stands is None:
            raise _LostError
        run.parked = False
        return stands

    def _watch(self) -> None:
        """Look at what was noticed, at all mail, and at what is due, until the bridge leaves."""
        looked = 0.0
        while not self._leaving:
            self._look.wait(POLL_S)
            self._look.clear()
            all_due = time.monotonic() - looked >= POLL_S
            try:
                self._round(all_due=all_due)
            except Exception:  # noqa: BLE001  one round must not end the thread
                _log.exception("round failed", extra={"fields": {"round": "mail"}})
            looked = time.monotonic() if all_due else looked

    def _round(self, *, all_due: bool) -> None:
        """Begin what was noticed and, as far as there is room, what has mail or is due; deliver the mail."""
        noticed = {self._noticed.get() for _ in range(self._noticed.qsize())}
        new = {order for order in noticed if order not in self._runs}
        new_ones = self._go_on(list(new))
        if noticed and noticed == new and all(not story.entries for story in new_ones) and not all_due:
            return
        letters = self._database.read(lambda c: journal.new_mail(c, self._executor))
        waiting = dict.fromkeys(order for order, _, _ in letters)
        if all_due:
            most = DUE + len(self._failed)
            waiting |= dict.fromkeys(self._database.read(lambda c: journal.due(c, self._executor, self.clock(), most)))
        asleep = [order for order in waiting if order not in self._runs and order not in self._failed]
        self._go_on(asleep[: max(0, AWAKE - len(self._runs))])
        if letters:
            self._loop.call_soon_threadsafe(self._deliver, letters)

    def _go_on(self, orders: Sequence[str]) -> Sequence[Story]:
        """Tell runs of this executor from where their journals end; return them."""
        found = self._database.read(lambda c: journal.stories(c, self._executor, orders)) if orders else ()
        self._loop.call_soon_threadsafe(self._begin, found)
        return found

    def _begin(self, stories: Sequence[Story]) -> None:
        """Set runs going; on the loop."""
        for story in stories:
            if story.order not in self._runs and not self._leaving:
                run = self._runs[story.order] = JournalRun(self, story)
                run.task = self._loop.create_task(self._follow(run))

    def _deliver(self, letters: Sequence[tuple[str, str, Json]]) -> None:
        """Put messages before the runs they are for; on the loop."""
        for order, key, message in letters:
            run = self._runs.get(order)
            if run is not None:
                run.deliver(key, message)

    async def _follow(self, run: "JournalRun") -> None:
        """Tell one run to its end; one that fails stays unfinished, to be told again after a restart."""
        try:
            await self._tale(run)
            await self._loop.run_in_executor(
                self._pool, self._database.write, lambda c: journal.end(c, run.order, self._executor)
            )
        except _LostError:
            _log.warning("taken over by another", extra={"fields": {"order": run.order}})
        except _ParkedError:
            pass
        except Exception:  # noqa: BLE001  one workflow must not end the others
            self._failed.add(run.order)
            _log.exception("workflow failed", extra={"fields": {"order": run.order}})
        finally:
            self._runs.pop(run.order, None)

    async def _drop(self) -> None:
        """Cancel the coroutines; their journals stay as they are."""
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
