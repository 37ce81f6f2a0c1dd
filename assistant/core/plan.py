"""What will be done about a request, before anything is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assistant.core.request import Request
from assistant.core.text import Phrase
from assistant.core.vehicle import Value


class Risk(StrEnum):
    """How much may go wrong; CONFIRM and PAY are read back and need a yes."""

    NONE = "none"
    CONFIRM = "confirm"
    PAY = "pay"


class Status(StrEnum):
    """How a step ended, with evidence; QUEUED is accepted but not done."""

    DONE = "done"
    QUEUED = "queued"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VehicleCommand:
    """Set one VSS signal; done only when the signal reads back as `value`."""

    signal: str
    value: Value


@dataclass(frozen=True, slots=True)
class CloudCall:
    """Ask a service outside the car, through the ledger and the bridge."""

    service: str
    method: str
    body: Mapping[str, object] = field(default_factory=dict)
    undo: str | None = None
    """Method of the same service that takes it back."""
    order: str = ""
    """The order it is about, once there is one."""
    digest: str = ""
    """Digest of the quote that was read back: a yes to the plan is a yes to exactly this."""


@dataclass(frozen=True, slots=True)
class LocalCall:
    """Ask the head unit or the assistant itself: `media.next`, `phone.dial`, `timer.set` and so on."""

    name: str
    args: Mapping[str, Value] = field(default_factory=dict)


Step = VehicleCommand | CloudCall | LocalCall


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step."""

    step: Step
    status: Status
    receipt: str | None = None
    """Evidence: the value read back, or the service's receipt."""
    reason: str = ""
    """Word for a phrase `reason.<word>` when it is not DONE: driving, timeout, out_of_range, …"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps, what to say when they are done, and how to take them back."""

    request: Request
    steps: tuple[Step, ...]
    done: Phrase
    """Said only if every step is DONE."""
    read_back: Phrase | None = None
    """Said before a risky plan; a yes to it is the consent."""
    risk: Risk = Risk.NONE
    undo: tuple[Step, ...] = ()
    """Steps that put back what was; empty if it cannot be undone."""
    parts: tuple["Plan", ...] = ()
    """The plans it was put together from: all of them or none; empty if it stands alone."""

    def __post_init__(self) -> None:
        """Refuse a risky plan that would not be read back."""
        if self.risk is not Risk.NONE and self.read_back is None:
            msg = f"a {self.risk} plan needs a read-back"
            raise ValueError(msg)

    @property
    def priced(self) -> bool:
        """Tell whether it buys something outside, and every price is known."""
        calls = [step for step in self.steps if isinstance(step, CloudCall)]
        return self.risk is Risk.PAY and bool(calls) and not self.unpriced

    @property
    def unpriced(self) -> bool:
        """Tell whether it buys something outside whose price is not known yet: nobody can agree to that."""
        return self.risk is Risk.PAY and any(isinstance(step, CloudCall) and not step.digest for step in self.steps)


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing to do, something to say."""

    request: Request
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Question:
    """Something is missing: ask for `field`; the next sentence may answer it."""

    request: Request
    phrase: Phrase
    field: str
    choices: tuple[str, ...] = ()
    """At most three."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """It will not be done, and why: `reason` is driving, offline, unknown, out_of_range, not_available, forbidden and so on."""

    request: Request
    phrase: Phrase
    reason: str


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A service outside must be asked before it can be decided; its skill's `found` decides with the answer."""

    request: Request
    call: CloudCall
    plainer: CloudCall | None = None
    """Asked instead of a bridge so old that it refuses the call as malformed."""


Decision = Plan | Answer | Question | Refusal | Inquiry
