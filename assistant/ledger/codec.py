"""Orders as one JSON text a row."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from assistant.core.consent import Consent, Factor, Part
from assistant.core.money import Money
from assistant.core.order import Order, Receipt, State
from assistant.core.quote import Quote, canonical


def order_text(order: Order) -> str:
    """Return everything of an order but its columns (id, state, rev, due)."""
    data = {
        "service": order.service,
        "method": order.method,
        "body": dict(order.body),
        "created": order.created.isoformat(),
        "quote": None if order.quote is None else order.quote.to_json(),
        "consent": None if order.consent is None else asdict(order.consent),
        "receipt": None if order.receipt is None else order.receipt.to_json(),
        "reason": order.reason,
        "facts": dict(order.facts),
        "approved": order.approved,
        "bound": order.bound,
    }
    return canonical(data).decode()


def order_of(key: str, state: str, rev: int, due: float, text: str) -> Order:
    """Return the order of a row; ValueError, KeyError or TypeError if the row is not what `order_text` wrote."""
    data: dict[str, Any] = json.loads(text)
    quote, consent, receipt = data["quote"], data["consent"], data["receipt"]
    return Order(
        id=key,
        service=data["service"],
        method=data["method"],
        body=data["body"],
        created=datetime.fromisoformat(data["created"]),
        due=due,
        state=State(state),
        rev=rev,
        quote=None if quote is None else Quote.from_json(quote),
        consent=None if consent is None else _consent(consent),
        receipt=None if receipt is None else Receipt.from_json(receipt),
        reason=data["reason"],
        facts=data["facts"],
        approved=data["approved"],
        bound=data["bound"],
    )


def _consent(data: dict[str, Any]) -> Consent:
    """Return the consent of its fields."""
    parts = tuple(Part(**part) for part in data.get("parts", ()))
    return Consent(**{**data, "amount": Money(**data["amount"]), "factor": Factor(data["factor"]), "parts": parts})
