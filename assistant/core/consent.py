"""A yes that can be shown later: bound to one quote, spoken by a person, after the whole read-back, in time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from assistant.core.money import Money
from assistant.core.quote import Json, Quote, rows, sha256, text, whole
from assistant.core.text import Language

WINDOW_S: Final = 30.0
"""A yes later than this after the read-back's end is not a yes to it."""
MOST_PARTS: Final = 5
"""Orders that one yes may cover."""


class Factor(StrEnum):
    """What a consent rests on, from the weakest to the strongest."""

    VOICE = "voice"
    PIN = "pin"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What was said before the question."""

    order: str
    digest: str
    """Of the quote that was read."""
    text: str
    session: int
    """The conversation (turn) in which it was said."""
    ended: float | None
    """Monotonic seconds of its last sound; None if it was hushed before its end."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The words taken for a yes."""

    text: str
    session: int
    started: float
    """Monotonic seconds of the first speech."""
    echo: bool = False
    """True if the same sound was in what our own loudspeaker played (our voice, the radio)."""
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Part:
    """One order of several that were read back as one and agreed to with one yes."""

    order: str
    digest: str
    """Of the quote that was read."""


def together(parts: Sequence[Part]) -> str:
    """Return the SHA-256 over all parts in their order: the thing one yes to several orders is bound to."""
    return sha256([[part.order, part.digest] for part in parts])


@dataclass(frozen=True, slots=True)
class Consent:
    """The yes to one order at one price; any changed cent needs another."""

    order: str
    digest: str
    read_back: str
    heard: str
    amount: Money
    payee: str
    language: Language
    at: int
    """Epoch seconds of the bridge; evidence, never compared in the car."""
    factor: Factor = Factor.VOICE
    parts: tuple[Part, ...] = ()
    """All that was agreed to with this yes, in order, this one among them: all of it or none; empty if it stands alone."""

    @property
    def currency(self) -> str:
        """Return the amount's currency."""
        return self.amount.currency

    def binds(self, order: str, quote: Quote) -> bool:
        """Tell whether this is a yes to exactly this order at exactly this quote."""
        return (self.order, self.digest, self.amount, self.payee) == (order, quote.digest, quote.amount, quote.payee)

    def to_json(self) -> dict[str, Any]:
        """Return what leaves the car: terms and evidence; what was said only as a hash."""
        parts = {"parts": [{"order": part.order, "digest": part.digest} for part in self.parts]} if self.parts else {}
        return {
            "digest": self.digest,
            "amount": self.amount.minor,
            "currency": self.amount.currency,
            "payee": self.payee,
            "language": self.language,
            "at": self.at,
            "factor": self.factor.value,
            "said_sha256": sha256([self.read_back, self.heard]),
            **parts,
        }


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent as the bridge receives it: the terms, and the hash of the words it rests on."""

    order: str
    digest: str
    amount: Money
    payee: str
    language: str
    at: int
    factor: Factor
    said_sha256: str
    parts: tuple[Part, ...] = ()

    def binds(self, order: str, quote: Quote) -> bool:
        """Tell whether this is a yes to exactly this order at exactly this quote."""
        return (self.order, self.digest, self.amount, self.payee) == (order, quote.digest, quote.amount, quote.payee)

    @classmethod
    def from_json(cls, order: str, data: Json) -> "Agreed":
        """Read what `Consent.to_json` wrote; ValueError if a field is missing or of another type."""
        return cls(
            order=order,
            digest=text(data, "digest"),
            amount=Money(whole(data, "amount"), text(data, "currency")),
            payee=text(data, "payee"),
            language=text(data, "language"),
            at=whole(data, "at"),
            factor=Factor(text(data, "factor")),
            said_sha256=text(data, "said_sha256"),
            parts=_parts(order, data),
        )


def _parts(order: str, data: Json) -> tuple[Part, ...]:
    """Return the parts of one yes to several orders; ValueError unless they are some, each once, and this one among them."""
    if "parts" not in data:
        return ()
    parts = tuple(Part(text(row, "order"), text(row, "digest")) for row in rows(data, "parts"))
    names = {part.order for part in parts}
    own = Part(order, text(data, "digest")) in parts
    if not 2 <= len(parts) <= MOST_PARTS or len(names) != len(parts) or not own:
        msg = "not the parts of one yes"
        raise ValueError(msg)
    return parts


class NoConsent(StrEnum):
    """Why a yes is not taken; also the word of a phrase `reason.<word>`."""

    INTERRUPTED = "read_back_interrupted"
    TOO_EARLY = "consent_too_early"
    TOO_LATE = "consent_too_late"
    OTHER_CONVERSATION = "consent_elsewhere"
    OWN_VOICE = "consent_own_voice"
    OTHER_QUOTE = "quote_changed"
    QUOTE_EXPIRED = "quote_expired"


def agree(
    quote: Quote, read_back: ReadBack, heard: Heard, bridge_now: float, window_s: float = WINDOW_S
) -> Consent | NoConsent:
    """Make a consent of a yes (already judged to be one by the whole sentence), or say why it is none.

    `bridge_now` is epoch seconds of the bridge.
    """
    if read_back.digest != quote.digest:
        return NoConsent.OTHER_QUOTE
    if bridge_now >= quote.expires:
        return NoConsent.QUOTE_EXPIRED
    if heard.session != read_back.session:
        return NoConsent.OTHER_CONVERSATION
    if heard.echo:
        return NoConsent.OWN_VOICE
    if read_back.ended is None:
        return NoConsent.INTERRUPTED
    if heard.started < read_back.ended:
        return NoConsent.TOO_EARLY
    if heard.started > read_back.ended + window_s:
        return NoConsent.TOO_LATE
    return Consent(
        order=read_back.order,
        digest=quote.digest,
        read_back=read_back.text,
        heard=heard.text,
        amount=quote.amount,
        payee=quote.payee,
        language=heard.language,
        at=int(bridge_now),
    )


def strengthen(consent: Consent, factor: Factor) -> Consent:
    """Return the consent resting on a stronger factor too."""
    return replace(consent, factor=factor)
