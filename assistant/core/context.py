"""Everything a pure decision may look at, as one frozen snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assistant.core.headunit import HeadUnit
from assistant.core.order import Order
from assistant.core.plan import Plan, Question
from assistant.core.text import Language, Phrase
from assistant.core.vehicle import Car, Zone


class Connectivity(StrEnum):
    """OFFLINE: no network; LINK: a broker answers; ONLINE: the bridge itself answered lately."""

    OFFLINE = "offline"
    LINK = "link"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Context:
    """The world as of `at`."""

    at: float
    """Monotonic seconds."""
    now: datetime
    """Aware local time."""
    language: Language = "en"
    seat: Zone = Zone.DRIVER
    """Who is speaking, as far as known."""
    connectivity: Connectivity = Connectivity.OFFLINE
    car: Car = field(default_factory=Car)
    headunit: HeadUnit = field(default_factory=HeadUnit)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Lists the car knows: contact, place, playlist, station, menu, …"""
    preferences: Mapping[str, str] = field(default_factory=dict)
    """home, work, currency, units, …"""
    last_said: tuple[Phrase, ...] = ()
    """The last answer, for `repeat`."""
    last_done: Plan | None = None
    """The last plan that was done and can be undone."""
    asked: Question | None = None
    """What was asked last, if the sentence may be its answer."""
    pin_set: bool = False
    """Whether the owner has set a PIN."""
    orders: tuple[Order, ...] = ()
    """The person's orders, the latest change last."""
    basket: tuple[Plan, ...] = ()
    """What the same sentence asked for before and is priced already: "there" may mean its place."""
    bridge_now: float | None = None
    """Epoch seconds of the bridge, by which quotes and refund rules run; None while it was never heard of."""
