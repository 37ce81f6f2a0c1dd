"""The owner's limits: how much a voice may pay, and what else is needed above."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from assistant.core.consent import Consent, Factor
from assistant.core.money import Money

DAY_S: Final = 86_400.0
"""The window of `per_day`: the last 24 hours of the ledger's steady clock, not a calendar day, so a clock jump opens nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to here a spoken yes is enough. Zero: never."""

    per_payment: Money
    per_day: Money


class Bar(StrEnum):
    """Why a consent may not be sent; also the word of a phrase `reason.<word>`."""

    SECOND_FACTOR = "second_factor"
    """The amount needs the PIN at standstill or the phone."""
    DRIVING = "pin_while_driving"
    NOT_APPROVED = "not_approved"
    """The phone did not approve this digest."""
    NO_PIN = "no_pin"
    """None was ever set."""
    WRONG_PIN = "wrong_pin"
    PIN_LOCKED = "pin_locked"
    """Too many wrong ones: for a time only the phone can approve."""


def voice_suffices(amount: Money, spent: Iterable[Money], limits: Limits) -> bool:
    """Tell whether a spoken yes alone may pay `amount` after what was `spent` in the last DAY_S.

    What costs nothing needs no factor; what is in another currency than the limit is above it.
    """
    if amount.minor <= 0:
        return True
    sums = [amount, *(money for money in spent if money.minor > 0)]
    if any(
        money.currency != limits.per_payment.currency or money.currency != limits.per_day.currency for money in sums
    ):
        return False
    return amount <= limits.per_payment and sum(money.minor for money in sums) <= limits.per_day.minor


def bar(consent: Consent, spent: Iterable[Money], limits: Limits, *, standstill: bool, approved: str) -> Bar | None:
    """Return what stands between this consent and the service, or None.

    `standstill`: the car stood when the PIN was given. `approved`: the digest that the phone approved, or empty.
    """
    if consent.factor is Factor.PIN:
        return None if standstill else Bar.DRIVING
    if consent.factor is Factor.PHONE:
        return None if approved == consent.digest else Bar.NOT_APPROVED
    return None if voice_suffices(consent.amount, spent, limits) else Bar.SECOND_FACTOR
