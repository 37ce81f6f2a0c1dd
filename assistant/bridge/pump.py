"""What comes in by itself: companies' callbacks and phone answers, brought to the orders they are about."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from assistant.bridge.book import Book
from assistant.bridge.engine import Engine
from assistant.bridge.pages import Change
from assistant.bridge.providers.ports import Trade
from assistant.bridge.providers.trade import Callback, ProviderError, Stage
from assistant.bridge.services import Services
from assistant.bridge.shape import write
from assistant.bridge.telling import STATES

_log = logging.getLogger(__name__)

BATCH: Final = 200


class Pump:
    """One round of it at a time."""

    def __init__(self, book: Book, services: Services, engine: Engine) -> None:
        """Bring news to `engine` and answers to `book`."""
        self._book = book
        self._services = services
        self._engine = engine

    def round(self) -> int:
        """Bring everything that is due; return how much it was."""
        return sum(self._told(trade) for trade in self._services.trades.values()) + self._approvals()

    def _told(self, trade: Trade) -> int:
        """Bring one company's news into the mailboxes; the same news twice is one message."""
        try:
            news = trade.callbacks(BATCH)
        except ProviderError:
            return 0
        if news:
            self._bring(self._hear(news))
            trade.acknowledge(news)
        return len(news)

    def _hear(self, news: Sequence[Callback]) -> list[Callback]:
        """Write down at once what changes nothing but facts; return what the orders' workflows must decide."""
        told = [
            (STATES[one.booking.stage], one) for one in news if one.booking.stage in {Stage.UNDER_WAY, Stage.BOOKED}
        ]
        quiet = {one.id for _, one in told} - self._book.hear(told)
        return [callback for callback in news if callback.id not in quiet]

    def _bring(self, callbacks: Sequence[Callback]) -> None:
        """Put callbacks into their orders' mailboxes."""

        def send(connection: sa.Connection, callback: Callback) -> bool:
            message = {"kind": "news", "booking": write(replace(callback.booking))}
            return self._engine.send(connection, callback.order, message, f"{callback.order}:news:{callback.id}")

        taken = self._book.database.write(lambda c: [send(c, callback) for callback in callbacks])
        for callback, known in zip(callbacks, taken, strict=True):
            if not known:
                _log.info("news for nobody", extra={"fields": {"order": callback.order}})
            self._engine.notice(callback.order)

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
