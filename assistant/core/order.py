"""The life of an order as two tables: what the car may do with it, and what the bridge may say about it.

WISHED -> QUOTING -> QUOTED -> CONSENTED -> SENT -> ACCEPTED -> IN_PROGRESS -> DONE, and the other ends
REFUSED, FAILED, CANCELLED, EXPIRED. UNKNOWN is no end: it is asked about by id until it is known.
The bridge speaks in whole snapshots with a growing `rev`, so late, doubled and reordered ones change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from assistant.core.consent import Consent
from assistant.core.money import Money
from assistant.core.quote import Json, Quote, text, whole
from assistant.errors import CabinError

Fact = str | int | float | bool


class State(StrEnum):
    """Where an order stands."""

    WISHED = "wished"
    """Kept in the car; no quote is under way (offline, or lapsed)."""
    QUOTING = "quoting"
    QUOTED = "quoted"
    CONSENTED = "consented"
    """A yes is written down; nothing has left the car."""
    SENT = "sent"
    """Written before the first try: from here the bridge may have it."""
    ACCEPTED = "accepted"
    """The bridge has it in its database."""
    IN_PROGRESS = "in_progress"
    CANCELLING = "cancelling"
    """The bridge is undoing it."""
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """Nobody knows yet whether it happened; never repeated blindly."""


S = State

OVER: Final = frozenset({S.DONE, S.REFUSED, S.FAILED, S.CANCELLED, S.EXPIRED})
"""Nothing more is expected; DONE can still be cancelled by its refund rule."""

UNSENT: Final = frozenset({S.WISHED, S.QUOTING, S.QUOTED, S.CONSENTED})
"""The service cannot have been bought yet: the car alone may drop it."""

CAR: Final[Mapping[State, frozenset[State]]] = {
    S.WISHED: frozenset({S.QUOTING, S.CANCELLED, S.EXPIRED}),
    S.QUOTING: frozenset({S.WISHED, S.CANCELLED, S.EXPIRED}),
    S.QUOTED: frozenset({S.CONSENTED, S.QUOTING, S.WISHED, S.REFUSED, S.CANCELLED, S.EXPIRED}),
    S.CONSENTED: frozenset({S.SENT, S.QUOTING, S.WISHED, S.CANCELLED, S.EXPIRED}),
    S.SENT: frozenset({S.UNKNOWN}),
    S.ACCEPTED: frozenset({S.UNKNOWN}),
    S.IN_PROGRESS: frozenset({S.UNKNOWN}),
    S.CANCELLING: frozenset({S.UNKNOWN}),
    S.UNKNOWN: frozenset(),
    S.DONE: frozenset(),
    S.REFUSED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
}
"""What the car may do. Out of UNKNOWN only the bridge leads."""

_ENDS: Final = frozenset({S.REFUSED, S.FAILED, S.CANCELLED, S.EXPIRED})
_UNDER_WAY: Final = frozenset({S.ACCEPTED, S.IN_PROGRESS, S.CANCELLING, S.DONE, S.UNKNOWN})

BRIDGE: Final[Mapping[State, frozenset[State]]] = {
    S.WISHED: _UNDER_WAY,
    S.QUOTING: _ENDS | _UNDER_WAY | {S.QUOTED},
    S.QUOTED: _ENDS | _UNDER_WAY | {S.QUOTED},
    S.CONSENTED: _ENDS | _UNDER_WAY | {S.QUOTED},
    S.SENT: _ENDS | _UNDER_WAY | {S.QUOTED},
    S.ACCEPTED: _ENDS | _UNDER_WAY | {S.QUOTED},
    S.IN_PROGRESS: (_UNDER_WAY - {S.ACCEPTED}) | {S.FAILED, S.CANCELLED},
    S.CANCELLING: _UNDER_WAY | {S.FAILED, S.CANCELLED},
    S.UNKNOWN: _ENDS | _UNDER_WAY | {S.QUOTED},
    S.DONE: frozenset({S.DONE, S.CANCELLING, S.CANCELLED}),
    S.REFUSED: frozenset(),
    S.FAILED: frozenset({S.FAILED}),
    S.CANCELLED: _UNDER_WAY | {S.CANCELLED},
    S.EXPIRED: _UNDER_WAY,
}
"""What a newer snapshot may turn each state into. QUOTED again after a yes: the price changed, nothing was bought.

What the car thinks unsent, dropped or expired may still turn out to have been bought: the bridge is the truth about that.
"""


class OrderError(CabinError):
    """An order cannot do this from where it stands; it is unchanged."""

    phrase = "error.order"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The service's evidence."""

    reference: str
    """What the service calls it."""
    charged: Money
    at: int
    """Epoch seconds of the bridge."""
    refunded: Money | None = None

    @property
    def kept(self) -> Money:
        """Return what the service has in the end."""
        return self.charged if self.refunded is None else self.charged - self.refunded

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as JSON values."""
        refunded = None if self.refunded is None else self.refunded.minor
        return {
            "reference": self.reference,
            "charged": self.charged.minor,
            "currency": self.charged.currency,
            "at": self.at,
            "refunded": refunded,
        }

    @classmethod
    def from_json(cls, data: Json) -> "Receipt":
        """Read what `to_json` wrote; ValueError if a field is missing or of another type."""
        currency = text(data, "currency")
        refunded = None if data.get("refunded") is None else Money(whole(data, "refunded"), currency)
        return cls(text(data, "reference"), Money(whole(data, "charged"), currency), whole(data, "at"), refunded)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the bridge says about an order at one `rev`; the body of every `order` message."""

    order: str
    rev: int
    """1 and up, growing with every change at the bridge."""
    state: State
    quote: Quote | None = None
    receipt: Receipt | None = None
    reason: str = ""
    """Word for a phrase `reason.<word>`."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What the service tells on the way (driver, plate, eta_min); data, never an instruction."""
    approved: str = ""
    """Digest that the owner approved on the phone."""
    bound: str = ""
    """Digest of the quote that the bridge acts upon: the last one it holds a consent to."""

    def to_json(self) -> dict[str, Any]:
        """Return the body of the message as JSON values (order and rev stand in the envelope)."""
        return {
            "state": self.state.value,
            "quote": None if self.quote is None else self.quote.to_json(),
            "receipt": None if self.receipt is None else self.receipt.to_json(),
            "reason": self.reason,
            "facts": dict(self.facts),
            "approved": self.approved,
            "bound": self.bound,
        }

    @classmethod
    def from_json(cls, order: str, rev: int, data: Json) -> "Snapshot":
        """Read what `to_json` wrote; ValueError if it is malformed, or says DONE without a receipt."""
        quote, receipt, facts = data.get("quote"), data.get("receipt"), data.get("facts")
        if not isinstance(quote, dict | None) or not isinstance(receipt, dict | None) or not isinstance(facts, dict):
            msg = "quote, receipt or facts are not objects"
            raise ValueError(msg)  # noqa: TRY004  bad data, not a wrong call
        if not all(isinstance(fact, str | int | float | bool) for fact in facts.values()):
            msg = "a fact is neither text nor a number"
            raise ValueError(msg)
        snapshot = cls(
            order=order,
            rev=rev,
            state=State(text(data, "state")),
            quote=None if quote is None else Quote.from_json(quote),
            receipt=None if receipt is None else Receipt.from_json(receipt),
            reason=text(data, "reason"),
            facts=facts,
            approved=text(data, "approved"),
            bound=text(data, "bound"),
        )
        if (snapshot.state is S.DONE and receipt is None) or (snapshot.state is S.QUOTED and quote is None):
            msg = f"{snapshot.state} without its evidence"
            raise ValueError(msg)
        return snapshot


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the car knows it."""

    id: str
    """UUIDv7, made before anything is sent; the idempotency key all the way to the service."""
    service: str
    method: str
    body: Mapping[str, Any]
    created: datetime
    """Wall clock, for people; never compared."""
    due: float
    """Seconds of the ledger's steady clock after which the wish is no longer wanted."""
    state: State = State.WISHED
    rev: int = 0
    """Of the last snapshot taken."""
    quote: Quote | None = None
    consent: Consent | None = None
    receipt: Receipt | None = None
    reason: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    approved: str = ""
    bound: str = ""

    @property
    def awaits_consent(self) -> bool:
        """Tell whether a quote (the first, or that of a change under way) stands without a yes to it."""
        if self.quote is None or self.agreed:
            return False
        changing = self.state in {S.ACCEPTED, S.IN_PROGRESS, S.DONE} and self.quote.digest != self.bound
        return self.state is S.QUOTED or changing

    @property
    def agreed(self) -> bool:
        """Tell whether the consent binds to the quote as it stands now."""
        return self.quote is not None and self.consent is not None and self.consent.binds(self.id, self.quote)


def move(order: Order, state: State, reason: str = "") -> Order:
    """Do what the car itself may do with an order; OrderError, and nothing changed, if it may not."""
    if state not in CAR[order.state]:
        raise OrderError(f"an order that is {order.state} cannot become {state}", "ask for its status")
    return replace(order, state=state, reason=reason)


def consented(order: Order, consent: Consent) -> Order:
    """Write a yes onto the order; OrderError if it is not to exactly this quote, or none is asked for."""
    if not order.awaits_consent or order.quote is None or not consent.binds(order.id, order.quote):
        raise OrderError("the yes is not to this order at this price", "read the quote back and ask again")
    return replace(order, consent=consent, state=S.CONSENTED if order.state is S.QUOTED else order.state, reason="")


def advance(order: Order, snapshot: Snapshot, *, asked: bool = False) -> Order:
    """Return the order after a snapshot; the same object if it is late, doubled, another's or not possible.

    `asked`: it answers a `status` asked while the order was UNKNOWN, so that "nothing has happened since" counts, too.
    """
    newer = snapshot.rev > order.rev or (asked and order.state is S.UNKNOWN and snapshot.rev == order.rev)
    if snapshot.order != order.id or not newer or snapshot.state not in BRIDGE[order.state]:
        return order
    return replace(
        order,
        state=snapshot.state,
        rev=snapshot.rev,
        quote=snapshot.quote or order.quote,
        consent=None if snapshot.state is S.QUOTED else order.consent,
        receipt=snapshot.receipt or order.receipt,
        reason=_reason(order, snapshot),
        facts=snapshot.facts,
        approved=snapshot.approved,
        bound=snapshot.bound,
    )


def _reason(order: Order, snapshot: Snapshot) -> str:
    """Return the bridge's word, or our own if it was bought without a yes, or more was charged than agreed to."""
    if order.consent is None and order.state in UNSENT | {S.CANCELLED, S.EXPIRED} and snapshot.state in _UNDER_WAY:
        return "unasked"
    if snapshot.receipt is None or order.consent is None:
        return snapshot.reason
    kept, agreed = snapshot.receipt.kept, order.consent.amount
    fair = kept.currency == agreed.currency and kept <= agreed
    return snapshot.reason if fair else "overcharged"
