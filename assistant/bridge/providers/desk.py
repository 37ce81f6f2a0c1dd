"""Where every sandbox company does its work: each effect once by its key, and failing as it was told to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import sqlalchemy as sa

from assistant.bridge import sql
from assistant.bridge.database import Database
from assistant.bridge.providers import faults
from assistant.bridge.providers.faults import Fault
from assistant.bridge.providers.tables import METADATA, calls, shifts
from assistant.bridge.providers.tables import faults as switches
from assistant.bridge.providers.trade import Declined, Unreachable, Unsure
from assistant.core.quote import canonical, sha256

Effect = Callable[[sa.Connection, Mapping[Fault, float], int], Mapping[str, Any]]
"""Takes the faults that fit, and by how many minor units the order's price has moved."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a company."""

    service: str
    method: str
    order: str
    key: str
    """`order:step`; empty for what has no effect."""
    body: Any = None


_ANY_FAULT: Final = sa.select(switches.c.id).where(switches.c.times != 0).limit(1)
_NOW: Final = sa.select(sa.exists().where(switches.c.times != 0).label("armed")).subquery()
_CALL: Final = (
    sa.select(_NOW.c.armed, calls.c.body_sha256, calls.c.answer, shifts.c.minor)
    .join_from(_NOW, calls, calls.c.key == sa.bindparam("b_key"), isouter=True)
    .join(
        shifts,
        sa.and_(shifts.c.order_id == sa.bindparam("b_order"), shifts.c.service == sa.bindparam("b_service")),
        isouter=True,
    )
)
"""Whether any fault is set, what the call with this key was answered, and by how much the price has moved, in one question."""
_AGAIN: Final = sa.update(calls).where(calls.c.key == sa.bindparam("b_key")).values(calls=calls.c.calls + 1)
_INSERT: Final = sa.insert(calls)


class _ArmedError(Exception):
    """Some fault is set: the call takes the slow way."""


class Desk:
    """The sandbox's shared counter: database, clock and chance."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        chance: Random,
        pace: float = 1.0,
    ) -> None:
        """Take Unix seconds from `clock`; what takes the real trade a minute takes 60 / `pace` seconds here."""
        self.database = database
        self.clock = clock
        self.chance = chance
        self.pace = pace
        self._sleep = sleep

    def open(self) -> None:
        """Create the companies' books where they are missing."""
        self.database.prepare(METADATA)

    def once(self, call: Call, effect: Effect) -> Any:
        """Return the answer of `effect`, run at most once per key; Declined `key_reused` for another body. Raises ProviderError."""
        try:
            return self.database.write(lambda c: self._work(c, call, effect, None))[0]
        except _ArmedError:
            armed = self._arm(call)
        answer, fresh = self.database.write(lambda c: self._work(c, call, effect, armed))
        if fresh and Fault.TIMEOUT_AFTER_TAKING in armed:
            raise Unsure(f"{call.service} took it and kept silent")
        return answer

    def _work(
        self, connection: sa.Connection, call: Call, effect: Effect, armed: Mapping[Fault, float] | None
    ) -> tuple[Any, bool]:
        """Do a call once; without `armed` only if no fault is set at all."""
        row = sql.one(connection, _CALL, {"b_key": call.key, "b_order": call.order, "b_service": call.service})
        if armed is None and row.armed:
            raise _ArmedError
        body = sha256(call.body)
        if row.answer is None:
            return self._first(connection, call, body, effect(connection, armed or {}, int(row.minor or 0))), True
        sql.change(connection, _AGAIN, {"b_key": call.key})
        if row.body_sha256 != body:
            raise Declined("key_reused")
        return json.loads(row.answer), False

    def peek(self, call: Call) -> Mapping[Fault, float]:
        """Be slow or down as told, for a call without an effect; return the other faults. Raises ProviderError."""
        return self._arm(call)

    def answered(self, key: str) -> Any | None:
        """Return what the call with this key was answered, or None if it never had an effect."""
        row = self.database.read(lambda c: c.execute(sa.select(calls.c.answer).where(calls.c.key == key)).one_or_none())
        return None if row is None else json.loads(row.answer)

    def _arm(self, call: Call) -> Mapping[Fault, float]:
        """Take the faults that fit, and suffer those that come before any effect."""
        if self.database.read(lambda c: c.execute(_ANY_FAULT).first()) is None:
            return {}
        armed = self.database.write(lambda c: self._taken(c, call))
        if Fault.SLOW in armed:
            self._sleep(armed[Fault.SLOW])
        if Fault.DOWN in armed:
            raise Unreachable(f"{call.service} is down")
        if Fault.TIMEOUT_BEFORE_TAKING in armed:
            raise Unsure(f"{call.service} kept silent")
        if Fault.DECLINED in armed:
            raise Declined("declined")
        return armed

    @staticmethod
    def _taken(connection: sa.Connection, call: Call) -> dict[Fault, float]:
        """Take the faults of a call; a price that moves stays moved."""
        armed = faults.take(connection, call.service, call.method, call.order)
        if Fault.PRICE_CHANGED in armed:
            where = (shifts.c.order_id == call.order, shifts.c.service == call.service)
            minor = int(armed[Fault.PRICE_CHANGED])
            changed = connection.execute(sa.update(shifts).where(*where).values(minor=shifts.c.minor + minor))
            if changed.rowcount == 0:
                connection.execute(sa.insert(shifts).values(order_id=call.order, service=call.service, minor=minor))
        return armed

    def _first(self, connection: sa.Connection, call: Call, body: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write down a call that had its effect just now."""
        row = {
            "key": call.key,
            "service": call.service,
            "method": call.method,
            "order_id": call.order,
            "body_sha256": body,
            "answer": canonical(answer).decode(),
            "calls": 1,
            "at": self.clock(),
        }
        Database.put(connection, _INSERT, row)
        return answer
