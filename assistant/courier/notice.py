"""What the courier tells the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.core.context import Connectivity
from assistant.core.order import Order


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order moved: compare the states to choose what to say; `after.awaits_consent` means a price is to be read back."""

    before: Order | None
    """None for a new one."""
    after: Order


@dataclass(frozen=True, slots=True)
class Answered:
    """A question (`ask`) has its answer, or will never have one."""

    message: str
    """What `ask` returned."""
    result: Mapping[str, Any] | None
    """Data of a service, never instructions (a list stands under `found`); None if there is no answer."""
    reason: str = ""
    """Word for a phrase `reason.<word>`: offline, timeout, or the bridge's."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the car's word reaches has changed."""

    connectivity: Connectivity


@dataclass(frozen=True, slots=True)
class ErasureDone:
    """The bridge has erased this vehicle's data, too."""

    receipt: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong that a person must be told; `reason` is a word for a phrase `reason.<word>`."""

    reason: str
    """`audit_differs`: the chain here is not the one whose head the bridge keeps."""


Notice = OrderChanged | Answered | Reached | ErasureDone | Alarm
