"""All that leads out of the car, joined: the way to the bridge, the courier, and the desk where orders are talked about."""

import os
import random
import time
from collections.abc import Callable
from functools import partial

from assistant.config import Config
from assistant.core.context import Connectivity, Context
from assistant.core.event import Event
from assistant.core.limits import Limits
from assistant.core.money import MINOR_DIGITS, Money
from assistant.core.ports import Renewing
from assistant.core.uuid7 import RANDOM_BYTES, uuid7
from assistant.courier import Courier
from assistant.errors import ConfigError
from assistant.ledger.store import Ledger
from assistant.link.wire import Op
from assistant.orders import Desk
from assistant.way import Way


class Outside:
    """One car's end of the world outside."""

    def __init__(
        self,
        config: Config,
        ledger: Ledger | None,
        context: Callable[[], Context],
        post: Callable[[Event], None],
        call: Callable[[Callable[[], None]], None],
    ) -> None:
        """Join the parts; nothing is opened. `call` runs a job on the main thread. ConfigError for limits that are none."""
        limits = _limits(config)
        self._call = call
        self._way = Way(config)
        self._link = self._way.link(self._heard, self._changed) if ledger is not None else None
        self._ledger = ledger
        self._courier = Courier(ledger, self._link, limits, _name, random.random) if ledger and self._link else None
        self.desk = Desk(self._courier, ledger, context, post)

    def open(self) -> None:
        """Begin to connect."""
        if self._link is not None:
            self._link.open()

    def close(self) -> None:
        """Leave; orders go on at the bridge."""
        if self._link is not None:
            self._link.close()
        self._way.close()

    def network(self, *, up: bool) -> None:
        """Take the head unit's word on its network: a hint, after which only the bridge's own answer counts; from any thread."""
        if up and isinstance(self._link, Renewing):
            self._link.renew()
        if self._courier is not None:
            self._call(self._courier.doubt)

    def committed(self) -> bool:
        """Tell whether no yes of a person is on its way to the bridge; on the main thread."""
        if self._ledger is None or self.desk.reach is not Connectivity.ONLINE:
            return True
        return not any(message.op == Op.COMMIT for message in self._ledger.outbox())

    def erase(self) -> None:
        """Remove everything personal here, and have the bridge remove its copy. Raises LedgerError."""
        if self._courier is not None:
            self._courier.erase()
        elif self._ledger is not None:
            with self._ledger.change() as change:
                change.forget()
            self._ledger.wipe()

    def _heard(self, raw: bytes) -> None:
        self._call(partial(self.desk.hear, raw))

    def _changed(self, reach: Connectivity) -> None:
        self._call(partial(self.desk.linked, reach))


def _name() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))


def _limits(config: Config) -> Limits:
    """Return the owner's limits in minor units."""
    pay = config.pay
    unit = 10 ** MINOR_DIGITS.get(pay.currency, 2)
    try:
        return Limits(Money(pay.per_payment * unit, pay.currency), Money(pay.per_day * unit, pay.currency))
    except ValueError as error:
        raise ConfigError(f"[pay] currency: {error}", 'three capital letters, as "CNY"') from error
