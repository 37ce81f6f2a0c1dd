"""How far the car's word reaches: a small pure machine. A broker that answers is a LINK; only the bridge's own pong is ONLINE."""

import math
from dataclasses import dataclass, replace
from typing import Final

from assistant.core.context import Connectivity

PING_EVERY_S: Final = 20.0
ANSWER_WITHIN_S: Final = 5.0
"""A ping that stays unanswered longer than this ends ONLINE."""
SILENT_S: Final = 10.0
"""The longest pause between pings to a bridge that stays silent: so long a car may take to notice that it is back."""
PROMISE_S: Final = 3.0
"""Before something is promised aloud, the last pong must be no older."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What was heard of the two ends of the way; times are monotonic seconds."""

    up: bool = False
    """Whether the broker holds our session now."""
    asked_at: float | None = None
    """When the oldest unanswered ping left."""
    tried_at: float | None = None
    """When the last ping left."""
    ponged_at: float | None = None


def linked(pulse: Pulse) -> Pulse:
    """Note that the broker took us in: nothing is known of the bridge yet."""
    return replace(pulse, up=True, asked_at=None, tried_at=None, ponged_at=None)


def lost(pulse: Pulse) -> Pulse:
    """Note that the broker is gone."""
    return replace(pulse, up=False, asked_at=None, tried_at=None, ponged_at=None)


def doubted(pulse: Pulse) -> Pulse:
    """Note that the network under the way changed: what was known of the bridge may be over, and it is asked at once."""
    return replace(pulse, asked_at=None, tried_at=None, ponged_at=None)


def pinged(pulse: Pulse, at: float) -> Pulse:
    """Note that a ping has left."""
    return replace(pulse, tried_at=at, asked_at=at if pulse.asked_at is None else pulse.asked_at)


def ponged(pulse: Pulse, at: float) -> Pulse:
    """Note that the bridge answered; without a link that is an echo of the past and changes nothing."""
    return replace(pulse, asked_at=None, ponged_at=at) if pulse.up else pulse


def state(pulse: Pulse, at: float) -> Connectivity:
    """Return how far the car's word reaches at `at`."""
    if not pulse.up:
        return Connectivity.OFFLINE
    unanswered = pulse.asked_at is not None and at - pulse.asked_at > ANSWER_WITHIN_S
    stale = pulse.ponged_at is None or at - pulse.ponged_at > PING_EVERY_S + 2 * ANSWER_WITHIN_S
    return Connectivity.LINK if unanswered or stale else Connectivity.ONLINE


def ping_due(pulse: Pulse, at: float) -> bool:
    """Tell whether it is time to ping."""
    return pulse.up and at >= ping_at(pulse)


def ping_at(pulse: Pulse) -> float:
    """Return when the next ping of a link is due: at once on a new one, every PING_EVERY_S, sooner while unanswered.

    Then the pause grows from ANSWER_WITHIN_S to SILENT_S: a fleet that comes back at once must not bury the bridge in pings.
    """
    if pulse.tried_at is None:
        return 0.0
    if pulse.asked_at is None:
        return pulse.tried_at + PING_EVERY_S
    return pulse.tried_at + min(SILENT_S, max(ANSWER_WITHIN_S, pulse.tried_at - pulse.asked_at))


def ping_life_s(pulse: Pulse, at: float) -> int:
    """Return how long a ping that leaves at `at` means something: until the next, so that no broker keeps both for a bridge that is behind."""
    return math.ceil(ping_at(pinged(pulse, at)) - at)


def may_promise(pulse: Pulse, at: float) -> bool:
    """Tell whether the bridge answered lately enough to promise something aloud."""
    return state(pulse, at) is Connectivity.ONLINE and pulse.ponged_at is not None and at - pulse.ponged_at <= PROMISE_S
