"""The order book: orders, outbox, preferences and audit in one SQLite file, every change in one transaction.

One thread writes (the main thread). A change is on the disk when the `with` block of `change()` has ended, or not at all.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from assistant.core.money import Money
from assistant.core.order import UNSENT, Order, State
from assistant.errors import LedgerError
from assistant.ledger.audit import GENESIS, Broken, Head, Line, verify
from assistant.ledger.change import PRIVATE, Change, Message, get_meta, listed, set_meta
from assistant.ledger.clock import Saved, SteadyClock, boot_id, boot_seconds
from assistant.ledger.codec import order_of
from assistant.ledger.schema import damaged, open_book, open_read_only, told

_UNPAID: Final = listed(UNSENT | {State.REFUSED, State.FAILED, State.CANCELLED, State.EXPIRED})


class Ledger:
    """The open order book."""

    def __init__(
        self, path: Path, boot: str | None = None, read: Callable[[], float] = boot_seconds, *, read_only: bool = False
    ) -> None:
        """Open or create the file; LedgerError with a mend if it is damaged, newer, read-only or the disk is full.

        `read` gives seconds since `boot` (the kernel's boot clock and boot id if not given).
        """
        self.path = path
        self._book = open_read_only(path) if read_only else open_book(path)
        try:
            with told(path):
                saved = get_meta(self._book, "clock")
            self.clock = SteadyClock(None if saved is None else Saved(**saved), boot or boot_id(), read)
        except (ValueError, TypeError) as error:
            raise damaged(path) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; every change that has ended is on the disk."""
        self._book.close()

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Make all of the block's writes or none; LedgerError with a mend if the disk does not take them."""
        with told(self.path):
            self._book.execute("BEGIN IMMEDIATE")
            try:
                change = Change(self._book, self.clock.now(), self.head(), datetime.now(UTC))
                yield change
                set_meta(self._book, "clock", asdict(self.clock.saved()))
                self._book.execute("COMMIT")
            except BaseException:
                if self._book.in_transaction:
                    self._book.execute("ROLLBACK")
                raise

    def order(self, key: str) -> Order | None:
        """Return one order, or None."""
        found = self._orders("SELECT id, state, rev, due, data FROM orders WHERE id=?", key)
        return found[0] if found else None

    def orders(self, *states: State) -> tuple[Order, ...]:
        """Return the orders in these states (all if none is named), the latest change last."""
        if not states:
            return self._orders("SELECT id, state, rev, due, data FROM orders ORDER BY changed, id")
        return self._orders(
            "SELECT id, state, rev, due, data FROM orders"
            " WHERE state IN (SELECT value FROM json_each(?)) ORDER BY changed, id",
            listed(states),
        )

    def outbox(self) -> tuple[Message, ...]:
        """Return every message that waits for an answer, the oldest first, expired ones too."""
        return self._messages("SELECT id, order_id, op, body, due FROM outbox ORDER BY seq")

    def waiting(self, key: str) -> Message | None:
        """Return the message of the outbox with this id, or None."""
        found = self._messages("SELECT id, order_id, op, body, due FROM outbox WHERE id=?", key)
        return found[0] if found else None

    def preferences(self) -> Mapping[str, str]:
        """Return all preferences."""
        with told(self.path):
            return dict(self._book.execute("SELECT key, value FROM preferences").fetchall())

    def kept(self, key: str) -> Mapping[str, Any] | None:
        """Return what `Change.keep` kept, or None."""
        with told(self.path):
            return get_meta(self._book, f"{PRIVATE}{key}")

    def spent(self, within_s: float, other_than: str = "") -> tuple[Money, ...]:
        """Return the amounts agreed to (or charged) in the last `within_s` ledger seconds, but for the order `other_than`.

        What never left the car, or ended without a purchase, does not count; what is unknown does.
        """
        found = self._orders(
            "SELECT id, state, rev, due, data FROM orders"
            " WHERE agreed > ? AND id != ? AND state NOT IN (SELECT value FROM json_each(?))",
            self.clock.now() - within_s,
            other_than,
            _UNPAID,
        )
        agreed = [
            order.consent.amount if order.consent else order.receipt.kept if order.receipt else None for order in found
        ]
        return tuple(amount for amount in agreed if amount is not None)

    def head(self) -> Head:
        """Return where the audit chain ends."""
        with told(self.path):
            row = self._book.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return self._base() if row is None else Head(*row)

    def hash_at(self, length: int) -> str | None:
        """Return the hash the chain had at that length, or None if it was never so long or is trimmed."""
        with told(self.path):
            row = self._book.execute("SELECT hash FROM audit WHERE seq=?", (length,)).fetchone()
        return None if row is None else str(row[0])

    def audit(self, since: int = 0) -> Iterator[Line]:
        """Yield the lines of the audit chain after `since`."""
        with told(self.path):
            for seq, at, what, facts, digest in self._book.execute(
                "SELECT * FROM audit WHERE seq > ? ORDER BY seq", (since,)
            ):
                yield Line(seq, at, what, json.loads(facts), digest)

    def verify(self, *known: Head) -> Broken | Head:
        """Walk the whole audit chain; `known` heads (the bridge's) are looked for beside the one kept here."""
        anchor = get_meta(self._book, "anchor")
        heads = (*known, *(() if anchor is None else (Head(**anchor),)))
        try:
            return verify(self.audit(), self._base(), heads)
        except (ValueError, TypeError, AttributeError):
            return Broken(0, "edited")

    def tidy(self) -> int:
        """Remove what is over and old, beyond the bounds, or was to be erased; return how many rows went."""
        with self.change() as change:
            return change.tidy()

    def wipe(self) -> None:
        """Leave nothing of removed rows in the file or its write-ahead log; call it after an erasure."""
        with told(self.path):
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                self._book.execute(statement).fetchall()

    def _base(self) -> Head:
        """Return the end of what was trimmed from the audit chain."""
        base = get_meta(self._book, "base")
        return Head(0, GENESIS) if base is None else Head(**base)

    def _messages(self, select: str, *values: object) -> tuple[Message, ...]:
        """Return the messages that a statement selects."""
        with told(self.path):
            rows = self._book.execute(select, values).fetchall()
        try:
            return tuple(Message(key, order, op, json.loads(body), due) for key, order, op, body, due in rows)
        except ValueError as error:
            raise damaged(self.path) from error

    def _orders(self, select: str, *values: object) -> tuple[Order, ...]:
        """Return the orders that a statement selects."""
        with told(self.path):
            rows = self._book.execute(select, values).fetchall()
        try:
            return tuple(order_of(*row) for row in rows)
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(
                f"the order book {self.path}: a row is damaged",
                "move the file aside: the bridge still knows its orders",
            ) from error
