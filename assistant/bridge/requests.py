"""Each request once: what it was answered is kept beside its effect, in the same transaction."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.database import Database
from assistant.bridge.records import requests
from assistant.core.order import Snapshot
from assistant.core.quote import canonical
from assistant.link.wire import Envelope, Op, encode

LIFE_S: Final = 86_400
"""How long an answer means something."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered."""

    op: Op
    body: Mapping[str, Any]
    order: str = ""
    rev: int = 0
    then: Callable[[], None] | None = field(default=None, compare=False)
    """What is done once it is committed; a request that comes again does not do it."""


_KNOWN: Final = sa.select(requests).where(
    requests.c.vehicle == sa.bindparam("b_vehicle"), requests.c.id == sa.bindparam("b_id")
)
_KEEP: Final = sa.insert(requests)


class BodyChangedError(Exception):
    """A known id came with another body, order or operation."""


class Requests:
    """The requests that had an effect."""

    def __init__(self, database: Database, clock: Callable[[], float], again: Callable[[str], None]) -> None:
        """Keep them in the bridge's database; `again` is called with the operation of each that comes again."""
        self._again = again
        self._database = database
        self._clock = clock

    def known(self, vehicle: str, request: Envelope) -> Answer | None:
        """Return what the request was answered, or None if it is new. Raises BodyChangedError."""
        return self._counted(request, self._database.read(lambda c: _stored(c, vehicle, request)))

    def once(self, vehicle: str, request: Envelope, work: Callable[[sa.Connection], Answer]) -> Answer:
        """Run `work` in a transaction unless the request is known; return its answer. Raises BodyChangedError."""

        def both(connection: sa.Connection) -> Answer:
            stored = _stored(connection, vehicle, request)
            if stored is not None:
                return self._counted(request, stored) or stored
            answer = work(connection)
            Database.put(connection, _KEEP, self._row(vehicle, request, answer))
            return answer

        return self._database.write(both, about=(request.order,))

    def _counted(self, request: Envelope, stored: Answer | None) -> Answer | None:
        """Count a request that came again."""
        if stored is not None:
            self._again(request.op.value)
        return stored

    def _row(self, vehicle: str, request: Envelope, answer: Answer) -> dict[str, Any]:
        """Return the row of a request with its answer."""
        return {
            "vehicle": vehicle,
            "id": request.id,
            "body_sha256": request.body_sha256,
            "order_id": request.order,
            "op": request.op.value,
            "answer": _text(
                {"op": answer.op.value, "order": answer.order, "rev": answer.rev, "body": dict(answer.body)}
            ),
            "at": self._clock(),
        }


def answered(clock: Callable[[], float], name: str, trace: str, answer: Answer) -> bytes:
    """Return the answer to the request of that id as bytes."""
    return encode(envelope(clock, name, answer.op, dict(answer.body), answer.order, answer.rev, trace))


def envelope(
    clock: Callable[[], float], name: str, op: Op, body: dict[str, Any], order: str = "", rev: int = 0, trace: str = ""
) -> Envelope:
    """Return a message that means something for a day from now."""
    now = int(clock())
    return Envelope(name, op, body, now, now + LIFE_S, order, rev, trace)


def about(snapshot: Snapshot) -> Answer:
    """Answer with where an order stands."""
    return Answer(Op.ORDER, snapshot.to_json(), snapshot.order, snapshot.rev)


def problem(reason: str, order: str = "") -> Answer:
    """Answer that the message was refused."""
    return Answer(Op.PROBLEM, {"reason": reason}, order)


def _stored(connection: sa.Connection, vehicle: str, request: Envelope) -> Answer | None:
    """Return the kept answer of a request."""
    row = sql.one(connection, _KNOWN, {"b_vehicle": vehicle, "b_id": request.id})
    if row is None:
        return None
    if (row.body_sha256, row.order_id, row.op) != (request.body_sha256, request.order, request.op.value):
        raise BodyChangedError
    answer = json.loads(row.answer)
    return Answer(Op(answer["op"]), answer["body"], answer["order"], answer["rev"])


def _text(value: Mapping[str, Any]) -> str:
    """Return JSON text."""
    return canonical(value).decode()
