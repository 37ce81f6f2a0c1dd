"""What a sandbox company writes down in its own books: what is held, what is taken, what will happen."""

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from assistant.bridge.database import Database
from assistant.bridge.providers.faults import Fault
from assistant.bridge.providers.goods import Happening, Priced
from assistant.bridge.providers.tables import bookings, happenings, holds
from assistant.bridge.providers.trade import Stage
from assistant.core.quote import canonical

LATE_S: Final = 2.0
"""How much later than it happened an out-of-order callback is told, in the sandbox's own time."""


_COURSE: Final = sa.insert(happenings)


def taken(connection: sa.Connection, thing: str, order: str, now: float, own: str = "") -> int:
    """Count what is booked (but for `own`), and what is held for other orders."""
    booked = sa.select(sa.func.coalesce(sa.func.sum(bookings.c["count"]), 0)).where(
        bookings.c.thing == thing, bookings.c.cancelled.is_(False), bookings.c.reference != own
    )
    held = sa.select(sa.func.coalesce(sa.func.sum(holds.c["count"]), 0)).where(
        holds.c.thing == thing, holds.c.order_id != order, holds.c.until > now
    )
    return int(connection.execute(booked).scalar_one()) + int(connection.execute(held).scalar_one())


def hold(connection: sa.Connection, service: str, order: str, priced: Priced, until: float) -> None:
    """Keep some for an order until its offer expires."""
    let_go(connection, service, order)
    row = {"order_id": order, "service": service, "thing": priced.thing, "count": priced.count, "until": until}
    connection.execute(sa.insert(holds).values(row))


def let_go(connection: sa.Connection, service: str, order: str) -> None:
    """Let go of what is held for an order."""
    connection.execute(sa.delete(holds).where(holds.c.order_id == order, holds.c.service == service))


def foresee(steps: Sequence[Happening], armed: Mapping[Fault, float]) -> tuple[Happening, ...]:
    """Return the course, cut short where the company was told to call it off."""
    if Fault.CALLED_OFF not in armed:
        return tuple(steps)
    return steps[0], Happening(steps[min(1, len(steps) - 1)].after_s, "called_off", Stage.CALLED_OFF)


def write_course(
    connection: sa.Connection,
    booking: tuple[str, str, str],
    steps: Sequence[Happening],
    clock: tuple[float, float],
    armed: Mapping[Fault, float],
) -> None:
    """Write down what becomes of a booking (reference, order, service) at `clock` (Unix seconds, pace), and when it is told."""
    (reference, order, service), (now, pace) = booking, clock
    times = 0 if Fault.LOST_CALLBACK in armed else 2 if Fault.DOUBLE_CALLBACK in armed else 1
    for seq, step in enumerate(steps):
        at = now + step.after_s / pace
        late = LATE_S if Fault.OUT_OF_ORDER in armed and seq % 2 == 1 else 0.0
        row = {
            "id": f"{reference}:{seq}",
            "reference": reference,
            "order_id": order,
            "service": service,
            "seq": seq,
            "state": step.state,
            "stage": step.stage.value,
            "facts": canonical(dict(step.facts)).decode(),
            "at": at,
            "told_at": at + late,
            "left": times if seq else 0,
        }
        Database.put(connection, _COURSE, row)


def rewrite_course(
    connection: sa.Connection, reference: str, steps: Sequence[Happening], clock: tuple[float, float]
) -> None:
    """Write anew what becomes of a booking that was changed at `clock` (Unix seconds, pace); what has happened keeps its time."""
    now, pace = clock
    for step in steps:
        mine = sa.update(happenings).where(happenings.c.reference == reference, happenings.c.state == step.state)
        connection.execute(mine.values(facts=canonical(dict(step.facts)).decode()))
        at = now + step.after_s / pace
        connection.execute(mine.where(happenings.c.at > now).values(at=at, told_at=at))
