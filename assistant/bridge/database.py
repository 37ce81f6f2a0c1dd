"""The bridge's database: SQLite (WAL, synchronous=FULL) for one machine, PostgreSQL for more."""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from assistant.errors import UsageError

T = TypeVar("T")
_log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS: Final = 30_000
TOGETHER: Final = 64
"""Transactions that share one commit."""
RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before a database that is away is asked again; the last repeats."""


def parse(url: str) -> sa.URL:
    """Return the URL with its driver; UsageError if it is neither SQLite nor PostgreSQL."""
    plain = url if "://" in url or not url.startswith("sqlite:") else f"sqlite:///{url.removeprefix('sqlite:')}"
    try:
        parsed = sa.make_url(plain)
    except ArgumentError as error:
        raise UsageError(f"not a database: {url!r}", "sqlite:FILE or postgresql://user@host/name") from error
    name = parsed.get_backend_name()
    if name == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite")
    if name == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise UsageError(f"not a database we speak: {url!r}", "sqlite:FILE or postgresql://user@host/name")


def connect(url: sa.URL, pool_size: int = 10) -> sa.Engine:
    """Return an engine whose transactions are durable when they commit; nothing is opened yet."""
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30, pool_use_lifo=True)
    engine = sa.create_engine(
        url, pool_size=pool_size, max_overflow=0, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
    )
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    """Make one SQLite connection durable and patient, and writers queue up instead of failing."""
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


class Database:
    """Short transactions that outlive a database that goes away and comes back."""

    def __init__(self, engine: sa.Engine, sleep: Callable[[float], None] = time.sleep) -> None:
        """Take an engine made by `connect`."""
        self.engine = engine
        self._sleep = sleep
        self._lite = engine.dialect.name == "sqlite"
        self._reader = engine if self._lite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._commits = _Commits(self.writing)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that may write from its first statement on."""
        with self.engine.begin() as connection:
            if self._lite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection that only reads; it waits for no writer."""
        with self._reader.connect() as connection:
            yield connection

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction, committed when this returns; a database that is away is waited for, a lost race is run again.

        Those that come in at once share a transaction and one wait for the disk, one after another. So `work` may run more
        than once, and does nothing but read, write and return; one that raises leaves nothing and spoils no other.
        """
        return self._patiently(lambda: self._commits.run(work))

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` without a transaction; a database that is away is waited for."""

        def once() -> T:
            with self.reading() as connection:
                return work(connection)

        return self._patiently(once)

    def now(self) -> float:
        """Return the database's own clock in Unix seconds, the one that several bridges share."""
        clock = sa.text(
            "SELECT (julianday('now') - 2440587.5) * 86400.0"
            if self._lite
            else "SELECT extract(epoch FROM clock_timestamp())"
        )
        return self.read(lambda connection: float(connection.execute(clock).scalar_one()))

    def scrub(self) -> None:
        """Let deleted rows also vanish from the write-ahead log (SQLite) at once."""
        if self._lite:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def _patiently(self, work: Callable[[], T]) -> T:
        """Try until the database answers."""
        for attempt in range(10_000):
            try:
                return work()
            except (OperationalError, sa.exc.IntegrityError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
                if isinstance(error, sa.exc.IntegrityError) and attempt > 2:
                    raise
                _log.warning("database", extra={"fields": {"error": _kind(error), "attempt": attempt}})
                self._sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
        return work()


class _Job:
    """One transaction that waits for its turn, or for the one that leads it."""

    __slots__ = ("done", "error", "turn", "value", "work")

    def __init__(self, work: Callable[[sa.Connection], Any]) -> None:
        self.work = work
        self.turn = threading.Lock()
        self.turn.acquire()
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None


class _Commits:
    """Group commit without a thread of its own: who comes first leads all that came in meanwhile, then hands on."""

    def __init__(self, scope: Callable[[], contextlib.AbstractContextManager[sa.Connection]]) -> None:
        self._scope = scope
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._led = False

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction; return or raise what it does, once that is committed or undone."""
        job = _Job(work)
        with self._lock:
            self._waiting.append(job)
            leads, self._led = not self._led, True
        if not leads:
            job.turn.acquire()
        if not job.done:
            self._lead()
        if job.error is not None:
            raise job.error
        value: T = job.value
        return value

    def _lead(self) -> None:
        """Commit what waits, the caller's own first; then let the next one lead."""
        with self._lock:
            jobs = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        try:
            self._commit(jobs)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            if following is not None:
                following.turn.release()
            for job in jobs:
                job.done = True
                job.turn.release()

    def _commit(self, jobs: Sequence[_Job]) -> None:
        """Commit all that can be together, and each that fails by itself."""
        together, alone = list(jobs), list[_Job]()
        while together:
            failed = self._attempt(together)
            if failed is None:
                break
            together.remove(failed)
            alone.append(failed)
        for job in alone:
            self._attempt([job])

    def _attempt(self, jobs: Sequence[_Job]) -> _Job | None:
        """Try to commit these together; return the one of several whose work failed, after which nothing is done."""
        at: _Job | None = None
        try:
            with self._scope() as connection:
                for job in jobs:
                    at = job
                    job.value = job.work(connection)
                at = None
        except BaseException as error:
            if at is not None and len(jobs) > 1 and isinstance(error, Exception):
                return at
            for job in jobs:
                job.error = error
            if not isinstance(error, Exception):
                raise
        return None


def _kind(error: Exception) -> str:
    """Return the driver's name of the error, without the values in it."""
    return type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
