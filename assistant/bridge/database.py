"""The bridge's database: SQLite (WAL, synchronous=FULL) for one machine, PostgreSQL for more."""

import contextlib
import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from assistant.bridge import sql
from assistant.bridge.commits import Commits
from assistant.errors import CabinError, UsageError

T = TypeVar("T")
_log = logging.getLogger(__name__)

PUT: Final = "put"
"""Where a connection keeps the rows that are inserted at the end of its transaction."""
_READ_ONLY: Final = "25006"
_PREPARING: Final = 0x6361_6269
"""The lock under which bridges create tables; any number that is only ours."""
BUSY_TIMEOUT_MS: Final = 30_000
FREE_S: Final = 30.0
"""How long a free connection is waited for before that counts as a database that is away."""
LANES: Final = 2
"""Commits under way at once, where the database can: while one waits for the disk, the others work."""
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
    """Return an engine whose transactions are durable when they commit; nothing is opened yet.

    On PostgreSQL each statement is a transaction of its own, but for what `Database.write` puts together.
    """
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=0,
            connect_args={"prepare_threshold": None},  # else psycopg deallocates all that is prepared at each rollback
        )
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
        self._idle: deque[sa.Connection] = deque()
        self._permits: queue.SimpleQueue[None] = queue.SimpleQueue()
        """One for each connection of the pool: who holds one finds an idle connection, or the pool has one left."""
        for _ in range(engine.pool.size()):  # type: ignore[attr-defined]
            self._permits.put(None)
        self._commits = Commits(self.writing, 1 if self._lite else LANES)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that may write from its first statement on; what is put meanwhile is inserted at its end."""
        with self.reading() as connection:
            puts: dict[sa.Insert, list[Mapping[str, Any]]] = {}
            connection.info[PUT] = puts
            sql.begin(connection)
            yield connection
            sql.finish(connection, puts)

    def prepare(
        self, metadata: sa.MetaData, after: Callable[[sa.Connection, frozenset[str]], None] = lambda *_: None
    ) -> None:
        """Create the tables that are missing, then call `after` with those that were there; one bridge at a time."""

        def work(connection: sa.Connection) -> None:
            if not self._lite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PREPARING})")
            before = frozenset(sa.inspect(connection).get_table_names())
            metadata.create_all(connection)
            after(connection, before)

        self.write(work)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Lend a connection that only reads; it waits for no writer, but for others to give one back where all are lent.

        They are kept: the pool takes 200 µs to hand one out, and would let whoever waits there wait on, since it gets none
        back. One on which something went wrong goes back to it.
        """
        self._permit()
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self.engine.connect()
            try:
                yield connection
                if connection.in_transaction():
                    connection.rollback()
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
        finally:
            self._permits.put(None)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._forget_idle()
        self.engine.dispose()

    def write(self, work: Callable[[sa.Connection], T], about: Iterable[str] = ()) -> T:
        """Run `work` in a transaction, committed when this returns; a database that is away is waited for, a lost race is run again.

        Those that come in at once share a transaction and one wait for the disk, one after another. So `work` may run more
        than once, and does nothing but read, write and return; one that raises leaves nothing and spoils no other. `about`
        names the orders whose rows it changes: none that is about one of them is under way beside it.
        """
        return self._patiently(lambda: self._commits.run(work, about))

    @staticmethod
    def put(connection: sa.Connection, insert: sa.Insert, row: Mapping[str, Any]) -> None:
        """Insert a row at the end of the transaction, together with all others by this very statement; inside `write` only.

        Nothing in the transaction sees it before. Each statement's rows name the same columns; a key that is there already
        fails the transaction, and it is run again.
        """
        connection.info[PUT].setdefault(insert, []).append(row)

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` without a transaction; a database that is away is waited for."""

        def once() -> T:
            with self.reading() as connection:
                return work(connection)

        return self._patiently(once)

    def check(self) -> None:
        """Raise SQLAlchemy's DBAPIError, or CabinError, where it cannot be reached or written."""
        with self.writing() as connection:
            if not self._lite and connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
                raise CabinError(
                    "the database is read-only", "name the primary in --db, or give the bridge the right to write"
                )

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
            with self.reading() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def _permit(self) -> None:
        """Wait for a free connection. Raises SQLAlchemy's TimeoutError."""
        try:
            self._permits.get(timeout=FREE_S)
        except queue.Empty:
            raise sa.exc.TimeoutError("every connection is in use") from None

    def _forget_idle(self) -> None:
        """Give the kept connections back: where one was lost, all are."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _patiently(self, work: Callable[[], T]) -> T:
        """Try until the database answers."""
        for attempt in range(10_000):
            try:
                return work()
            except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
                if not _passes(error) and not (isinstance(error, sa.exc.IntegrityError) and attempt <= 2):
                    raise
                self._forget_idle()
                _log.warning("database", extra={"fields": {"error": _kind(error), "attempt": attempt}})
                self._sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
        return work()


def _passes(error: Exception) -> bool:
    """Tell whether the database is only away: gone, busy, or read-only, as one that takes over from another is at first."""
    away = isinstance(error, (OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError))
    return away or getattr(getattr(error, "orig", None), "sqlstate", "") == _READ_ONLY


def _kind(error: Exception) -> str:
    """Return the driver's name of the error, without the values in it."""
    return type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
