"""One message in, one answer out: decode, do it once, let the workflow know, encode."""

import json
import logging
from typing import Final

import sqlalchemy as sa

from assistant.bridge.bargain import Bargain
from assistant.bridge.book import Book
from assistant.bridge.database import Database
from assistant.bridge.engine import Engine
from assistant.bridge.metrics import Meter
from assistant.bridge.providers.trade import Declined, ProviderError
from assistant.bridge.reads import NO_ANCHOR, kept_anchors, pong, shown, standing
from assistant.bridge.records import anchors
from assistant.bridge.requests import Answer, BodyChangedError, Requests, about, answered, problem
from assistant.bridge.retention import Retention
from assistant.bridge.services import Services
from assistant.bridge.shape import ShapeError
from assistant.core.uuid7 import is_uuid7
from assistant.link.wire import FROM_CAR, Envelope, Fault, Op, WireError, decode

_log = logging.getLogger(__name__)

LASTING: Final = frozenset({Op.QUOTE, Op.CHANGE, Op.COMMIT, Op.APPROVE, Op.CANCEL, Op.ERASE})
"""Requests with an effect: kept, and answered the same when they come again."""
TELLING: Final = frozenset({Op.COMMIT, Op.CANCEL})
"""Requests that may have something to tell the order's workflow."""


class Operations:
    """What the bridge does for cars."""

    def __init__(
        self,
        book: Book,
        services: Services,
        engine: Engine,
        retention: Retention,
        meter: Meter,
    ) -> None:
        """Serve `services` and bring orders to `engine`."""
        self._book = book
        self._services = services
        self._engine = engine
        self._retention = retention
        self._meter = meter
        self._database: Database = book.database
        self._requests = Requests(book.database, book.clock, meter.duplicate)
        self._bargain = Bargain(book, self._requests, services, engine)

    def handle(self, vehicle: str, raw: bytes) -> bytes | None:
        """Return the answer to one message of a vehicle; None if it cannot even be answered. When it returns, all is committed."""
        try:
            request = decode(raw, FROM_CAR, self._book.clock())
        except WireError as error:
            self._meter.problem(error.fault.value)
            return self._to_nobody(raw, error.fault)
        self._meter.request(request.op.value)
        answer = self._answer(vehicle, request)
        if answer.op is Op.PROBLEM:
            self._meter.problem(str(answer.body["reason"]))
        if answer.then is not None:
            answer.then()
        elif request.op in TELLING:
            self._engine.notice(request.order)
        return answered(self._book.clock, request.id, request.trace, answer)

    def _answer(self, vehicle: str, request: Envelope) -> Answer:
        """Do what is asked; every way to refuse ends in a problem."""
        try:
            if request.op in LASTING - {Op.QUOTE, Op.COMMIT}:
                known = self._requests.known(vehicle, request)
                if known is not None:
                    return known
            return self._do(vehicle, request)
        except BodyChangedError:
            return problem("body_changed", request.order)
        except PermissionError:
            return problem("unknown_order", request.order)
        except (ShapeError, ValueError, TypeError):
            return problem(Fault.MALFORMED.value, request.order)
        except Declined as error:
            return problem(error.reason, request.order)
        except ProviderError:
            return problem("busy", request.order)

    def _do(self, vehicle: str, request: Envelope) -> Answer:
        """Do one operation."""
        match request.op:
            case Op.PING:
                return self._ping(vehicle, request)
            case Op.ASK:
                return self._ask(vehicle, request)
            case Op.QUOTE:
                return self._bargain.quote(vehicle, request)
            case Op.CHANGE:
                return self._bargain.change(vehicle, request)
            case Op.COMMIT:
                return self._bargain.commit(vehicle, request)
            case Op.APPROVE:
                return self._bargain.approve(vehicle, request)
            case Op.CANCEL:
                return self._bargain.cancel(vehicle, request)
            case Op.STATUS:
                return self._status(vehicle, request)
            case _:
                return self._erase(vehicle, request)

    def _ping(self, vehicle: str, request: Envelope) -> Answer:
        """Tell the time, and keep the longest audit chain that the car has shown."""
        head, length = shown(request)
        kept = self._database.read(lambda c: kept_anchors(c, [vehicle])).get(vehicle, NO_ANCHOR)
        if length > kept[1]:
            self._database.write(lambda c: _anchored(c, vehicle, head, length, self._book.clock()))
            kept = head, length
        return pong(kept, self._book.clock())

    def _ask(self, vehicle: str, request: Envelope) -> Answer:
        """Answer a question that costs nothing."""
        service, method = request.body.get("service"), request.body.get("method")
        result = self._services.ask(vehicle, f"{service}.{method}", request.body.get("args", {}))
        return Answer(Op.ANSWER, {"result": result})

    def _status(self, vehicle: str, request: Envelope) -> Answer:
        """Tell where an order stands, with what the company says at this moment."""
        record = self._book.order(request.order)
        known = standing(vehicle, request.order, record)
        if known is not None or record is None:
            return known or problem("unknown_order", request.order)
        try:
            booking = self._services.trade(record.service).look(record.reference)
        except ProviderError:
            return about(record.snapshot)
        facts = {**record.facts, **booking.facts, "service_state": booking.state}
        return about((record if facts == record.facts else self._book.refresh(record.id, facts)).snapshot)

    def _erase(self, vehicle: str, request: Envelope) -> Answer:
        """Erase what can be erased of a vehicle; the receipt names how much."""
        rows = self._retention.erase(vehicle, request.created or self._book.clock())
        return self._requests.once(vehicle, request, lambda _: Answer(Op.ERASED, {"receipt": request.id, "rows": rows}))

    def _to_nobody(self, raw: bytes, fault: Fault) -> bytes | None:
        """Answer a message that was refused whole, if at least its id can be read."""
        try:
            fields = json.loads(raw[:200_000])
            name = fields["id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if fault is Fault.OVERSIZED or not isinstance(name, str) or not is_uuid7(name):
            return None
        return answered(self._book.clock, name, "", problem(fault.value))


def _anchored(connection: sa.Connection, vehicle: str, head: str, length: int, now: float) -> None:
    """Keep a longer chain."""
    change = sa.update(anchors).where(anchors.c.vehicle == vehicle, anchors.c.length < length)
    if connection.execute(change.values(head=head, length=length, at=now)).rowcount:
        return
    if not kept_anchors(connection, [vehicle]):
        connection.execute(sa.insert(anchors).values(vehicle=vehicle, head=head, length=length, at=now))
