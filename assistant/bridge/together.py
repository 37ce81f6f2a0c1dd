"""Several orders that one yes covers, as the book knows them: accepted in one transaction, or none."""

from collections.abc import Sequence

import sqlalchemy as sa

from assistant.bridge import pages
from assistant.bridge.engine import Engine
from assistant.bridge.pages import Change, Record
from assistant.bridge.providers.trade import Limits
from assistant.core.consent import Agreed, Factor
from assistant.core.order import State


def commit(connection: sa.Connection, engine: Engine, vehicle: str, yes: Agreed, limits: Limits, now: float) -> Record:
    """Take one yes to several orders and write their workflows down, all in this transaction; return this order as it is then.

    Raises LookupError for an order that never came, PermissionError for another vehicle's.
    """
    found = [pages.locked(connection, part.order) for part in yes.parts]
    records = [record for record in found if record is not None]
    if len(records) < len(found):
        raise LookupError
    if any(record.vehicle != vehicle for record in records):
        raise PermissionError
    own = next(record for record in records if record.id == yes.order)
    if own.over or (own.started and own.agreed is not None and yes.binds(own.id, own.agreed)):
        return own
    refusal = _refusal(records, yes, limits, now)
    if refusal:
        ended = Change(State.REFUSED, reason=refusal, more={"over": True})
        change = ended if refusal == "over_limit" and not own.started else Change(reason=refusal)
        return pages.alter(connection, own.id, change, now)
    parts = [[part.order, part.digest] for part in yes.parts]
    for record, part in zip(records, yes.parts, strict=True):
        first = record is records[0]
        brief = {"digest": part.digest, **({"parts": parts} if first else {"lead": records[0].id})}
        engine.start(connection, record.id, brief)
        change = Change(State.ACCEPTED, agreed=record.quote, more={"started": True, "committed_at": now})
        after = pages.alter(connection, record.id, change, now)
        own = after if record.id == own.id else own
    return own


def _refusal(records: Sequence[Record], yes: Agreed, limits: Limits, now: float) -> str:
    """Return why one yes does not carry all of this; empty if it does. The owner's limits are those of one payment: the sum's."""
    quotes = [record.quote for record in records if record.quote is not None]
    if len(quotes) < len(records) or any(
        record.started or record.over or record.quote is None or record.quote.digest != part.digest
        for record, part in zip(records, yes.parts, strict=True)
    ):
        return "quote_changed"
    if not all(
        yes.binds(record.id, quote) for record, quote in zip(records, quotes, strict=True) if record.id == yes.order
    ):
        return "quote_changed"
    if any(now >= quote.expires for quote in quotes):
        return "quote_expired"
    foreign = any(quote.amount.currency != limits.currency for quote in quotes)
    total = sum(quote.amount.minor for quote in quotes)
    if foreign or total > limits.order_minor:
        return "over_limit"
    if total <= limits.voice_minor or yes.factor is Factor.PIN:
        return ""
    if yes.factor is Factor.PHONE:
        approved = all(record.approved == quote.digest for record, quote in zip(records, quotes, strict=True))
        return "" if approved else "not_approved"
    return "factor_needed"
