"""One transaction of the order book, and what may be written in it."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from assistant.core.order import OVER, UNSENT, Order, State
from assistant.core.quote import canonical
from assistant.errors import LedgerError
from assistant.ledger.audit import TRIMMED, Head, chain
from assistant.ledger.codec import order_text

MAX_OUTBOX: Final = 1_000
MAX_OPEN: Final = 200
"""Orders that are not over; more are refused aloud."""
MAX_OVER: Final = 5_000
KEEP_S: Final = 90 * 86_400.0
"""How long an order that is over is kept, in ledger seconds."""
MAX_AUDIT: Final = 200_000
PRIVATE: Final = "private."


def listed(states: Iterable[State]) -> str:
    """Return states as the JSON list that SQL's json_each takes."""
    return json.dumps(sorted(state.value for state in states))


OVER_TEXT: Final = listed(OVER)
_DROPPABLE: Final = listed(OVER | UNSENT)
_COUNT_OPEN: Final = "SELECT count(*) FROM orders WHERE state NOT IN (SELECT value FROM json_each(?))"
_PUT: Final = """
INSERT INTO orders (id, state, rev, due, changed, agreed, data) VALUES (?,?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET
  state=excluded.state, rev=excluded.rev, due=excluded.due, changed=excluded.changed, data=excluded.data,
  agreed=coalesce(excluded.agreed, orders.agreed)
WHERE excluded.rev >= orders.rev
"""
_DROP_OLD: Final = "DELETE FROM orders WHERE state IN (SELECT value FROM json_each(?)) AND changed < ?"
_DROP_BEYOND: Final = """
DELETE FROM orders WHERE id IN (
  SELECT id FROM orders WHERE state IN (SELECT value FROM json_each(?)) ORDER BY changed DESC LIMIT -1 OFFSET ?)
"""
_DROP_MESSAGES: Final = """
DELETE FROM outbox WHERE order_id = '' OR order_id IN (
  SELECT id FROM orders WHERE state IN (SELECT value FROM json_each(?)))
"""


class FullError(LedgerError):
    """There is no room for another order or message; nothing was changed."""

    phrase = "error.ledger_full"


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the outbox: it goes out again and again, with the same id, until the bridge answers or `due` is past."""

    id: str
    order: str
    """Empty where it is about none."""
    op: str
    body: Mapping[str, Any]
    due: float
    """Ledger seconds."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What "delete my data" did."""

    rows: int
    """Removed."""
    kept: int
    """Orders still under way; they go when they are over."""


class Change:
    """One transaction in the making."""

    def __init__(self, book: sqlite3.Connection, now: float, head: Head, wall: datetime) -> None:
        """Write into `book`, which is inside a transaction."""
        self._book, self._now, self._wall = book, now, wall
        self.head = head

    def put(self, order: Order) -> None:
        """Write an order; LedgerError if the book holds a newer one, FullError if too many are open."""
        agreed = self._now if order.state is State.CONSENTED else None
        if self._book.execute("SELECT 1 FROM orders WHERE id=?", (order.id,)).fetchone() is None:
            (held,) = self._book.execute(_COUNT_OPEN, (OVER_TEXT,)).fetchone()
            if held >= MAX_OPEN:
                raise FullError(f"{MAX_OPEN} orders are open", "wait for some to end, or cancel them")
        done = self._book.execute(
            _PUT,
            (order.id, order.state.value, order.rev, order.due, self._now, agreed, order_text(order)),
        )
        if done.rowcount != 1:
            raise LedgerError(f"order {order.id}: the book holds a newer one", "read it again before changing it")

    def post(self, message: Message) -> None:
        """Put a message in the outbox; twice is once; LedgerError if its id has another body, FullError if there is no room."""
        body = canonical(message.body).decode()
        row = (message.id, message.order, message.op, body)
        held = self._book.execute("SELECT id, order_id, op, body FROM outbox WHERE id=?", (message.id,)).fetchone()
        if held is not None:
            if held != row:
                raise LedgerError(f"message {message.id} has another body already", "give it an id of its own")
            return
        self._book.execute("DELETE FROM outbox WHERE due <= ? AND order_id = ''", (self._now,))
        (count,) = self._book.execute("SELECT count(*) FROM outbox").fetchone()
        if count >= MAX_OUTBOX:
            raise FullError(f"{MAX_OUTBOX} messages wait for the bridge", "wait for the connection")
        self._book.execute("INSERT INTO outbox (id, order_id, op, body, due) VALUES (?,?,?,?,?)", (*row, message.due))

    def answered(self, message: str) -> None:
        """Take a message out of the outbox: the bridge has answered it, or it must not go any more."""
        self._book.execute("DELETE FROM outbox WHERE id=?", (message,))

    def silence(self, order: str) -> None:
        """Take every message about an order out of the outbox."""
        self._book.execute("DELETE FROM outbox WHERE order_id=?", (order,))

    def prefer(self, key: str, value: str) -> None:
        """Keep a preference; an empty value forgets it."""
        if value:
            self._book.execute("INSERT OR REPLACE INTO preferences VALUES (?,?)", (key, value))
        else:
            self._book.execute("DELETE FROM preferences WHERE key=?", (key,))

    def keep(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep something personal that is no preference (the PIN's hash); an empty value forgets it."""
        if value:
            set_meta(self._book, f"{PRIVATE}{key}", value)
        else:
            self._book.execute("DELETE FROM meta WHERE key=?", (f"{PRIVATE}{key}",))

    def record(self, what: str, facts: Mapping[str, str]) -> None:
        """Add a line to the audit chain: ids, states, digests, amounts; never what was said."""
        seq, at = self.head.length + 1, self._wall.isoformat(timespec="seconds")
        digest = chain(self.head.hash, seq, at, what, facts)
        self._book.execute(
            "INSERT INTO audit VALUES (?,?,?,?,?)", (seq, at, what, canonical(dict(facts)).decode(), digest)
        )
        self.head = Head(seq, digest)

    def anchor(self, head: Head) -> None:
        """Keep the head that the bridge holds."""
        set_meta(self._book, "anchor", asdict(head))

    def tidy(self) -> int:
        """Remove what is over and old, beyond the bounds, or was to be erased; return how many rows went."""
        erasing = get_meta(self._book, "erasing") is not None
        before = self._now + 1 if erasing else self._now - KEEP_S
        gone = self._book.execute(_DROP_OLD, (OVER_TEXT, before)).rowcount
        gone += self._book.execute(_DROP_BEYOND, (OVER_TEXT, MAX_OVER)).rowcount
        (lines,) = self._book.execute("SELECT count(*) FROM audit").fetchone()
        if lines > MAX_AUDIT:
            gone += self._trim(self.head.length - MAX_AUDIT // 2)
        if erasing and self._open() == 0:
            self._book.execute("DELETE FROM meta WHERE key='erasing'")
        return int(gone)

    def forget(self) -> Erased:
        """Remove everything personal; orders under way stay until they are over, and go with the next `tidy`."""
        gone = self._book.execute(_DROP_MESSAGES, (_DROPPABLE,)).rowcount
        gone += self._book.execute(_DROP_OLD, (_DROPPABLE, self._now + 1)).rowcount
        gone += self._book.execute("DELETE FROM preferences").rowcount
        gone += self._book.execute("DELETE FROM meta WHERE key GLOB ?", (f"{PRIVATE}*",)).rowcount
        gone += self._trim(self.head.length)
        kept = self._open()
        if kept:
            set_meta(self._book, "erasing", {})
        self.record("erased", {"rows": str(gone), "kept": str(kept)})
        return Erased(int(gone), kept)

    def _open(self) -> int:
        """Return how many orders are not over."""
        return int(self._book.execute(_COUNT_OPEN, (OVER_TEXT,)).fetchone()[0])

    def _trim(self, upto: int) -> int:
        """Remove the audit's lines up to `upto`, and say so in the chain; return how many went."""
        row = self._book.execute("SELECT hash FROM audit WHERE seq=?", (upto,)).fetchone()
        if row is None:
            return 0
        gone = self._book.execute("DELETE FROM audit WHERE seq <= ?", (upto,)).rowcount
        set_meta(self._book, "base", {"length": upto, "hash": row[0]})
        self.record(TRIMMED, {"length": str(upto), "hash": str(row[0])})
        return int(gone)


def get_meta(book: sqlite3.Connection, key: str) -> dict[str, Any] | None:
    """Return a value of the meta table, or None."""
    row = book.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
    return None if row is None else json.loads(row[0])


def set_meta(book: sqlite3.Connection, key: str, value: Mapping[str, Any]) -> None:
    """Write a value of the meta table."""
    book.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, canonical(value).decode()))
