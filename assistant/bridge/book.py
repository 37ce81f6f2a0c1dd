"""The bridge's order book: every change of an order is one transaction, with a new `rev` and the news about it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from assistant.bridge.database import Database
from assistant.bridge.providers.trade import Offer
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

    def offer(self, order: str, digest: str) -> Offer | None:
        """Return an offer of an order by its digest."""
        return self.database.read(lambda c: find_offer(c, order, digest))

    def keep(self, order: str, offer: Offer, args: Mapping[str, Any], *, change: bool) -> None:
        """Keep an offer so that a consent to its digest can be carried out."""
        self.database.write(lambda c: keep_offer(c, order, offer, args, change=change))

    def say(self, order: str, cause: str, change: Change, *, when: Callable[[Record], bool] = lambda _: True) -> Record:
        """Change an order and tell its car, once per `cause` and only if `when` holds; return the order as it is then."""

        def work(connection: sa.Connection) -> tuple[Record, News | None]:
            done = sa.select(messages.c.rev).where(messages.c.order_id == order, messages.c.cause == cause)
            record = locked(connection, order)
            if connection.execute(done).one_or_none() is not None or not when(record):
                return record, None
            record = alter(connection, order, change, self.clock())
            return record, self._news(connection, record, cause)

        record, news = self.database.write(work)
        if news is not None:
            self._tell(news)
        return record

    def refresh(self, order: str, facts: Mapping[str, Fact]) -> Record:
        """Write down what a company said in passing (where a driver is), unless the order has ended."""

        def work(connection: sa.Connection) -> Record:
            record = locked(connection, order)
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
        connection.execute(sa.insert(messages).values(row))
        return news


def find(connection: sa.Connection, order: str) -> Record | None:
    """Return an order."""
    row = connection.execute(sa.select(orders).where(orders.c.id == order)).one_or_none()
    return None if row is None else _record(row)


def locked(connection: sa.Connection, order: str) -> Record:
    """Return an order that nobody else can change until the transaction ends; it must exist."""
    return _record(connection.execute(sa.select(orders).where(orders.c.id == order).with_for_update()).one())


def alter(connection: sa.Connection, order: str, change: Change, now: float) -> Record:
    """Change an order and count its rev up."""
    values = {**change.values(), "rev": orders.c.rev + 1, "changed_at": now}
    changed = sa.update(orders).where(orders.c.id == order).values(values).returning(*orders.c)
    return _record(connection.execute(changed).one())


def keep_offer(connection: sa.Connection, order: str, offer: Offer, args: Mapping[str, Any], *, change: bool) -> None:
    """Keep an offer so that a consent to its digest can be carried out."""
    if find_offer(connection, order, offer.quote.digest) is not None:
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
    connection.execute(sa.insert(offers).values(row))


def find_offer(connection: sa.Connection, order: str, digest: str) -> Offer | None:
    """Return a kept offer."""
    query = sa.select(offers).where(offers.c.order_id == order, offers.c.digest == digest)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Offer(Quote.from_json(json.loads(row.quote)), json.loads(row.terms), json.loads(row.facts))


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
        quote=None if row.quote is None else Quote.from_json(json.loads(row.quote)),
        agreed=None if row.agreed is None else Quote.from_json(json.loads(row.agreed)),
        receipt=None if row.receipt is None else Receipt.from_json(json.loads(row.receipt)),
        reason=row.reason,
        facts=json.loads(row.facts),
        approved=row.approved,
        reference=row.reference,
        seq=row.seq,
        started=row.started,
        over=row.over,
        erase=row.erase,
        committed_at=row.committed_at,
    )


def _text(value: Mapping[str, Any]) -> str:
    """Return JSON text."""
    return canonical(value).decode()
