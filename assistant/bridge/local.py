"""The bridge itself, without a broker: messages in, answers out, news to whoever listens."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeVar

from assistant.bridge.book import Book
from assistant.bridge.database import Database, connect, parse
from assistant.bridge.engine import Engine, Run
from assistant.bridge.engine_journal import LINGER_S, JournalEngine
from assistant.bridge.leases import LEASE_S, RENEW_S, Leases
from assistant.bridge.metrics import Meter
from assistant.bridge.operations import Operations
from assistant.bridge.outgoing import Outgoing
from assistant.bridge.providers.desk import Desk
from assistant.bridge.providers.sandboxes import sandboxes
from assistant.bridge.pump import Pump
from assistant.bridge.reads import Reads
from assistant.bridge.reconcile import Reconciler
from assistant.bridge.retention import Retention
from assistant.bridge.services import Services
from assistant.bridge.tale import OrderTale
from assistant.bridge.tale_together import LeadTale, PartTale, PartWorks
from assistant.bridge.works import Works
from assistant.core.consent import Part
from assistant.core.uuid7 import RANDOM_BYTES, uuid7

_log = logging.getLogger(__name__)
W = TypeVar("W", bound=Works)

POOL: Final = 8
SETTLED_S: Final = 300.0
"""How long a bridge does nothing but serve once it has started: its cars may all come back at that moment."""
HOUR_S: Final = 3600.0
NIGHT_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Options:
    """How one bridge runs."""

    db: str
    """`sqlite:FILE` or `postgresql://…`."""
    name: str = "bridge-1"
    """Stable across restarts and its own among the bridges of a database."""
    pace: float = 1.0
    """How much faster than the real trade the sandbox goes."""
    look_s: float | None = None
    """How often companies are asked by themselves; None: as often as it is worth."""
    pump_s: float = 0.2
    """How often companies' news is fetched."""
    companies: tuple[tuple[str, str, str], ...] = ()
    """Services that are a company's over HTTP instead of the sandbox's: name, URL, bearer token."""
    lease_s: float = LEASE_S
    renew_s: float = RENEW_S
    linger_s: float = LINGER_S
    """How long an order that waits stays in memory."""


class Bridge:
    """A running bridge; `handle` may be called from several threads."""

    def __init__(
        self,
        options: Options,
        services: Services | None = None,
        engine: Engine | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the sandbox companies and the journal where nothing else is given; nothing runs before `open`."""
        self.options = options
        self.clock = clock
        self.database = Database(connect(parse(options.db), POOL))
        self.meter = Meter()
        self._desk = Desk(self.database, clock, time.sleep, Random(), options.pace)  # noqa: S311  a world, not a secret
        self.services = services or sandboxes(self._desk)
        for service, url, token in options.companies:
            self.services = self.services.with_company(url, service, token)
        self.engine: Engine = engine or JournalEngine(self.database, options.name, clock, options.linger_s)
        self.outgoing = Outgoing(self.meter)
        self.book = Book(self.database, clock, self._name, self.outgoing.put)
        self.outgoing.book = self.book
        self.retention = Retention(self.book, self.services, self.engine)
        self.reconciler = Reconciler(self.book, self.services, self.meter)
        self.leases = Leases(self.database, self.engine, options.name, self.meter, options.lease_s)
        self._operations = Operations(self.book, self.services, self.engine, self.retention, self.meter)
        self.reads = Reads(self.book, self.meter)
        self._pump = Pump(self.book, self.services, self.engine)
        self._leave = threading.Event()
        self._threads: list[threading.Thread] = []

    def open(self, deliver: Callable[[str, bytes, Callable[[], None]], None]) -> None:
        """Begin; `deliver(vehicle, message, sent)` is called with every piece of news and calls `sent` once it is safe."""
        self._desk.open()
        self.book.open()
        self.outgoing.open(deliver)
        self.engine.open(self._tell)
        rounds = (
            ("pump", 0.0, self.options.pump_s, self._pump.round),
            ("leases", 0.0, self.options.renew_s, self.leases.round),
            ("unsent", 0.0, 2.0, self.outgoing.sweep),
            ("retention", SETTLED_S, HOUR_S, self.retention.sweep),
            ("reconcile", SETTLED_S, NIGHT_S, self.reconciler.quietly),
        )
        for name, first_s, every_s, work in rounds:
            thread = threading.Thread(target=self._repeat, args=(name, first_s, every_s, work), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def handle(self, vehicle: str, raw: bytes) -> list[bytes]:
        """Do what a vehicle's message asks and return the answers; all of it is committed when this returns."""
        answer = self._operations.handle(vehicle, raw)
        return [] if answer is None else [answer]

    def close(self, drain_s: float = 10.0) -> None:
        """Let running steps end, hand the rest to the other bridges, stop."""
        self._leave.set()
        for thread in self._threads:
            thread.join(timeout=drain_s)
        self.engine.close(drain_s)
        self.leases.leave()
        self.outgoing.close()
        self.database.close()

    async def _tell(self, run: Run) -> str:
        """Carry out one order."""
        if "parts" in run.brief:
            parts = [Part(order, digest) for order, digest in run.brief["parts"]]
            works = [self._works(PartWorks, part.order).for_part(part) for part in parts]
            return await LeadTale(run, works, self._hand, self.options.look_s).tell_all()
        alone = self._works(Works, run.order)
        if "lead" in run.brief:
            return await PartTale(run, alone, self.options.look_s).tell_after()
        return await OrderTale(run, alone, self.options.look_s).tell(str(run.brief["digest"]))

    def _works(self, kind: type[W], order: str) -> W:
        """Return what can be done for an order."""
        return kind(order, self.book, self.services, self.meter, time.sleep)

    def _hand(self, order: str, message: Mapping[str, Any], key: str) -> None:
        """Bring a message from one workflow to another."""
        self.database.write(lambda c: self.engine.send(c, order, message, key))
        self.engine.notice(order)

    def _repeat(self, name: str, first_s: float, every_s: float, work: Callable[[], object]) -> None:
        """Do one kind of round until the bridge leaves, first after `first_s` seconds; one that fails is told and tried again."""
        self._leave.wait(first_s)
        while not self._leave.is_set():
            with self._told(name):
                work()
            self._leave.wait(every_s)

    @staticmethod
    @contextlib.contextmanager
    def _told(name: str) -> Iterator[None]:
        """Log what goes wrong in a round instead of ending its thread."""
        try:
            yield
        except Exception:  # noqa: BLE001  one round or message must not end the thread
            _log.exception("round failed", extra={"fields": {"round": name}})

    def _name(self) -> str:
        """Return a new id."""
        return uuid7(int(self.clock() * 1000), os.urandom(RANDOM_BYTES))
