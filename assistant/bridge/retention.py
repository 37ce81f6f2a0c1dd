"""Forgetting: on request at once, by age every hour. Amounts stay in the companies' accounts, without whose they were."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from assistant.bridge.book import Book
from assistant.bridge.engine import Engine
from assistant.bridge.providers.trade import ProviderError
from assistant.bridge.records import anchors, messages, offers, orders, requests
from assistant.bridge.services import Services

KEEP_S: Final = 90 * 86_400.0
"""Orders that ended."""
KEEP_QUOTES_S: Final = 86_400.0
"""Quotes that nobody said yes to."""
KEEP_REQUESTS_S: Final = 14 * 86_400.0
"""Twice as long as a message can live, so that a late double is still known."""
BATCH: Final = 200


class Retention:
    """What the bridge forgets, and when."""

    def __init__(self, book: Book, services: Services, engine: Engine) -> None:
        """Forget in the book, the engine and at the companies."""
        self._book = book
        self._services = services
        self._engine = engine
        self._database = book.database

    def erase(self, vehicle: str, asked_at: float) -> int:
        """Erase a vehicle's ended orders now and mark the others to be erased when they end; return the rows erased.

        A price given after `asked_at` (bridge seconds) stays: the erasure may come late, and somebody is thinking about it.
        """
        mine = (orders.c.vehicle == vehicle,)
        mark = sa.update(orders).where(*mine, orders.c.started, orders.c.over.is_(False)).values(erase=True)
        self._database.write(lambda c: c.execute(mark))
        unasked = sa.and_(orders.c.started.is_(False), orders.c.changed_at <= asked_at)
        loose = sa.select(orders.c.id).where(*mine, sa.or_(orders.c.over, unasked))
        rows = self._forget(self._ids(loose))
        left = sa.delete(requests).where(requests.c.vehicle == vehicle, requests.c.order_id == "")
        rows += self._database.write(lambda c: c.execute(left).rowcount)
        rows += self._database.write(
            lambda c: c.execute(sa.delete(anchors).where(anchors.c.vehicle == vehicle)).rowcount
        )
        self._database.scrub()
        return rows

    def sweep(self) -> int:
        """Forget what is old, and what was to be erased once it ended; return the rows."""
        now = self._book.clock()
        old = sa.or_(
            sa.and_(orders.c.over, orders.c.changed_at < now - KEEP_S),
            sa.and_(orders.c.over, orders.c.erase),
            sa.and_(orders.c.started.is_(False), orders.c.changed_at < now - KEEP_QUOTES_S),
        )
        rows = self._forget(self._ids(sa.select(orders.c.id).where(old)))
        late = sa.delete(requests).where(requests.c.at < now - KEEP_REQUESTS_S)
        rows += self._database.write(lambda c: c.execute(late).rowcount)
        if rows:
            self._database.scrub()
        return rows

    def _ids(self, query: sa.Select[tuple[str]]) -> list[str]:
        """Return order ids."""
        return self._database.read(lambda c: [str(name) for (name,) in c.execute(query)])

    def _forget(self, ids: Sequence[str]) -> int:
        """Forget orders everywhere; return the rows of our own tables."""
        rows = 0
        for start in range(0, len(ids), BATCH):
            rows += self._batch(ids[start : start + BATCH])
        return rows

    def _batch(self, ids: Sequence[str]) -> int:
        """Forget some orders: at the companies, in the engine, then here, so that a crash in between is made good."""
        for order in ids:
            for trade in self._services.trades.values():
                try:
                    trade.forget(order)
                except ProviderError:
                    return 0
        self._engine.forget(ids)

        def work(connection: sa.Connection) -> int:
            deletes = (
                sa.delete(offers).where(offers.c.order_id.in_(ids)),
                sa.delete(messages).where(messages.c.order_id.in_(ids)),
                sa.delete(requests).where(requests.c.order_id.in_(ids)),
                sa.delete(orders).where(orders.c.id.in_(ids)),
            )
            return sum(connection.execute(delete).rowcount for delete in deletes)

        return self._database.write(work)
