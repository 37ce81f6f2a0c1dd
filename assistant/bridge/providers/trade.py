"""What passes between the bridge and a company: offers, bookings, news, payments; and the three ways to fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assistant.core.money import Money
from assistant.core.order import Fact
from assistant.core.quote import Quote
from assistant.errors import CabinError

Json = Mapping[str, Any]


class ProviderError(CabinError):
    """A company behind the bridge did not do it."""


class Declined(ProviderError):  # noqa: N818  an answer of the trade
    """It said no; nothing was done. `reason` is a word of `reason.<word>`."""

    def __init__(self, reason: str, quote: Quote | None = None) -> None:
        """Keep the word, and what it would have cost where the price was the reason."""
        super().__init__(reason)
        self.reason = reason
        self.quote = quote


class Unreachable(ProviderError):  # noqa: N818  as above
    """It could not be asked; nothing was done."""


class Unsure(ProviderError):  # noqa: N818  as above
    """It was asked and did not answer: it may or may not have been done."""


class Stage(StrEnum):
    """What a booking's state means to the person who ordered it."""

    UNDER_WAY = "under_way"
    """Being fulfilled: a driver comes, a meal is cooked."""
    BOOKED = "booked"
    """All that was ordered is done; it can still be changed or cancelled."""
    OVER = "over"
    """Fulfilled; nothing can change any more."""
    CALLED_OFF = "called_off"
    """The company will not fulfil it."""
    CANCELLED = "cancelled"
    """We took it back."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A price that the company stands by until `quote.expires`."""

    quote: Quote
    terms: Json
    """What the company needs to hear again when it is taken."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What a person may want to know before saying yes."""


@dataclass(frozen=True, slots=True)
class Booking:
    """An order at a company."""

    reference: str
    state: str
    """The company's own word."""
    stage: Stage
    seq: int = 0
    """Grows with every state; older news is worth nothing."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    fee_minor: int = 0
    """What it kept, once cancelled."""


@dataclass(frozen=True, slots=True)
class Callback:
    """News from a company, which may come late, twice or out of order."""

    id: str
    """The same however often it is told."""
    order: str
    booking: Booking


@dataclass(frozen=True, slots=True)
class Payment:
    """Money at the payment company."""

    reference: str
    order: str
    state: str
    """`authorised`, `captured` or `voided`."""
    authorised: Money
    captured: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a company's statement."""

    order: str
    reference: str
    kind: str
    """`booking`, `capture` or `refund`."""
    amount: Money
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner allows, in minor units of the currency."""

    currency: str
    voice_minor: int
    """Above it a spoken yes alone does not pay."""
    order_minor: int
    """Above it nothing pays."""
    day_minor: int
