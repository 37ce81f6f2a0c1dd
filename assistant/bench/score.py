"""What came of a recording, against what should have."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from assistant.report import Exchange

Said = Mapping[str, Any]
"""A request as `report.request_json` tells it."""

NAMES = {"coffeeDrink": ("drink",), "size": ("size",), "numberOfShots": ("shots",), "roast": ("roast",)}
AMOUNTS = {"milkAmount": ("milk_amount", "milk"), "sugarAmount": ("sugar_amount", "sugar")}
"""Slots of the barista recordings (Picovoice speech-to-intent benchmark) and the fields of OrderDrink that say them."""


class Verdict(StrEnum):
    """RIGHT: understood as meant; WRONG: something else would be done; SILENT: nothing would."""

    RIGHT = "right"
    WRONG = "wrong"
    SILENT = "silent"


def order(requests: Sequence[Said], slots: Mapping[str, str]) -> Verdict:
    """Judge a spoken coffee order by its labelled slots: all of them, and no other."""
    if not requests:
        return Verdict.SILENT
    wanted = {name: value.strip() for name, value in slots.items()}
    return Verdict.RIGHT if len(requests) == 1 and _slots(requests[0]) == wanted else Verdict.WRONG


def command(exchanges: Sequence[Exchange], wanted: Sequence[Said]) -> Verdict:
    """Judge a command by what the same sentence means as text; what was only asked back or refused is no action."""
    requests = [request for exchange in exchanges for request in exchange.requests]
    if _folded(requests) == _folded(wanted):
        return Verdict.RIGHT
    return Verdict.WRONG if acted(exchanges) else Verdict.SILENT


def acted(exchanges: Iterable[Exchange]) -> int:
    """Count the exchanges in which something was done."""
    return sum(bool(exchange.plan) for exchange in exchanges)


def count(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many of each."""
    counted = Counter(verdicts)
    return {str(verdict): counted[verdict] for verdict in Verdict}


def _folded(requests: Sequence[Said]) -> list[dict[str, str]]:
    """Return requests without what only spelling tells apart."""
    return [{name: str(value).casefold() for name, value in request.items()} for request in requests]


def _slots(request: Said) -> dict[str, str]:
    if request.get("request") != "OrderDrink":
        return {"request": str(request.get("request"))}
    told = {slot: fields for slot, fields in {**NAMES, **AMOUNTS}.items() if request.get(fields[-1])}
    return {
        slot: " ".join(str(request[field]).replace("_", " ") for field in fields if request.get(field))
        for slot, fields in told.items()
    }
