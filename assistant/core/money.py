"""Money as whole minor units, so that no cent is ever rounded."""

from dataclasses import dataclass
from typing import Final

MINOR_DIGITS: Final = {"JPY": 0, "KRW": 0}
"""Currencies (ISO 4217) whose minor unit is not a hundredth."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency."""

    minor: int
    """Cents, fen, … : whole minor units; negative is a refund."""
    currency: str
    """ISO 4217 code."""

    def __post_init__(self) -> None:
        """Refuse a currency that is not three capital letters."""
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            msg = f"not an ISO 4217 currency: {self.currency!r}"
            raise ValueError(msg)

    @property
    def digits(self) -> int:
        """How many decimals the currency has."""
        return MINOR_DIGITS.get(self.currency, 2)

    def __add__(self, other: "Money") -> "Money":
        """Add two amounts of the same currency; ValueError otherwise."""
        if other.currency != self.currency:
            msg = f"cannot add {other.currency} to {self.currency}"
            raise ValueError(msg)
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        """Return the amount for logs, e.g. `12.50 EUR`."""
        sign, units = ("-" if self.minor < 0 else ""), abs(self.minor)
        if not self.digits:
            return f"{sign}{units} {self.currency}"
        whole, rest = divmod(units, 10**self.digits)
        return f"{sign}{whole}.{rest:0{self.digits}d} {self.currency}"
