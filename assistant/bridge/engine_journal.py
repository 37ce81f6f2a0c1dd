"""The engine port on tables of our own, in the database (and the transactions) of the bridge.

A workflow is a coroutine. Whatever it learns from a step or a message is one entry of its journal, written before it goes
on; told again after a crash, it learns the same from the journal until that ends. A thread tells it, steps and all, until it
waits for a message; then it costs nothing but memory. One that waits for long is parked: nothing is left of it in memory,
its row says when it is due, and a message or that time lets it be told again. One query asks for the mail of all, another
for what is due.
"""

import heapq
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Never

import sqlalchemy as sa

from assistant.bridge import journal
from assistant.bridge.database import Database
from assistant.bridge.engine import Json, Result, Tale
from assistant.bridge.journal import Entry, Story
from assistant.bridge.run_journal import JournalRun

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


class _LetGoError(Exception):
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
        self.lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, "steps")
        self._mail = threading.Thread(target=self._watch, name="mail", daemon=True)
        self._runs: dict[str, JournalRun] = {}
        self._waiting: list[tuple[float, str]] = []
        """A heap of when runs wake by themselves; some of it is past."""
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        """What was told to its end, which is to be written down."""
        self._failed: set[str] = set()
        self._noticed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._look = threading.Event()
        self._naps_until = 0.0
        self._leaving = False
        self._busy = 0
        self._tale: Tale

    def open(self, tale: Tale) -> None:
        """Go on with what this executor left unfinished."""
        self._tale = tale
        self._database.prepare(journal.METADATA, journal.bring_up)
        self._go_on(self._database.read(lambda c: journal.awake(c, self._executor)))
        self._mail.start()

    def start(self, connection: sa.Connection, order: str, brief: Json) -> Callable[[], None]:
        """Write an order's workflow down; return what sets it going."""
        story = journal.start(connection, order, self._executor, brief, self.clock())
        return lambda: self._begin([story])

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
        self._mail.join(timeout=10)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._write_ends()

    def perform(self, run: JournalRun, n: int, work: Callable[[], tuple[str, Result, str]]) -> Entry:
        """Do what gives an entry (its name, its answer, the key of a message it takes), and write it down.

        Returns what stands there then. While the bridge leaves, nothing is begun any more.
        """
        if self._leaving:
            raise _LetGoError
        order, parked = run.order, run.parked
        name, found, key = work()

        def write(connection: sa.Connection) -> tuple[Entry, Callable[[], None]]:
            answer, then = found(connection) if callable(found) else (found, _nothing)
            entry = Entry(name, answer, self.clock())
            stands = journal.enter(connection, order, self._executor, n, entry)
            if stands is None:
                raise _LostError
            if key and stands is entry:
                journal.take(connection, order, key)
            if parked:
                journal.park(connection, order, self._executor, 0.0)
            return stands, then

        stands, then = self._database.write(write, about=(order,))
        run.parked = False
        then()
        return stands

    def park(self, run: JournalRun, due: float) -> Never:
        """Let a run go until `due` or a message; one that comes meanwhile lies in its mailbox and wakes it in the next round."""
        if not self._leaving and not self._database.write(lambda c: journal.park(c, run.order, self._executor, due)):
            raise _LostError
        raise _LetGoError

    def _watch(self) -> None:
        """Look at what was noticed, at all mail, and at what is due, until the bridge leaves."""
        looked = 0.0
        while not self._leaving:
            self._nap(looked + POLL_S)
            all_due = time.monotonic() - looked >= POLL_S
            try:
                self._wake()
                if all_due:
                    self._write_ends()
                if all_due or not self._noticed.empty():
                    self._round(all_due=all_due)
            except Exception:  # noqa: BLE001  one round must not end the thread
                _log.exception("round failed", extra={"fields": {"round": "mail"}})
            looked = time.monotonic() if all_due else looked

    def _nap(self, until: float) -> None:
        """Wait until there is something to look at, or some run's wait is over, but no longer than `until`."""
        with self.lock:
            self._naps_until = min(until, self._waiting[0][0]) if self._waiting else until
        self._look.wait(max(0.0, self._naps_until - time.monotonic()))
        self._look.clear()

    def _round(self, *, all_due: bool) -> None:
        """Begin what was noticed and, as far as there is room, what has mail or is due; deliver the mail."""
        noticed = {self._noticed.get() for _ in range(self._noticed.qsize())}
        self._go_on([order for order in noticed if order not in self._runs])
        letters = self._database.read(lambda c: journal.new_mail(c, self._executor))
        waiting = dict.fromkeys(order for order, _, _ in letters)
        if all_due:
            most = DUE + len(self._failed)
            waiting |= dict.fromkeys(self._database.read(lambda c: journal.due(c, self._executor, self.clock(), most)))
        asleep = [order for order in waiting if order not in self._runs and order not in self._failed]
        self._go_on(asleep[: max(0, AWAKE - len(self._runs))])
        self._deliver(letters)

    def _go_on(self, orders: Sequence[str]) -> None:
        """Tell runs of this executor from where their journals end."""
        if orders:
            self._begin(self._database.read(lambda c: journal.stories(c, self._executor, orders)))

    def _begin(self, stories: Sequence[Story]) -> None:
        """Tell runs on that are not told yet."""
        with self.lock:
            for story in stories:
                if story.order not in self._runs and not self._leaving:
                    run = self._runs[story.order] = JournalRun(self, story)
                    self._tell(run)

    def _deliver(self, letters: Sequence[tuple[str, str, Json]]) -> None:
        """Put messages before the runs they are for."""
        with self.lock:
            for order, key, message in letters:
                run = self._runs.get(order)
                if run is not None:
                    run.deliver(key, message)
                    if run.wakes and run.has_mail:
                        self._tell(run)

    def _wake(self) -> None:
        """Go on with the runs whose wait is over."""
        now = time.monotonic()
        with self.lock:
            while self._waiting and self._waiting[0][0] <= now:
                wakes, order = heapq.heappop(self._waiting)
                run = self._runs.get(order)
                if run is not None and run.wakes == wakes:
                    self._tell(run)

    def _tell(self, run: JournalRun) -> None:
        """Let a thread tell a run on; with the lock held."""
        if not self._leaving:
            run.wakes = 0.0
            self._busy += 1
            self._pool.submit(self._tell_on, run)

    def _tell_on(self, run: JournalRun) -> None:
        """Tell a run until it waits, ends or is let go; one that fails stays unfinished, to be told again after a restart."""
        waits = False
        telling = run.telling = run.telling or self._tale(run).__await__()
        try:
            while not waits:
                waits = self._waits(run, next(telling))
        except StopIteration:
            self._ended.put(run.order)
        except _LostError:
            _log.warning("taken over by another", extra={"fields": {"order": run.order}})
        except _LetGoError:
            pass
        except Exception:  # noqa: BLE001  one workflow must not end the others
            self._failed.add(run.order)
            _log.exception("workflow failed", extra={"fields": {"order": run.order}})
        finally:
            with self.lock:
                self._busy -= 1
                if not waits:
                    self._runs.pop(run.order, None)

    def _waits(self, run: JournalRun, seconds: float) -> bool:
        """Let a run wait so long, unless a message has come meanwhile."""
        with self.lock:
            if run.has_mail:
                return False
            run.wakes = time.monotonic() + seconds
            heapq.heappush(self._waiting, (run.wakes, run.order))
            if run.wakes < self._naps_until:
                self._look.set()
            return True

    def _write_ends(self) -> None:
        """Write down what has ended, all at once; what a crash takes before is told again, to its end."""
        ended = [self._ended.get() for _ in range(self._ended.qsize())]
        if ended:
            self._database.write(lambda c: journal.end(c, ended, self._executor))


def _nothing() -> None:
    """Do nothing."""
