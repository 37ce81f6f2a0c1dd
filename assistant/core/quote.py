"""What a service asks for: payee, amount, items, refund rule, expiry, and one digest over all of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from assistant.core.money import Money

Json = Mapping[str, Any]
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
"""Made once: `json.dumps` makes one for each text, which takes longer than most texts. What holds itself is too deep anyway."""


def canonical(value: object) -> bytes:
    """Return JSON as UTF-8 with sorted keys and no spaces, so that equal content has equal bytes; ValueError for NaN, RecursionError for what holds itself."""
    return _ENCODER.encode(value).encode()


def sha256(value: object) -> str:
    """Return the lower-case hex SHA-256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a quote."""

    name: str
    minor: int
    """Price of the whole line in minor units of the quote's currency."""
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Refund:
    """One step of a cancellation timeline."""

    fee_minor: int
    """What cancelling costs in this step, in minor units of the quote's currency."""
    until: int | None = None
    """Epoch seconds of the bridge at which this step ends; None: for good."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer that can be consented to until `expires`."""

    payee: str
    amount: Money
    """All of it, fees and taxes included."""
    items: tuple[Item, ...]
    refund: tuple[Refund, ...]
    """Steps in order of time; empty: nothing is given back once it is bought."""
    expires: int
    """Epoch seconds of the bridge."""
    _digest: str = field(default="", init=False, repr=False, compare=False)

    @property
    def digest(self) -> str:
        """Return the SHA-256 over every field: the thing a consent is bound to."""
        if not self._digest:
            object.__setattr__(self, "_digest", sha256(self._terms()))  # asked for a dozen times, counted once
        return self._digest

    def fee(self, bridge_now: float) -> Money:
        """Return what cancelling at `bridge_now` (epoch seconds of the bridge) would cost."""
        for step in self.refund:
            if step.until is None or bridge_now < step.until:
                return Money(step.fee_minor, self.amount.currency)
        return self.amount

    def _terms(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "payee": self.payee,
            "amount": self.amount.minor,
            "currency": self.amount.currency,
            "items": [[item.name, item.minor, item.quantity] for item in self.items],
            "refund": [[step.fee_minor, step.until] for step in self.refund],
            "expires": self.expires,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the quote as JSON values, its digest with it."""
        return {**self._terms(), "digest": self.digest}

    @classmethod
    def from_json(cls, data: Json) -> "Quote":
        """Read what `to_json` wrote; ValueError if a field is missing, of another type, or the digest is not theirs."""
        quote = cls(
            payee=text(data, "payee"),
            amount=Money(whole(data, "amount"), text(data, "currency")),
            items=tuple(Item(*_row(row, str, int, int)) for row in rows(data, "items")),
            refund=tuple(Refund(*_row(row, int, int | None)) for row in rows(data, "refund")),
            expires=whole(data, "expires"),
        )
        if text(data, "digest") != quote.digest:
            msg = "the digest is not that of the quote's fields"
            raise ValueError(msg)
        return quote


def text(data: Json, key: str) -> str:
    """Return a string field; ValueError if it is missing or something else."""
    value = data.get(key)
    if not isinstance(value, str):
        msg = f"{key} is not text"
        raise ValueError(msg)  # noqa: TRY004  bad data, not a wrong call
    return value


def whole(data: Json, key: str) -> int:
    """Return a whole number of a field; ValueError if it is missing or something else."""
    value = data.get(key)
    if type(value) is not int:
        msg = f"{key} is not a whole number"
        raise ValueError(msg)
    return value


def rows(data: Json, key: str) -> list[Any]:
    """Return a list field; ValueError if it is missing or something else."""
    value = data.get(key)
    if not isinstance(value, list):
        msg = f"{key} is not a list"
        raise ValueError(msg)  # noqa: TRY004  bad data, not a wrong call
    return value


def _row(row: object, *kinds: Any) -> list[Any]:
    """Return a row whose cells are of `kinds`; ValueError otherwise."""
    cells = row if isinstance(row, list) else []
    fits = len(cells) == len(kinds) and all(
        isinstance(cell, kind) and not isinstance(cell, bool) for cell, kind in zip(cells, kinds, strict=False)
    )
    if not fits:
        msg = "a row of the quote has another shape"
        raise ValueError(msg)
    return cells
