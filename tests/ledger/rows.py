"""Orders and messages for the ledger's tests."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime

from assistant.core.consent import Consent
from assistant.core.money import Money
from assistant.core.order import Order, Receipt, State
from assistant.core.quote import Item, Quote, Refund
from assistant.core.uuid7 import uuid7
from assistant.ledger.change import Message


def name() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


def an_order(state: State = State.WISHED, due: float = 3_600.0, minor: int = 2_350) -> Order:
    """Return an order in a state, with all that belongs to it."""
    key = name()
    quote = Quote("滴滴 Didi", Money(minor, "CNY"), (Item("ride", minor),), (Refund(0, 1_000), Refund(500)), 2_000)
    order = Order(key, "ride", "book", {"seats": 2}, datetime(2026, 11, 21, 8, tzinfo=UTC), due, state=state)
    if state in {State.WISHED, State.QUOTING}:
        return order
    order = replace(order, rev=1, quote=quote)
    if state is State.QUOTED:
        return order
    consent = Consent(key, quote.digest, "23.50?", "yes", quote.amount, quote.payee, "zh", 1_500)
    order = replace(order, consent=consent, bound=quote.digest, facts={"driver": "李", "eta_min": 4.5, "late": False})
    return replace(order, receipt=Receipt("R1", quote.amount, 1_600)) if state is State.DONE else order


def a_message(order: str = "", due: float = 3_600.0, op: str = "quote") -> Message:
    """Return a message for the outbox."""
    return Message(name(), order, op, {"service": "ride", "args": {"seats": 2}}, due)
