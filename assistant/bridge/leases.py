"""Who lives: each bridge renews a lease by the database's clock; the orders of one that does not are taken over."""

import logging
from typing import Final

import sqlalchemy as sa

from assistant.bridge.database import Database
from assistant.bridge.engine import Engine
from assistant.bridge.metrics import Meter
from assistant.bridge.records import leases

_log = logging.getLogger(__name__)

LEASE_S: Final = 15.0
RENEW_S: Final = 5.0
"""A dead bridge's orders go on after at most LEASE_S + RENEW_S."""


class Leases:
    """One bridge's lease, and its eye on the others'."""

    def __init__(
        self, database: Database, engine: Engine, executor: str, meter: Meter, lease_s: float = LEASE_S
    ) -> None:
        """Hold a lease in the name of `executor`."""
        self._database = database
        self._engine = engine
        self._executor = executor
        self._meter = meter
        self._lease_s = lease_s

    def round(self) -> int:
        """Renew our lease, take over what others left; return how many orders that were."""
        now = self._database.now()
        self._database.write(lambda c: self._renew(c, now))
        taken = 0
        for executor in self._claim(now):
            orders = self._engine.take_over(executor)
            self._database.write(lambda c, name=executor: self._bury(c, name))  # type: ignore[misc]
            self._meter.took_over(orders)
            _log.warning("took over", extra={"fields": {"executor": executor, "orders": orders}})
            taken += orders
        return taken

    def leave(self) -> None:
        """Give our lease up, so that the others take over at once."""
        change = sa.update(leases).where(leases.c.executor == self._executor).values(until=0.0)
        self._database.write(lambda c: c.execute(change))

    def _renew(self, connection: sa.Connection, now: float) -> None:
        """Write our lease."""
        mine = {"until": now + self._lease_s, "holder": self._executor}
        changed = connection.execute(sa.update(leases).where(leases.c.executor == self._executor).values(mine))
        if changed.rowcount == 0:
            connection.execute(sa.insert(leases).values(executor=self._executor, **mine))

    def _claim(self, now: float) -> list[str]:
        """Return the executors whose lease ran out, as ours to take over; each goes to one bridge."""

        def work(connection: sa.Connection) -> list[str]:
            change = (
                sa.update(leases)
                .where(leases.c.until < now, leases.c.executor != self._executor)
                .values(holder=self._executor, until=now + self._lease_s)
                .returning(leases.c.executor)
            )
            return [str(name) for (name,) in connection.execute(change)]

        return self._database.write(work)

    def _bury(self, connection: sa.Connection, executor: str) -> None:
        """Forget a dead bridge, unless it came back and renewed meanwhile."""
        gone = sa.delete(leases).where(leases.c.executor == executor, leases.c.holder == self._executor)
        connection.execute(gone)
