"""Pages of the bridge's order book: what an order, a change and news are, and how they are read and written in a transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.database import Database
from assistant.bridge.providers.trade import Offer
from assistant.bridge.records import messages, offers, orders
from assistant.core.order import Fact, Receipt, Snapshot, State
from assistant.core.quote import Quote, canonical
from assistant.link.wire import Envelope

KEPT: Final = 4_096
"""Texts of a kind that are kept as what was read from them."""


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

    vehicle: str
    cause: str
    message: Envelope


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


_ORDER: Final = sa.select(orders).where(orders.c.id == sa.bindparam("b_id"))
_SOME: Final = sa.select(orders).where(sql.among(orders.c.id))
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
_OFFER: Final = sa.select(offers.c.digest).where(
    offers.c.order_id == sa.bindparam("b_order"), offers.c.digest == sa.bindparam("b_digest")
)
_KEEP: Final = sa.insert(offers)
_BOTH: Final = (
    sa.select(orders, offers.c.quote.label("offered"), offers.c.terms, offers.c.facts.label("told"))
    .join_from(
        orders,
        offers,
        sa.and_(offers.c.order_id == orders.c.id, offers.c.digest == sa.bindparam("b_digest")),
        isouter=True,
    )
    .where(orders.c.id == sa.bindparam("b_id"))
)


def find(connection: sa.Connection, order: str) -> Record | None:
    """Return an order."""
    row = sql.one(connection, _ORDER, {"b_id": order})
    return None if row is None else _record(row)


def find_some(connection: sa.Connection, names: Sequence[str]) -> dict[str, Record]:
    """Return those of some orders that there are."""
    return {row.id: _record(row) for row in sql.many(connection, _SOME, names)}


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


def say(
    connection: sa.Connection, order: str, cause: str, change: Change, now: float, after_seq: int | None
) -> tuple[Record, bool]:
    """Change an order once per `cause` (with `after_seq` only if it is not over and heard of nothing as new); return it as it is then, and whether it changed."""
    keys = {"b_id": order, "b_cause": cause} | ({} if after_seq is None else {"b_seq": after_seq})
    guard = _SAY if after_seq is None else _SAY_NEWER
    row = sql.one(connection, guard, {**change.values(), "changed_at": now, **keys})
    return (_record(sql.one(connection, _ORDER, {"b_id": order})), False) if row is None else (_record(row), True)


def note(connection: sa.Connection, news: News, now: float) -> None:
    """Write news down."""
    row = {
        "order_id": news.message.order,
        "cause": news.cause,
        "id": news.message.id,
        "vehicle": news.vehicle,
        "rev": news.message.rev,
        "body": news.message.body_text.decode(),
        "sent": False,
        "at": now,
    }
    Database.put(connection, _NEWS, row)


def find_both(connection: sa.Connection, order: str, digest: str) -> tuple[Record | None, Offer | None]:
    """Return an order and one of its offers."""
    row = sql.one(connection, _BOTH, {"b_id": order, "b_digest": digest})
    if row is None:
        return None, None
    return _record(row), None if row.offered is None else _offer(row.offered, row.terms, row.told)


def keep_offer(
    connection: sa.Connection, order: str, offer: Offer, args: Mapping[str, Any], *, change: bool, first: bool = False
) -> None:
    """Keep an offer, the `first` of a new order or maybe one that is kept already, so that a consent to its digest can be carried out."""
    asked = {"b_order": order, "b_digest": offer.quote.digest}
    if not first and sql.one(connection, _OFFER, asked) is not None:
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


def _offer(quote: str, terms: str, facts: str) -> Offer:
    """Read a kept offer."""
    return Offer(_quote(quote), json.loads(terms), json.loads(facts))


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
        receipt=None if row.receipt is None else _receipt(row.receipt),
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


@lru_cache(KEPT)
def _quote(text: str) -> Quote:
    """Read a quote; each is read several times in an order's life, and its digest is counted again each time."""
    return Quote.from_json(json.loads(text))


@lru_cache(KEPT)
def _receipt(text: str) -> Receipt:
    """Read a receipt."""
    return Receipt.from_json(json.loads(text))


def _text(value: Mapping[str, Any]) -> str:
    """Return JSON text."""
    return canonical(value).decode()
