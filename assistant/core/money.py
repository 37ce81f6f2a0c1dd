"""Money as whole minor units, so that no cent is ever rounded."""

from dataclasses import dataclass
from typing import Final

MINOR_DIGITS: Final = {
    "BHD": 3,
    "CLP": 0,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "PYG": 0,
    "TND": 3,
    "UGX": 0,
    "VND": 0,
}
"""Currencies (ISO 4217) whose minor unit is not a hundredth."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency; only amounts of one currency can be added or compared (ValueError otherwise)."""

    minor: int
    """Cents, fen, … : whole minor units; negative is a refund."""
    currency: str
    """ISO 4217 code."""

    def __post_init__(self) -> None:
        """Refuse a part of a cent, and a currency that is not three capital letters."""
        if type(self.minor) is not int:
            msg = f"not whole minor units: {self.minor!r}"
            raise ValueError(msg)
        if len(self.currency) != 3 or not (
            self.currency.isascii() and self.currency.isalpha() and self.currency.isupper()
        ):
            msg = f"not an ISO 4217 currency: {self.currency!r}"
            raise ValueError(msg)

    @property
    def digits(self) -> int:
        """How many decimals the currency has."""
        return MINOR_DIGITS.get(self.currency, 2)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: "Money") -> int:
        """Return the other's minor units if it is of this currency."""
        if other.currency != self.currency:
            msg = f"{other.currency} and {self.currency} cannot be reckoned together"
            raise ValueError(msg)
        return other.minor

    def __str__(self) -> str:
        """Return the amount for logs, e.g. `12.50 EUR`."""
        sign, units = ("-" if self.minor < 0 else ""), abs(self.minor)
        if not self.digits:
            return f"{sign}{units} {self.currency}"
        whole, rest = divmod(units, 10**self.digits)
        return f"{sign}{whole}.{rest:0{self.digits}d} {self.currency}"
