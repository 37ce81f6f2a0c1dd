"""`cabin bench orders`: a real broker and real bridges carry out orders, are killed, and every effect is counted.

The plain baseline is a car without an outbox, which drops a message as soon as the broker has acknowledged it, on a broker
as it comes; it meets the same kills.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assistant.bench import waiting
from assistant.bench.fleet import Errand, Fleet, figures
from assistant.bench.servers import BridgeProcess, Mosquitto, Postgres
from assistant.bench.unit import cpu_s
from assistant.errors import UsageError

Progress = Callable[[str], None]

WARM: Final = 100
"""Orders after which every connection is open and every statement prepared."""
MOST_S: Final = 8.0
"""How long as many orders as it takes are pushed through."""
OPEN: Final = 48
"""Orders under way at once while the throughput is measured."""
CALM_S: Final = 6.0
"""How long orders come at half that rate while the waits are measured."""
STRUCK: Final = 60
STRUCK_PER_S: Final = 15.0
PATIENCE_S: Final = 25.0
PLAIN_S: Final = 8.0
WAITING: Final = 1_000
MANY: Final = 10_000
"""Orders that wait at once."""


@dataclass(slots=True)
class Stand:
    """A broker with bridges on one database."""

    db: str
    broker: Mosquitto
    postgres: Postgres | None
    """The database's server, if it has one."""
    bridges: list[BridgeProcess] = field(default_factory=list)

    def processor_s(self) -> dict[str, float]:
        """Return the processor seconds that each part has used, the simulated cars (this process) among them."""
        return {
            "bridge": sum(cpu_s(bridge.pid) for bridge in self.bridges),
            "database": self.postgres.cpu_s if self.postgres else 0.0,
            "broker": cpu_s(self.broker.pid),
            "cars": time.process_time(),
        }


def run(progress: Progress, *, full: bool = False) -> dict[str, Any]:
    """Return orders per second, waits, losses and recovery, per database and number of bridges; about three minutes.

    With `full` ten thousand orders wait, and their cars come back, at every one of them: some fifteen minutes more.
    Raises UsageError without mosquitto.
    """
    if not Mosquitto.there():
        raise UsageError("mosquitto is not installed", "apt install mosquitto")
    os.nice(5)
    folder = Path(tempfile.mkdtemp(prefix="cabin-orders-"))
    postgres = _postgres(progress)
    try:
        found = {
            f"{kind}, {count} bridge{'s' * (count - 1)}": _measure(
                folder / f"{kind}{count}", _database(postgres, folder, kind, count), count, postgres, progress
            )
            for kind in (["postgresql"] if postgres else []) + ["sqlite"]
            for count in (1, 2)
        }
        kind = "postgresql" if postgres else "sqlite"
        plain = _plain(folder / "plain", _database(postgres, folder, kind, 0), progress)
        chosen = {f"{kind}, 1 bridge": WAITING} if not full else dict.fromkeys(found, MANY)
        waits = {what: _wait(postgres, folder, what, count, progress) for what, count in chosen.items()}
        return {
            **found[f"{kind}, 1 bridge"],
            "database": kind,
            "baseline": plain,
            "by_database": found,
            "waiting": waits,
        }
    finally:
        if postgres is not None:
            postgres.end()
        shutil.rmtree(folder, ignore_errors=True)


def _postgres(progress: Progress) -> Postgres | None:
    """Start a PostgreSQL of our own where it is installed."""
    if not Postgres.there():
        progress("no PostgreSQL here: SQLite only")
        return None
    postgres = Postgres()
    postgres.start()
    return postgres


def _database(postgres: Postgres | None, folder: Path, kind: str, name: object) -> str:
    """Return the URL of an empty database."""
    if kind == "postgresql" and postgres is not None:
        return postgres.database(f"orders{name}")
    return f"sqlite:{folder}/orders{name}.db"


@contextmanager
def _standing(
    folder: Path,
    db: str,
    count: int,
    *,
    keeps: bool = True,
    postgres: Postgres | None = None,
    options: Sequence[str] = ("--pace", "1000", "--lease", "3"),
) -> Iterator[Stand]:
    """Start a broker and bridges; end them by their ids."""
    folder.mkdir()
    stand = Stand(db, Mosquitto(folder, keeps=keeps), postgres if db.startswith("postgresql") else None)
    stand.broker.start()
    try:
        for n in range(count):
            log = folder / f"bridge{n}.log"
            bridge = BridgeProcess(db, stand.broker.port, f"b{n}", log, *options)
            stand.bridges.append(bridge)
            bridge.begin()
        yield stand
    finally:
        for bridge in stand.bridges:
            bridge.kill()
        stand.broker.kill()


def _measure(folder: Path, db: str, count: int, postgres: Postgres | None, progress: Progress) -> dict[str, Any]:
    """Measure one database with so many bridges."""
    what = f"{db.partition(':')[0]} with {count}"
    with _standing(folder, db, count, postgres=postgres) as stand:
        fleet = Fleet(stand.broker.port)
        try:
            progress(f"{what}: as many orders as it takes")
            _warm(fleet)
            before, bought = stand.processor_s(), -len(fleet.errands)
            per_second = _throughput(fleet)
            after, bought = stand.processor_s(), bought + len(fleet.errands)
            progress(f"{what}: {per_second:.0f} orders/s; waits at half of that")
            calm = _calm(fleet, per_second / 2)
            progress(f"{what}: kill -9")
            recovery_s = _struck(fleet, stand, PATIENCE_S)
            errands = list(fleet.errands.values())
        finally:
            fleet.close()
        lost, doubled = count_effects(db, errands)
    return {
        "per_second": round(per_second, 1),
        "accept_ms": figures([e.accepted - e.committed for e in calm if e.accepted]),
        "done_ms": figures([e.done - e.committed for e in calm if e.done]),
        "offered_per_second": round(per_second / 2, 1),
        "cpu_ms_per_order": {part: round(1000 * (after[part] - used) / bought, 1) for part, used in before.items()},
        "orders": len(errands),
        "lost": lost,
        "doubled": doubled,
        "recovery_s": round(recovery_s, 1),
    }


def _wait(postgres: Postgres | None, folder: Path, what: str, count: int, progress: Progress) -> dict[str, Any]:
    """Let orders wait at one database with so many bridges, at the real trade's pace and with the lease as it comes."""
    kind, bridges = what.partition(",")[0], 1 + what.endswith("s")
    name = f"wait{bridges}"
    db = _database(postgres, folder, kind, name)
    with _standing(folder / f"{kind}{name}", db, bridges, options=()) as stand:
        return waiting.measure(stand.broker, db, stand.bridges, count, lambda text: progress(f"{what}: {text}"))


def _warm(fleet: Fleet) -> None:
    """Let some orders through."""
    for _ in range(WARM):
        fleet.wish()
        fleet.hold(OPEN - 1, PATIENCE_S)
    fleet.hold(0, PATIENCE_S)


def _throughput(fleet: Fleet) -> float:
    """Keep so many orders open for a while; return how many were done in a second."""
    began, first = time.monotonic(), len(fleet.errands)
    while time.monotonic() - began < MOST_S:
        fleet.wish()
        fleet.hold(OPEN - 1, PATIENCE_S)
    taken = time.monotonic() - began
    done = sum(bool(errand.done) for errand in list(fleet.errands.values())[first:])
    fleet.hold(0, PATIENCE_S)
    return done / taken


def _offer(fleet: Fleet, count: int, per_second: float) -> Iterator[Errand]:
    """Offer orders at an even rate, however long each takes."""
    began = time.monotonic()
    for n in range(count):
        time.sleep(max(0.0, began + n / per_second - time.monotonic()))
        yield fleet.wish()


def _calm(fleet: Fleet, per_second: float) -> list[Errand]:
    """Offer orders at an even rate and wait for them."""
    offered = list(_offer(fleet, max(1, int(CALM_S * per_second)), max(per_second, 1.0)))
    fleet.hold(0, PATIENCE_S)
    return offered


def _struck(fleet: Fleet, stand: Stand, patience_s: float) -> float:
    """Kill in the middle; return how long it took until all that was open at the last kill was done.

    A bridge is killed, and a little later the broker, after which both start; of several bridges the first stays away.
    """
    killed, open_ = 0.0, list[Errand]()
    for n, _ in enumerate(_offer(fleet, STRUCK, STRUCK_PER_S)):
        if n == STRUCK // 3:
            stand.bridges[0].kill()
        if n == STRUCK // 3 * 2 - 1:
            killed = time.monotonic()
            stand.broker.kill()
            open_ = [errand for errand in fleet.errands.values() if not errand.settled]
            stand.broker.start()
            if len(stand.bridges) == 1:
                stand.bridges[0].begin()
    fleet.hold(0, patience_s)
    return max((errand.done or time.monotonic() for errand in open_), default=killed) - killed


def _plain(folder: Path, db: str, progress: Progress) -> dict[str, Any]:
    """Do the same to cars that drop a message at the broker's acknowledgement."""
    progress("the plain way: no outbox")
    with _standing(folder, db, 1, keeps=False) as stand:
        fleet = Fleet(stand.broker.port, outbox=False)
        try:
            _struck(fleet, stand, PLAIN_S)
        finally:
            fleet.close()
        lost, doubled = count_effects(db, list(fleet.errands.values()))
    return {"what": "dropped at the broker's ack", "orders": STRUCK, "lost": lost, "doubled": doubled}


def count_effects(db: str, errands: list[Errand]) -> tuple[int, int]:
    """Return how many orders the companies never carried out, and how many they did or were paid for more than once."""
    from assistant.bridge.effects import effects  # noqa: PLC0415  SQLAlchemy is the bridge's alone

    found = effects(db)
    lost = doubled = 0
    for errand in errands:
        booked, paid = found.get(errand.order, (0, 0))
        receipt = errand.last.receipt if errand.last else None
        lost += booked == 0
        doubled += booked > 1 or (receipt is not None and paid > receipt.charged.minor)
    return lost, doubled
