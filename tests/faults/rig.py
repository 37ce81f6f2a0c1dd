"""Cars, a broker behind a bad line, bridges and a database, all of them real, and somebody who keeps striking them."""

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from assistant.bench.servers import BridgeProcess, Mosquitto, Postgres
from assistant.bridge.database import connect, parse
from assistant.bridge.effects import effects
from assistant.bridge.providers.tables import calls
from assistant.bridge.records import orders
from assistant.core.order import OVER, State
from assistant.ledger.audit import Head
from assistant.ledger.store import Ledger
from tests.link.broker import Proxy, Weather

ROOT: Final = Path(__file__).parents[2]
SUCCESS: Final = {State.IN_PROGRESS.value, State.DONE.value}
FULL_BYTES: Final = 4_096
"""A process that may write no file beyond this has, for SQLite, a full disk."""


class Strike(StrEnum):
    """What happens to them."""

    KILL_CAR = "kill_car"
    KILL_BRIDGE = "kill_bridge"
    KILL_BROKER = "kill_broker"
    KILL_DATABASE = "kill_database"
    CUT = "cut"
    SLOW = "slow"
    HALF_OPEN = "half_open"
    FULL_CAR = "full_car"
    FULL_BRIDGE = "full_bridge"
    CLOCK = "clock"


class CarProcess:
    """One car."""

    def __init__(self, folder: Path, port: int, number: int, seed: int, wanted: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.vehicle = f"car-{seed}-{number}"
        self._args = [str(folder), str(port), self.vehicle, str(seed), str(wanted)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "faults" / "car.py"), *self._args],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def running(self) -> bool:
        """Tell whether it still drives; a car that ended other than by itself or by us is a failure."""
        assert self.process is not None
        code = self.process.poll()
        assert code in {None, 0}, (self.folder / "log").read_text()[-3000:]
        return code is None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def reboot(self, chance: random.Random) -> None:
        """Wake up after a power cut: another boot, and a clock that starts anywhere."""
        self.kill()
        jump_s = chance.choice((-1, 1)) * chance.uniform(10, 10 * 365 * 86_400)
        (self.folder / "clock").write_text(f"boot-{chance.random()} {jump_s}")
        self.start()

    def spoken(self) -> list[dict[str, Any]]:
        """Return what it said; the last line may have been cut by a kill."""
        lines = []
        for text in (self.folder / "spoken.jsonl").read_text().splitlines():
            with suppress(ValueError):
                lines.append(json.loads(text))
        return lines


@dataclass(slots=True)
class Tally:
    """What was done to them, and what came of it."""

    faults: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    """Orders that were under way when it struck: one case each; by strike and where the order stood."""
    orders: int = 0
    lost: int = 0
    doubled: int = 0
    unproven: int = 0
    """Successes said without the company having done it."""
    failed: int = 0
    unpaid: int = 0
    calls: int = 0
    repeated: int = 0

    @property
    def cases(self) -> int:
        return sum(self.struck.values())


class Rig:
    """All of it, on one database."""

    def __init__(self, folder: Path, postgres: Postgres | None, seed: int, bridges: int = 1) -> None:
        self.folder, self.postgres, self.seed = folder, postgres, seed
        self.chance = random.Random(seed)
        self.db = f"sqlite:{folder}/bridge.db" if postgres is None else postgres.database(f"f{seed}")
        self.broker = Mosquitto(folder)
        self.broker.start()
        self.proxy = Proxy(self.broker.port)
        options = ["--pace", "1000", "--lease", "3", "--linger", "0.05" if seed % 2 else "3"]
        self.bridges = [
            BridgeProcess(self.db, self.broker.port, f"b{n}", folder / f"bridge{n}.log", *options)
            for n in range(bridges)
        ]
        for bridge in self.bridges:
            bridge.begin()
        self.cars: list[CarProcess] = []
        self.tally = Tally()
        self._view = connect(parse(self.db), 1)

    def close(self) -> None:
        for car in self.cars:
            car.kill()
        for bridge in self.bridges:
            bridge.kill()
        self._view.dispose()
        self.proxy.close()
        self.broker.kill()

    def send_out(self, cars: int, wanted: int) -> None:
        """Start so many more cars, with so many wishes each."""
        for _ in range(cars):
            number = len(self.cars)
            car = CarProcess(self.folder / f"car{number}", self.proxy.port, number, self.seed, wanted)
            car.start()
            self.cars.append(car)

    def slow_down(self, seconds: float) -> None:
        """Let every step at a company take a while, so that a strike finds orders in all of them."""
        command = [sys.executable, "-m", "assistant.bridge.app", "--db", self.db, "fault", "slow", "--value"]
        subprocess.run([*command, str(seconds)], check=True, timeout=30, cwd=ROOT)

    def running(self) -> list[CarProcess]:
        return [car for car in self.cars if car.running()]

    def under_way(self) -> list[str]:
        """Return where each order of a running car stands: the car's word, then the last thing a company did for it."""
        found = []
        steps = self._steps()
        for car in self.running():
            with suppress(Exception), Ledger(car.folder / "orders.sqlite", read_only=True) as book:
                for order in book.orders():
                    settled = order.state in OVER or (order.receipt is not None and order.state.value in SUCCESS)
                    if not settled:
                        found.append(f"{order.state.value}/{steps.get(order.id, '-')}")
        return found

    def _steps(self) -> dict[str, str]:
        """Return per order the method a company was last asked for; empty while the database is away."""
        with suppress(sa.exc.DBAPIError), self._view.connect() as view:
            query = sa.select(calls.c.order_id, calls.c.method).order_by(calls.c.at)
            return {order: method for order, method in view.execute(query).all()}  # noqa: C416
        return {}

    @property
    def possible(self) -> list[Strike]:
        """Return what can strike here: a bridge on PostgreSQL writes no file that could find the disk full."""
        return [what for what in Strike if self.postgres is None or what is not Strike.FULL_BRIDGE]

    def strike(self, what: Strike) -> None:
        """Strike once, and count whom it hit."""
        hit = self.under_way()
        running = self.running()
        if not hit or not running:
            return
        self.tally.faults += 1
        self.tally.struck.update(f"{what.value}/{where}" for where in hit)
        works: dict[Strike, Callable[[], None]] = {
            Strike.KILL_CAR: lambda: self._kill_cars(running),
            Strike.KILL_BRIDGE: lambda: self._again(self.chance.choice(self.bridges)),
            Strike.KILL_BROKER: self._kill_broker,
            Strike.KILL_DATABASE: self._crash_database,
            Strike.CUT: self.proxy.cut,
            Strike.SLOW: self._slow_line,
            Strike.HALF_OPEN: self._half_open,
            Strike.FULL_CAR: lambda: self._fill([car.process.pid for car in running if car.process]),
            Strike.FULL_BRIDGE: lambda: self._fill([bridge.pid for bridge in self.bridges]),
            Strike.CLOCK: lambda: self.chance.choice(running).reboot(self.chance),
        }
        works[what]()

    @staticmethod
    def _kill_cars(cars: list[CarProcess]) -> None:
        for car in cars:
            car.kill()
            car.start()

    def _kill_broker(self) -> None:
        self.broker.kill()
        time.sleep(self.chance.uniform(0, 0.5))
        self.broker.start()

    def _again(self, bridge: BridgeProcess) -> None:
        bridge.kill()
        time.sleep(self.chance.uniform(0, 0.3))
        bridge.begin()

    def _crash_database(self) -> None:
        """Kill PostgreSQL's first process, or, where the database is in the bridge, the bridge."""
        if self.postgres is None:
            self._again(self.bridges[0])
            return
        self.postgres.stop("immediate")
        time.sleep(self.chance.uniform(0, 1))
        self.postgres.start()

    def _slow_line(self) -> None:
        """Delay every packet for a while."""
        self.proxy.delay_s = self.chance.uniform(0.05, 0.5)
        time.sleep(1)
        self.proxy.delay_s = 0.0

    def _half_open(self) -> None:
        """Let nothing through on connections that stay up, then reset them."""
        self.proxy.weather = Weather.HOLD
        time.sleep(self.chance.uniform(0.5, 2))
        self.proxy.cut()
        self.proxy.weather = Weather.FINE

    def _fill(self, pids: list[int]) -> None:
        """Let these processes find the disk full for a while."""
        limits = {}
        for pid in pids:
            with suppress(ProcessLookupError):
                limits[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, limits[pid][1]))
        time.sleep(self.chance.uniform(0.5, 2))
        for pid, before in limits.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    def calm(self, timeout_s: float) -> None:
        """Let the weather pass until every car has settled all its orders."""
        self.proxy.weather, self.proxy.delay_s = Weather.FINE, 0.0
        for bridge in self.bridges:
            if not bridge.running():
                bridge.begin()
        ends = time.monotonic() + timeout_s
        while self.running():
            assert time.monotonic() < ends, self.under_way()
            time.sleep(0.2)

    def judge(self) -> Tally:
        """Count the effects at the companies and hold them against what the cars know and said."""
        done, tally = effects(self.db), self.tally
        self._view.dispose()  # it may be from before a crash
        with self._view.connect() as view:
            bridge = {row.id: row.state for row in view.execute(sa.select(orders)).all()}
            asked = view.execute(sa.select(sa.func.count(), sa.func.sum(calls.c.calls))).one()
        tally.calls, tally.repeated = int(asked[1] or 0), int(asked[1] or 0) - int(asked[0])
        for car in self.cars:
            with Ledger(car.folder / "orders.sqlite") as book:
                assert isinstance(book.verify(), Head)
                for order in book.orders():
                    booked, paid = done.pop(order.id, (0, 0))
                    ended = order.state in OVER - {State.DONE}
                    tally.orders += 1
                    tally.failed += ended
                    tally.lost += not ended and booked == 0
                    tally.doubled += booked > 1 or (ended and (booked > 0 or paid != 0))
                    tally.unpaid += order.receipt is not None and not ended and paid != order.receipt.charged.minor
                    assert ended or bridge[order.id] in SUCCESS, (order.state, bridge.get(order.id))
            tally.unproven += self._unproven(car)
        tally.doubled += len(done)
        return tally

    def _unproven(self, car: CarProcess) -> int:
        """Count successes that were said aloud without a booking that the company still knows."""
        said = [line for line in car.spoken() if line.get("state") == State.DONE.value or line.get("receipt")]
        with self._view.connect() as view:
            placed = set(view.execute(sa.select(calls.c.order_id).where(calls.c.method == "place")).scalars())
        return sum(line["receipt"] is None or line["order"] not in placed for line in said)
