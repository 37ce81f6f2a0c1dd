"""Our book against the companies' statements: a booking or payment that only one side knows is never silent."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from assistant.bridge.book import Book
from assistant.bridge.metrics import Meter
from assistant.bridge.providers.trade import ProviderError
from assistant.bridge.records import orders
from assistant.bridge.services import Services
from assistant.core.order import Receipt, State

DAY_S: Final = 86_400.0
SETTLE_S: Final = 600.0
"""Orders that changed so lately are not looked at: their money may be on its way."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference."""

    order: str
    what: str
    """`money` or `booking`."""
    ours_minor: int
    theirs_minor: int


class Reconciler:
    """Compares a day's statements."""

    def __init__(self, book: Book, services: Services, meter: Meter, settle_s: float = SETTLE_S) -> None:
        """Compare `book` with `services`."""
        self._book = book
        self._services = services
        self._meter = meter
        self._settle_s = settle_s

    def round(self, since: float) -> list[Mismatch]:
        """Return every difference since Unix seconds, and call the operator for each. Raises ProviderError."""
        sides = {"money": self._paid(since), "booking": self._booked(since)}
        settled = self._settled(since)
        known = settled.keys() | self._unsettled(since)
        found = []
        for what, theirs in sides.items():
            for order, ours in settled.items():
                minor = theirs.get(order, 0)
                if ours != minor:
                    found.append(Mismatch(order, what, ours, minor))
            found += [Mismatch(name, what, 0, minor) for name, minor in theirs.items() if minor and name not in known]
        for mismatch in found:
            self._meter.alarm(
                f"mismatch_{mismatch.what}", mismatch.order, f"{mismatch.ours_minor}/{mismatch.theirs_minor}"
            )
        return found

    def quietly(self) -> None:
        """Look at the last two days; a company that does not answer is asked next time."""
        try:
            self.round(self._book.clock() - 2 * DAY_S)
        except ProviderError:
            return

    def _paid(self, since: float) -> dict[str, int]:
        """Return what each order paid by the payment company's statement, in minor units."""
        sums: dict[str, int] = defaultdict(int)
        for entry in self._services.pay.statement(since):
            sums[entry.order] += -entry.amount.minor if entry.kind == "refund" else entry.amount.minor
        return sums

    def _booked(self, since: float) -> dict[str, int]:
        """Return what each order costs by the statements of those who sold it, in minor units."""
        sums: dict[str, int] = defaultdict(int)
        for trade in self._services.trades.values():
            for entry in trade.statement(since):
                sums[entry.order] += entry.amount.minor
        return sums

    def _settled(self, since: float) -> dict[str, int]:
        """Return what the orders agreed to since then cost by our receipts, in minor units, but for those that have changed lately."""
        late = self._book.clock() - self._settle_s
        query = sa.select(orders.c.id, orders.c.receipt).where(
            orders.c.committed_at >= since, orders.c.changed_at <= late, orders.c.state != State.UNKNOWN.value
        )
        return self._book.database.read(lambda c: {order: _net_of(receipt) for order, receipt in c.execute(query)})

    def _unsettled(self, since: float) -> set[str]:
        """Return the orders of that time that may still move."""
        late = self._book.clock() - self._settle_s
        query = sa.select(orders.c.id).where(orders.c.committed_at >= since, orders.c.changed_at > late)
        return self._book.database.read(lambda c: set(c.execute(query).scalars()))


def _net_of(kept: str | None) -> int:
    """Return what an order cost by a kept receipt, in minor units."""
    if kept is None:
        return 0
    receipt = Receipt.from_json(json.loads(kept))
    return receipt.charged.minor - (receipt.refunded.minor if receipt.refunded else 0)
