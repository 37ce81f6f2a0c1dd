"""Sends: envelopes in the bridge's time, one id for all tries of a message, jittered pauses between them."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.core.context import Connectivity
from assistant.core.ports import Link
from assistant.ledger.change import Message
from assistant.ledger.store import Ledger
from assistant.link import connectivity
from assistant.link.backoff import pause_s
from assistant.link.connectivity import Pulse
from assistant.link.outgoing import plain_body
from assistant.link.wire import MAX_LIFE_S, Envelope, Fault, Op, encode

ANSWER_S: Final = 2.0
"""How long an answer may take before the first repeat."""


@dataclass(slots=True)
class Tried:
    """How often a message went out, and when it may go again."""

    times: int
    again_at: float
    """Ledger seconds."""


class Post:
    """The courier's hand on the link; keeps in memory only what a restart may forget."""

    def __init__(self, ledger: Ledger, link: Link, name: Callable[[], str], chance: Callable[[], float]) -> None:
        """Keep the ends: `name` makes UUIDv7 ids, `chance` numbers in 0..1."""
        self._ledger, self._link, self._name, self._chance = ledger, link, name, chance
        self.pulse = Pulse()
        self.pings: deque[str] = deque(maxlen=8)
        """Pings under way; a pong to any other is a replay."""
        self.asked: dict[str, Message] = {}
        """Questions and status requests under way, by id: reads, which need no outbox."""
        self.said = Connectivity.OFFLINE
        """How far our word reached when the house was last told."""
        self.anchored = 0
        """Length of the audit chain the bridge was last seen to keep."""
        self.alarmed = False
        """Whether the house was told that the audit differs."""
        self.refused_at: dict[Fault, float] = {}
        """When a refused message was last audited."""
        self.status_at: dict[str, float] = {}
        """When to ask next where an order stands."""
        self.tidy_at = 0.0
        self._tried: dict[str, Tried] = {}

    @property
    def now(self) -> float:
        """Return ledger seconds."""
        return self._ledger.clock.now()

    @property
    def connectivity(self) -> Connectivity:
        """Return how far the car's word reaches; ONLINE includes that the bridge's time is known: a pong brings both."""
        return connectivity.state(self.pulse, self.now)

    def message(self, op: Op, order: str, body: Mapping[str, Any], life_s: float) -> Message:
        """Return a new message that lives `life_s` seconds."""
        return Message(self._name(), order, op.value, body, self.now + life_s)

    def send(self, message: Message) -> bool:
        """Hand a message to the link now; False if it is not connected or the message is past its time."""
        life_s = int(min(message.due - self.now, MAX_LIFE_S))
        if life_s < 1:
            return False
        created = int(self._ledger.clock.bridge_now() or 0)
        envelope = Envelope(message.id, Op(message.op), message.body, created, created + life_s, message.order)
        return self._link.send(encode(envelope), message.id, life_s)

    def try_again(self, message: Message) -> bool:
        """Send a message of the outbox if its pause is over; tells whether it went."""
        tried = self._tried.get(message.id, Tried(0, 0.0))
        if self.now < tried.again_at or not self.send(message):
            return False
        pause = ANSWER_S + pause_s(tried.times + 1, self._chance())
        self._tried[message.id] = Tried(tried.times + 1, self.now + pause)
        return True

    def forget(self, message: str) -> None:
        """Drop what is remembered of a message's tries."""
        self._tried.pop(message, None)

    def ping(self) -> None:
        """Ask the bridge whether it is there, and show it the head of the audit chain."""
        head = self._ledger.head()
        body = plain_body(Op.PING, {"head": head.hash, "length": head.length})
        message = self.message(Op.PING, "", body, connectivity.ping_life_s(self.pulse, self.now))
        if self.send(message):
            self.pings.append(message.id)
            self.pulse = connectivity.pinged(self.pulse, self.now)

    def linked(self, reach: Connectivity) -> None:
        """Take what the link says of itself; on a new one every message may go at once."""
        self.pings.clear()
        self._tried.clear()
        self.pulse = connectivity.lost(self.pulse) if reach is Connectivity.OFFLINE else connectivity.linked(self.pulse)

    def doubted(self) -> None:
        """Take that the network changed: only a new pong says that the bridge is there."""
        self.pings.clear()
        self.pulse = connectivity.doubted(self.pulse)

    def ponged(self) -> None:
        """Take the bridge's pong."""
        self.pings.clear()
        self.pulse = connectivity.ponged(self.pulse, self.now)

    @property
    def ping_due(self) -> bool:
        """Tell whether it is time to ping."""
        return connectivity.ping_due(self.pulse, self.now)

    @property
    def may_promise(self) -> bool:
        """Tell whether the bridge answered lately enough to promise something aloud."""
        return self.connectivity is Connectivity.ONLINE and connectivity.may_promise(self.pulse, self.now)
