"""The bridge's order book: every change of an order is one transaction, with a new `rev` and the news about it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from assistant.bridge import pages, sql
from assistant.bridge.database import Database
from assistant.bridge.pages import Change, News, Record
from assistant.bridge.providers.trade import Callback, Offer
from assistant.bridge.records import FILL, METADATA, SCHEMA, messages, requests, schema
from assistant.bridge.requests import envelope
from assistant.core.order import Fact, State
from assistant.errors import CabinError
from assistant.link.wire import Op

_SENT: Final = sa.update(messages).where(messages.c.sent.is_(False), sql.among(messages.c.id)).values(sent=True)
"""News has no index by its id; that of what is unsent is short."""


class Book:
    """Orders and their offers."""

    def __init__(
        self, database: Database, clock: Callable[[], float], name: Callable[[], str], tell: Callable[[News], None]
    ) -> None:
        """`name` makes ids for news, `tell` hands news on once it is committed."""
        self.database = database
        self.clock = clock
        self._name = name
        self._tell = tell

    def open(self) -> None:
        """Create what is missing and bring what is older up to date. Raises CabinError for a newer bridge's book."""
        self.database.prepare(METADATA, _bring_up)

    def order(self, order: str) -> Record | None:
        """Return an order, or None if it never came."""
        return self.database.read(lambda c: pages.find(c, order))

    @staticmethod
    def order_in(connection: sa.Connection, order: str) -> Record:
        """Return an order that there is, which nobody else can change until the caller's transaction ends."""
        record = pages.locked(connection, order)
        if record is None:
            msg = f"no order {order}"
            raise LookupError(msg)
        return record

    def both(self, order: str, digest: str) -> tuple[Record | None, Offer | None]:
        """Return an order and one of its offers."""
        return self.database.read(lambda c: pages.find_both(c, order, digest))

    def keep(self, order: str, offer: Offer, args: Mapping[str, Any], *, change: bool) -> None:
        """Keep an offer so that a consent to its digest can be carried out."""
        self.database.write(lambda c: pages.keep_offer(c, order, offer, args, change=change))

    def say(self, order: str, cause: str, change: Change, *, after_seq: int | None = None) -> Record:
        """Change an order and tell its car, once per `cause`; return the order as it is then.

        With `after_seq` only if the order is not over and has heard of nothing as new as that.
        """
        record, tell = self.database.write(
            lambda c: self.say_in(c, order, cause, change, after_seq=after_seq), about=(order,)
        )
        tell()
        return record

    def say_in(
        self, connection: sa.Connection, order: str, cause: str, change: Change, *, after_seq: int | None = None
    ) -> tuple[Record, Callable[[], None]]:
        """Do as `say` in the caller's transaction; also return what tells the car, to be called after the commit."""
        record, changed = pages.say(connection, order, cause, change, self.clock(), after_seq)
        news = [self._news(connection, record, cause)] if changed else []
        return record, lambda: self._hand(news)

    def hear(self, told: Sequence[tuple[State, Callback]]) -> frozenset[str]:
        """Write down news that leaves orders in the state they are in, all in one transaction; return the ids of the others.

        Several of one order become one message. Others are about orders that have no receipt yet, are over, or become something else by it.
        """

        def work(connection: sa.Connection) -> tuple[list[News], set[str]]:
            news, others = list[News](), set[str]()
            ranked = sorted(told, key=lambda one: (one[1].order, one[1].booking.seq))
            for order, several in groupby(ranked, key=lambda one: one[1].order):
                record, newest = pages.locked(connection, order), None
                for state, callback in several:
                    booking = callback.booking
                    if record is None or record.over or record.receipt is None or record.state is not state:
                        others.add(callback.id)
                    elif booking.seq > (record.seq if newest is None else newest.booking.seq):
                        facts = {**record.facts, **booking.facts, "service_state": booking.state}
                        record, newest = replace(record, facts=facts), callback
                if newest is not None and record is not None:
                    change = Change(facts=record.facts, more={"seq": newest.booking.seq})
                    after = pages.alter(connection, order, change, self.clock())
                    news.append(self._news(connection, after, f"news:{newest.id}"))
            return news, others

        news, others = self.database.write(work, about={callback.order for _, callback in told})
        self._hand(news)
        return frozenset(others)

    def refresh(self, order: str, facts: Mapping[str, Fact]) -> Record:
        """Write down what a company said in passing (where a driver is), unless the order has ended."""

        def work(connection: sa.Connection) -> Record:
            record = self.order_in(connection, order)
            change = Change(facts=facts, reason=record.reason)
            return record if record.over else pages.alter(connection, order, change, self.clock())

        return self.database.write(work, about=(order,))

    def unsent(self, older_than_s: float, limit: int) -> list[News]:
        """Return news that was not sent for so long, the oldest first."""
        query = (
            sa.select(messages)
            .where(messages.c.sent.is_(False), messages.c.at <= self.clock() - older_than_s)
            .order_by(messages.c.at)
            .limit(limit)
        )
        rows = self.database.read(lambda c: c.execute(query).all())
        return [
            News(r.vehicle, r.cause, envelope(self.clock, r.id, Op.ORDER, json.loads(r.body), r.order_id, r.rev))
            for r in rows
        ]

    def sent(self, ids: list[str]) -> None:
        """Write down that the broker has these."""
        self.database.write(lambda c: sql.many(c, _SENT, ids))

    def _hand(self, news: Sequence[News]) -> None:
        """Hand on news that is committed."""
        for one in news:
            self._tell(one)

    def _news(self, connection: sa.Connection, record: Record, cause: str) -> News:
        """Write news down beside the change it is about."""
        body = record.snapshot.to_json()
        message = envelope(self.clock, self._name(), Op.ORDER, body, record.id, record.rev)
        news = News(record.vehicle, cause, message)
        pages.note(connection, news, self.clock())
        return news


def _bring_up(connection: sa.Connection, before: frozenset[str]) -> None:
    """Bring the tables up to date that were there `before`."""
    known = connection.execute(sa.select(sa.func.max(schema.c.version))).scalar_one()
    if known is not None and known > SCHEMA:
        raise CabinError(
            f"this book is a newer bridge's (schema {known}, this one knows {SCHEMA})", "update cabin-bridge"
        )
    if known == SCHEMA:
        return
    if known is None and requests.name in before:
        connection.exec_driver_sql("ALTER TABLE bridge_request DROP COLUMN errand")
    if requests.name in before:
        _change_indexes(connection)
    connection.execute(sa.insert(schema), {"version": SCHEMA})


def _change_indexes(connection: sa.Connection) -> None:
    """Drop an index that nothing asked, keep only what is unsent in another, and let PostgreSQL leave room on a page."""
    connection.exec_driver_sql("DROP INDEX IF EXISTS bridge_order_age")
    for index in messages.indexes:
        index.drop(connection)
        index.create(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ALTER TABLE bridge_order SET (fillfactor = {FILL})")
