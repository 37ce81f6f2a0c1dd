"""What thousands of cars ask when they come back at once, pings and where orders stand: many at a time, from the book alone."""

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from assistant.bridge import pages, sql
from assistant.bridge.book import Book
from assistant.bridge.metrics import Meter
from assistant.bridge.pages import Record
from assistant.bridge.records import anchors
from assistant.bridge.requests import Answer, about, answered, problem
from assistant.core.order import State
from assistant.link.wire import FROM_CAR, Envelope, Op, WireError, decode

PRESSED: Final = 16
"""When so many ask at once, companies are not asked where the orders stand: their news has come by itself, and a car asks again."""
Anchor = tuple[str, int]
"""Head and length of an audit chain."""
NO_ANCHOR: Final[Anchor] = ("", 0)

_ANCHORS: Final = sa.select(anchors).where(sql.among(anchors.c.vehicle))


class Reads:
    """Answers without a transaction."""

    def __init__(self, book: Book, meter: Meter) -> None:
        """Read `book`."""
        self._book = book
        self._meter = meter

    def handle(self, messages: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        """Return the answers to vehicles' messages; None for one that asks for more than the book says, or is refused."""
        now = self._book.clock()
        asked = [(vehicle, _question(raw, now)) for vehicle, raw in messages]
        pinging = [vehicle for vehicle, request in asked if request is not None and request.op is Op.PING]
        orders = [request.order for _, request in asked if request is not None and request.op is Op.STATUS]
        kept, records = self._book.database.read(lambda c: (kept_anchors(c, pinging), pages.find_some(c, orders)))
        pressed = len(messages) >= PRESSED
        return [
            None if request is None else self._answer(vehicle, request, kept.get(vehicle), records, pressed=pressed)
            for vehicle, request in asked
        ]

    def _answer(
        self, vehicle: str, request: Envelope, kept: Anchor | None, records: Mapping[str, Record], *, pressed: bool
    ) -> bytes | None:
        """Return the answer to one of them."""
        record = records.get(request.order)
        if request.op is Op.PING:
            answer = _pong(request, kept or NO_ANCHOR, self._book.clock())
        else:
            answer = standing(vehicle, request.order, record)
        if answer is None and pressed and record is not None:
            answer = about(record.snapshot)
        if answer is None:
            return None
        self._meter.request(request.op.value)
        if answer.op is Op.PROBLEM:
            self._meter.problem(str(answer.body["reason"]))
        return answered(self._book.clock, request.id, request.trace, answer)


def shown(request: Envelope) -> Anchor:
    """Return the chain that a ping shows. Raises TypeError."""
    head, length = request.body.get("head", ""), request.body.get("length", 0)
    if not isinstance(head, str) or type(length) is not int or len(head) > 64:
        msg = "a ping has head and length"
        raise TypeError(msg)
    return head, length


def pong(kept: Anchor, now: float) -> Answer:
    """Tell the time, and the longest chain that the car has shown."""
    return Answer(Op.PONG, {"now": now, "head": kept[0], "length": kept[1]})


def standing(vehicle: str, order: str, record: Record | None) -> Answer | None:
    """Tell where an order stands; None if its company knows better than the book."""
    if record is None or record.vehicle != vehicle:
        return problem("unknown_order", order)
    if record.over or not record.reference or record.state is not State.IN_PROGRESS:
        return about(record.snapshot)
    return None


def kept_anchors(connection: sa.Connection, vehicles: Sequence[str]) -> dict[str, Anchor]:
    """Return the longest chains that vehicles have shown."""
    return {row.vehicle: (row.head, row.length) for row in sql.many(connection, _ANCHORS, vehicles)}


def _question(raw: bytes, now: float) -> Envelope | None:
    """Return a ping or a question where an order stands."""
    try:
        request = decode(raw, FROM_CAR, now)
    except WireError:
        return None
    return request if request.op in {Op.PING, Op.STATUS} else None


def _pong(request: Envelope, kept: Anchor, now: float) -> Answer | None:
    """Answer a ping unless it shows a longer chain, which is to be kept, or none at all."""
    try:
        return pong(kept, now) if shown(request)[1] <= kept[1] else None
    except TypeError:
        return None
