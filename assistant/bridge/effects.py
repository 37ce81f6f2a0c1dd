"""What the sandbox companies really did: counted in their own books, whatever anybody was told."""

import sqlalchemy as sa

from assistant.bridge.database import Database, connect, parse
from assistant.bridge.journal import runs
from assistant.bridge.providers.tables import bookings, entries


def carried(db: str) -> dict[str, list[str]]:
    """Return per bridge the orders that it has to go on with, the oldest first."""
    database = Database(connect(parse(db), 1))
    query = sa.select(runs.c.executor, runs.c.order_id).where(runs.c.ended.is_(False)).order_by(runs.c.began)
    try:
        rows = database.read(lambda c: c.execute(query).all())
    finally:
        database.close()
    found: dict[str, list[str]] = {}
    for executor, order in rows:
        found.setdefault(executor, []).append(order)
    return found


def effects(db: str) -> dict[str, tuple[int, int]]:
    """Return per order how many bookings stand and how many minor units are paid for it."""
    database = Database(connect(parse(db), 1))
    standing = (
        sa.select(bookings.c.order_id, sa.func.count())
        .where(bookings.c.cancelled.is_(False))
        .group_by(bookings.c.order_id)
    )
    money = sa.select(entries.c.order_id, entries.c.kind, entries.c.amount)
    try:
        booked = {order: count for order, count in database.read(lambda c: c.execute(standing).all())}  # noqa: C416  rows, not pairs
        moved = database.read(lambda c: c.execute(money).all())
    finally:
        database.close()
    paid: dict[str, int] = {}
    for order, kind, amount in moved:
        paid[order] = paid.get(order, 0) + (amount if kind == "capture" else -amount)
    return {order: (booked.get(order, 0), paid.get(order, 0)) for order in {*booked, *paid}}
