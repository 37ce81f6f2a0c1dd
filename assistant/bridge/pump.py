"""What comes in by itself: companies' callbacks and phone answers, brought to the orders they are about."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from assistant.bridge.book import Book, Change
from assistant.bridge.engine import Engine
from assistant.bridge.providers.ports import Trade
from assistant.bridge.providers.trade import Callback, ProviderError, Stage
from assistant.bridge.records import orders
from assistant.bridge.services import Services
from assistant.bridge.shape import write
from assistant.bridge.works import STATES
from assistant.core.order import State

_log = logging.getLogger(__name__)

BATCH: Final = 200
STALE_S: Final = 5.0
"""An order that is accepted for so long may have lost its workflow between two commits: starting it again is harmless."""


class Pump:
    """One round of it at a time."""

    def __init__(self, book: Book, services: Services, engine: Engine) -> None:
        """Bring news to `engine` and answers to `book`."""
        self._book = book
        self._services = services
        self._engine = engine

    def round(self) -> int:
        """Bring everything that is due; return how much it was."""
        return sum(self._told(trade) for trade in self._services.trades.values()) + self._approvals() + self._restart()

    def _told(self, trade: Trade) -> int:
        """Bring one company's news into the mailboxes; the same news twice is one message."""
        try:
            news = trade.callbacks(BATCH)
        except ProviderError:
            return 0
        if news:
            for callback in self._hear(news):
                self._bring(callback)
            trade.acknowledge(news)
        return len(news)

    def _hear(self, news: Sequence[Callback]) -> list[Callback]:
        """Write down at once what changes nothing but facts; return what the orders' workflows must decide."""
        told = [
            (STATES[one.booking.stage], one) for one in news if one.booking.stage in {Stage.UNDER_WAY, Stage.BOOKED}
        ]
        quiet = {one.id for _, one in told} - self._book.hear(told)
        return [callback for callback in news if callback.id not in quiet]

    def _bring(self, callback: Callback) -> None:
        """Put one callback into its order's mailbox."""
        message = {"kind": "news", "booking": write(replace(callback.booking))}
        if not self._engine.send(callback.order, message, f"{callback.order}:news:{callback.id}"):
            _log.info("news for nobody", extra={"fields": {"order": callback.order}})

    def _approvals(self) -> int:
        """Write down what the owner pressed on the phone, and tell the car."""
        try:
            answers = self._services.phone.answers()
        except ProviderError:
            return 0
        for order, digest, yes in answers:
            change = Change(more={"approved": digest}) if yes else Change(reason="not_approved")
            record = self._book.order(order)
            if record is not None and not record.over:
                self._book.say(order, f"approved:{digest[:32]}", change)
            self._services.phone.acknowledge(order, digest)
        return len(answers)

    def _restart(self) -> int:
        """Start workflows that were lost between the order's commit and the engine's."""
        query = (
            sa.select(orders.c.id)
            .where(orders.c.state == State.ACCEPTED.value, orders.c.changed_at < self._book.clock() - STALE_S)
            .where(orders.c.started, orders.c.over.is_(False))
            .limit(BATCH)
        )
        for order in self._book.database.read(lambda c: [str(name) for (name,) in c.execute(query)]):
            record = self._book.order(order)
            if record is not None and record.agreed is not None:
                self._engine.start(order, {"digest": record.agreed.digest})
        return 0
