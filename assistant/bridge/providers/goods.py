"""What differs from one sandbox company to another: prices, refund rules, and what becomes of a booking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from assistant.bridge.providers.trade import Json, Stage
from assistant.core.money import Money
from assistant.core.order import Fact
from assistant.core.quote import Item, Refund


@dataclass(frozen=True, slots=True)
class Priced:
    """What a company makes of a wish."""

    payee: str
    items: tuple[Item, ...]
    currency: str
    refund: tuple[Refund, ...]
    valid_s: float
    terms: Json
    """Enough to price it again and to fulfil it."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    thing: str = ""
    """What there is only so much of; empty: no end of it."""
    count: int = 1
    left: int = 0
    """How much there is of `thing`."""
    ceiling: Money | None = None

    @property
    def amount(self) -> Money:
        """Return the sum of the items."""
        return Money(sum(item.minor for item in self.items), self.currency)


@dataclass(frozen=True, slots=True)
class Happening:
    """A state that a booking will reach."""

    after_s: float
    """Seconds of the real trade after it was placed."""
    state: str
    stage: Stage
    facts: Mapping[str, Fact] = field(default_factory=dict)


class Goods(Protocol):
    """What differs from company to company; pure but for the world it reads."""

    service: str
    methods: tuple[str, ...]

    def price(self, method: str, args: Json, now: float) -> Priced:
        """Price a wish. Raises ShapeError, Declined."""
        ...

    def change(self, terms: Json, args: Json, now: float) -> Priced:
        """Price the whole after a change. Raises ShapeError, Declined."""
        ...

    def course(self, terms: Json, now: float) -> tuple[Happening, ...]:
        """Return the states to come, the first one at once."""
        ...
