"""The order book's file: its tables, how it is opened, and what its failures mean to a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assistant.errors import LedgerError

VERSION: Final = 1
APPLICATION: Final = 0x43424E31
"""SQLite's application_id: CBN1."""
BUSY_MS: Final = 2_000
CACHE_KB: Final = 256
"""Pages held in memory: with SQLite's own 2 MB a growing book is a process that grows for days."""

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, rev INTEGER NOT NULL, due REAL NOT NULL,
  changed REAL NOT NULL, agreed REAL, data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_by_state ON orders (state, changed);
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, op TEXT NOT NULL,
  body TEXT NOT NULL, due REAL NOT NULL
) STRICT;
CREATE INDEX outbox_by_order ON outbox (order_id);
CREATE TABLE preferences (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, facts TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
"""

_MENDS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space; commands in the car go on, new orders wait"),
    sqlite3.SQLITE_READONLY: ("it can only be read", "make the folder writable for the user of cabin"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "move the file aside: the bridge still knows every order it accepted"),
    sqlite3.SQLITE_NOTADB: ("it is not an order book", "move the file aside, or set ledger.path to another"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "create the folder and let the user of cabin write in it"),
    sqlite3.SQLITE_BUSY: ("another program holds it", "end the other cabin that uses the same ledger.path"),
    sqlite3.SQLITE_LOCKED: ("another program holds it", "end the other cabin that uses the same ledger.path"),
    sqlite3.SQLITE_IOERR: ("the disk does not answer", "look at the disk's health and free space"),
    sqlite3.SQLITE_PERM: ("it may not be opened", "make the file readable and writable for the user of cabin"),
}


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk says into a LedgerError with a mend."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        what, mend = _MENDS.get(code, (str(error), "run `cabin check`"))
        raise LedgerError(f"the order book {path}: {what}", mend) from error
    except UnicodeDecodeError as error:
        raise damaged(path) from error
    except OSError as error:
        what, mend = _MENDS[sqlite3.SQLITE_CANTOPEN]
        raise LedgerError(f"the order book {path}: {what}: {error.strerror}", mend) from error


def damaged(path: Path) -> LedgerError:
    """Return the error for a file whose content cannot be what we wrote."""
    what, mend = _MENDS[sqlite3.SQLITE_CORRUPT]
    return LedgerError(f"the order book {path}: {what}", mend)


def open_book(path: Path) -> sqlite3.Connection:
    """Open or create the file, check it, and bring it to this version; LedgerError with a mend if that fails."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        book = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
        try:
            _prepare(book, path)
        except BaseException:
            book.close()
            raise
    return book


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open an existing file for reading beside a running daemon; LedgerError with a mend if that fails."""
    with told(path):
        if not path.exists():
            raise LedgerError(f"there is no order book {path}", "it is made by the first `cabin run`")
        book = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_MS / 1000, isolation_level=None
        )
        try:
            _same_version(book, path)
        except BaseException:
            book.close()
            raise
    return book


def _prepare(book: sqlite3.Connection, path: Path) -> None:
    """Set how it is written, check the pages, make the tables of an empty file."""
    version = _same_version(book, path)
    for pragma in (
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "secure_delete=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        "journal_size_limit=4194304",
        f"cache_size=-{CACHE_KB}",
    ):
        book.execute(f"PRAGMA {pragma}")
    if version:
        (word,) = book.execute("PRAGMA quick_check(1)").fetchone()
        if word != "ok":
            raise damaged(path)
        return
    book.executescript(
        f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id={APPLICATION}; PRAGMA user_version={VERSION}; COMMIT;"
    )


def _same_version(book: sqlite3.Connection, path: Path) -> int:
    """Return the file's schema version (0: empty file); LedgerError if it is newer than ours or another program's."""
    (version,) = book.execute("PRAGMA user_version").fetchone()
    (application,) = book.execute("PRAGMA application_id").fetchone()
    (tables,) = book.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION:
        raise LedgerError(f"the order book {path}: it is another program's database", "set ledger.path to another file")
    if version > VERSION:
        raise LedgerError(
            f"the order book {path} was written by a newer cabin (schema {version}, this one knows {VERSION})",
            "install the newer cabin again, or move the file aside",
        )
    return int(version)
