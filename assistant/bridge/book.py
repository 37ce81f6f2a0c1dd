"""The bridge's order book: every change of an order is one transaction, with a new `rev` and the news about it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.database import Database
from assistant.bridge.providers.trade import Callback, Offer
from assistant.bridge.records import METADATA, messages, offers, orders
from assistant.core.order import Fact, Receipt, Snapshot, State
from assistant.core.quote import Quote, canonical

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """An order as the bridge knows it."""

    id: str
    vehicle: str
    service: str
    method: str
    args: Mapping[str, Any]
    state: State
    rev: int
    quote: Quote | None
    agreed: Quote | None
    """The quote that was last consented to."""
    receipt: Receipt | None
    reason: str
    facts: Mapping[str, Fact]
    approved: str
    reference: str
    seq: int
    started: bool
    over: bool
    erase: bool
    committed_at: float | None

    @property
    def snapshot(self) -> Snapshot:
        """Return what a car may know of it."""
        bound = "" if self.agreed is None else self.agreed.digest
        return Snapshot(
            self.id, self.rev, self.state, self.quote, self.receipt, self.reason, dict(self.facts), self.approved, bound
        )


@dataclass(frozen=True, slots=True)
class News:
    """A message for a car that is not yet known to have reached the broker."""

    id: str
    vehicle: str
    order: str
    cause: str
    rev: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an order; None leaves a field as it is."""

    state: State | None = None
    quote: Quote | None = None
    agreed: Quote | None = None
    receipt: Receipt | None = None
    facts: Mapping[str, Fact] | None = None
    reason: str = ""
    more: Mapping[str, object] = field(default_factory=dict)
    """Other columns."""

    def values(self) -> dict[str, Any]:
        """Return the columns that change."""
        found: dict[str, Any] = {"reason": self.reason, **self.more}
        for name, value in (("quote", self.quote), ("agreed", self.agreed), ("receipt", self.receipt)):
            if value is not None:
                found[name] = _text(value.to_json())
        if self.state is not None:
            found["state"] = self.state.value
        if self.facts is not None:
            found["facts"] = _text(dict(self.facts))
        return found


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
        """Create the tables that are missing."""
        with self.database.writing() as connection:
            METADATA.create_all(connection)

    def order(self, order: str) -> Record | None:
        """Return an order, or None if it never came."""
        return self.database.read(lambda c: find(c, order))

    def both(self, order: str, digest: str) -> tuple[Record | None, Offer | None]:
        """Return an order and one of its offers."""
        return self.database.read(lambda c: (find(c, order), find_offer(c, order, digest)))

    def keep(self, order: str, offer: Offer, args: Mapping[str, Any], *, change: bool) -> None:
        """Keep an offer so that a consent to its digest can be carried out."""
        self.database.write(lambda c: keep_offer(c, order, offer, args, change=change))

    def say(self, order: str, cause: str, change: Change, *, after_seq: int | None = None) -> Record:
        """Change an order and tell its car, once per `cause`; return the order as it is then.

        With `after_seq` only if the order is not over and has heard of nothing as new as that.
        """
        guard = _SAY if after_seq is None else _SAY_NEWER

        def work(connection: sa.Connection) -> tuple[Record, News | None]:
            keys = {"b_id": order, "b_cause": cause} | ({} if after_seq is None else {"b_seq": after_seq})
            row = sql.one(connection, guard, {**change.values(), "changed_at": self.clock(), **keys})
            if row is None:
                return _record(sql.one(connection, _ORDER, {"b_id": order})), None
            record = _record(row)
            return record, self._news(connection, record, cause)

        record, news = self.database.write(work)
        if news is not None:
            self._tell(news)
        return record

    def hear(self, told: Sequence[tuple[State, Callback]]) -> frozenset[str]:
        """Write down news that leaves orders in the state they are in, all in one transaction; return the ids of the others.

        Several of one order become one message. Others are about orders that have no receipt yet, are over, or become something else by it.
        """

        def work(connection: sa.Connection) -> tuple[list[News], set[str]]:
            news, others = list[News](), set[str]()
            ranked = sorted(told, key=lambda one: (one[1].order, one[1].booking.seq))
            for order, several in groupby(ranked, key=lambda one: one[1].order):
                record, newest = locked(connection, order), None
                for state, callback in several:
                    booking = callback.booking
                    if record is None or record.over or record.receipt is None or record.state is not state:
                        others.add(callback.id)
                    elif booking.seq > (record.seq if newest is None else newest.booking.seq):
                        facts = {**record.facts, **booking.facts, "service_state": booking.state}
                        record, newest = replace(record, facts=facts), callback
                if newest is not None and record is not None:
                    change = Change(facts=record.facts, more={"seq": newest.booking.seq})
                    after = alter(connection, order, change, self.clock())
                    news.append(self._news(connection, after, f"news:{newest.id}"))
            return news, others

        news, others = self.database.write(work)
        for one in news:
            self._tell(one)
        return frozenset(others)

    def refresh(self, order: str, facts: Mapping[str, Fact]) -> Record:
        """Write down what a company said in passing (where a driver is), unless the order has ended."""

        def work(connection: sa.Connection) -> Record:
            record = _record(sql.one(connection, _LOCKED, {"b_id": order}))
            change = Change(facts=facts, reason=record.reason)
            return record if record.over else alter(connection, order, change, self.clock())

        return self.database.write(work)

    def unsent(self, older_than_s: float, limit: int) -> list[News]:
        """Return news that was not sent for so long, the oldest first."""
        query = (
            sa.select(messages)
            .where(messages.c.sent.is_(False), messages.c.at <= self.clock() - older_than_s)
            .order_by(messages.c.at)
            .limit(limit)
        )
        rows = self.database.read(lambda c: c.execute(query).all())
        return [News(r.id, r.vehicle, r.order_id, r.cause, r.rev, json.loads(r.body)) for r in rows]

    def sent(self, ids: list[str]) -> None:
        """Write down that the broker has these."""
        change = sa.update(messages).where(messages.c.id.in_(ids)).values(sent=True)
        self.database.write(lambda c: c.execute(change))

    def _news(self, connection: sa.Connection, record: Record, cause: str) -> News:
        """Write news down beside the change it is about."""
        news = News(self._name(), record.vehicle, record.id, cause, record.rev, record.snapshot.to_json())
        row = {
            "order_id": record.id,
            "cause": cause,
            "id": news.id,
            "vehicle": record.vehicle,
            "rev": record.rev,
            "body": _text(news.body),
            "sent": False,
            "at": self.clock(),
        }
        Database.put(connection, _NEWS, row)
        return news


_ORDER: Final = sa.select(orders).where(orders.c.id == sa.bindparam("b_id"))
_LOCKED: Final = _ORDER.with_for_update()
_ALTER: Final = (
    sa.update(orders).where(orders.c.id == sa.bindparam("b_id")).values(rev=orders.c.rev + 1).returning(*orders.c)
)
_SAID: Final = sa.exists().where(messages.c.order_id == orders.c.id, messages.c.cause == sa.bindparam("b_cause"))
_SAY: Final = _ALTER.where(~_SAID)
_SAY_NEWER: Final = _SAY.where(orders.c.over.is_(False), orders.c.seq < sa.bindparam("b_seq"))
_BEGIN: Final = sa.insert(orders)
_BLANK: Final[Mapping[str, Any]] = {
    "quote": None,
    "agreed": None,
    "receipt": None,
    "reason": "",
    "facts": "{}",
    "approved": "",
    "reference": "",
    "seq": -1,
    "started": False,
    "over": False,
    "erase": False,
    "committed_at": None,
}
_NEWS: Final = sa.insert(messages)
_OFFER: Final = sa.select(offers).where(
    offers.c.order_id == sa.bindparam("b_order"), offers.c.digest == sa.bindparam("b_digest")
)
_KEEP: Final = sa.insert(offers)


def find(connection: sa.Connection, order: str) -> Record | None:
    """Return an order."""
    row = sql.one(connection, _ORDER, {"b_id": order})
    return None if row is None else _record(row)


def locked(connection: sa.Connection, order: str) -> Record | None:
    """Return an order that nobody else can change until the transaction ends."""
    row = sql.one(connection, _LOCKED, {"b_id": order})
    return None if row is None else _record(row)


def begin(connection: sa.Connection, order: str, vehicle: str, change: Change, now: float) -> Record:
    """Write down an order that nobody heard of before."""
    row = {**_BLANK, "id": order, "vehicle": vehicle, "rev": 1, "created_at": now, "changed_at": now, **change.values()}
    Database.put(connection, _BEGIN, row)
    return _record(SimpleNamespace(**row))


def alter(connection: sa.Connection, order: str, change: Change, now: float) -> Record:
    """Change an order and count its rev up; it must exist."""
    return _record(sql.one(connection, _ALTER, {**change.values(), "changed_at": now, "b_id": order}))


def keep_offer(connection: sa.Connection, order: str, offer: Offer, args: Mapping[str, Any], *, change: bool) -> None:
    """Keep an offer so that a consent to its digest can be carried out."""
    if sql.one(connection, _OFFER, {"b_order": order, "b_digest": offer.quote.digest}) is not None:
        return
    row = {
        "order_id": order,
        "digest": offer.quote.digest,
        "change": change,
        "quote": _text(offer.quote.to_json()),
        "terms": _text(offer.terms),
        "facts": _text(dict(offer.facts)),
        "args": _text(args),
    }
    Database.put(connection, _KEEP, row)


def find_offer(connection: sa.Connection, order: str, digest: str) -> Offer | None:
    """Return a kept offer."""
    row = sql.one(connection, _OFFER, {"b_order": order, "b_digest": digest})
    if row is None:
        return None
    return Offer(_quote(row.quote), json.loads(row.terms), json.loads(row.facts))


def _record(row: Any) -> Record:
    """Read one row."""
    return Record(
        id=row.id,
        vehicle=row.vehicle,
        service=row.service,
        method=row.method,
        args=json.loads(row.args),
        state=State(row.state),
        rev=row.rev,
        quote=None if row.quote is None else _quote(row.quote),
        agreed=None if row.agreed is None else _quote(row.agreed),
        receipt=None if row.receipt is None else Receipt.from_json(json.loads(row.receipt)),
        reason=row.reason,
        facts=json.loads(row.facts),
        approved=row.approved,
        reference=row.reference,
        seq=row.seq,
        started=bool(row.started),
        over=bool(row.over),
        erase=bool(row.erase),
        committed_at=row.committed_at,
    )


@lru_cache(4_096)
def _quote(text: str) -> Quote:
    """Read a quote; each is read several times in an order's life, and its digest is counted again each time."""
    return Quote.from_json(json.loads(text))


def _text(value: Mapping[str, Any]) -> str:
    """Return JSON text."""
    return canonical(value).decode()
