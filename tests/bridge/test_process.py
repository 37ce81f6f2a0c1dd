"""The program itself: killed at any moment, several side by side, on a real broker, SQLite and PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

pytest.importorskip("sqlalchemy")

from assistant.bridge import app
from assistant.bridge.database import Database, connect, parse
from assistant.bridge.providers.tables import bookings, entries
from assistant.core.order import State
from assistant.errors import CabinError
from assistant.link.wire import Op
from tests.bridge.car import TRIP, name, request
from tests.bridge.radio import Errand, Radio, settle_all
from tests.bridge.servers import BridgeProcess, Mosquitto, Postgres, free_port

pytestmark = pytest.mark.skipif(not Mosquitto.there(), reason="mosquitto is not installed")

LATTE = {"lines": [{"dish": "latte"}]}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/bridge.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database(f"b{time.monotonic_ns()}")


Start = Callable[..., BridgeProcess]


@pytest.fixture
def start(broker: Mosquitto, tmp_path: Path) -> Iterator[Start]:
    made: list[BridgeProcess] = []

    def begin(db: str, *more: str) -> BridgeProcess:
        number = len(made)
        bridge = BridgeProcess(
            db, broker.port, f"b{time.monotonic_ns()}", tmp_path / f"log{number}", "--pace", "1000", *more
        )
        made.append(bridge)
        bridge.begin()
        return bridge

    yield begin
    for bridge in made:
        if bridge.running():
            bridge.kill()


def effects(db: str) -> dict[str, tuple[int, int]]:
    """Return per order the bookings that stand and the minor units paid."""
    engine = connect(parse(db))
    with engine.connect() as connection:
        booked = connection.execute(
            sa.select(bookings.c.order_id, sa.func.count())
            .where(bookings.c.cancelled.is_(False))
            .group_by(bookings.c.order_id)
        ).all()
        lines = connection.execute(sa.select(entries.c.order_id, entries.c.kind, entries.c.amount)).all()
    engine.dispose()
    paid: dict[str, int] = {}
    for order, kind, amount in lines:
        paid[order] = paid.get(order, 0) + (amount if kind == "capture" else -amount)
    return {
        order: (dict(map(tuple, booked)).get(order, 0), paid.get(order, 0))
        for order in {*paid, *dict(map(tuple, booked))}
    }


def check(db: str, errands: list[Errand]) -> None:
    """Assert that each order was bought exactly once for exactly its price, and nothing else was."""
    found = effects(db)
    for errand in errands:
        last = errand.last
        assert last is not None
        assert last.receipt is not None, (last.state, last.reason)
        assert found.pop(errand.order) == (1, last.receipt.charged.minor)
    assert found == {}


def test_killed_at_any_moment_it_loses_nothing_and_doubles_nothing(
    broker: Mosquitto, start: Start, db: str, tmp_path: Path
) -> None:
    bridge = start(db)
    radio, chance = Radio(broker.port), Random(3)
    errands = [Errand(radio.car(f"car-{time.monotonic_ns()}-{n}"), radio, "meal", "order", LATTE) for n in range(20)]

    for _ in range(3):
        for errand in errands:
            errand.push()
        time.sleep(chance.uniform(0.05, 0.5))
        bridge.kill()
        bridge.begin()
    settle_all(errands, 40)

    check(db, errands)
    assert bridge.leave() == 0
    radio.close()


def test_a_dead_bridges_orders_go_on_at_the_other_one(
    broker: Mosquitto, postgres: Postgres, tmp_path: Path, start: Start
) -> None:
    db = postgres.database("takeover")
    first, second = start(db, "--lease", "2"), start(db, "--lease", "2")
    radio = Radio(broker.port)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "assistant.bridge.app",
            "--db",
            db,
            "fault",
            "slow",
            "--method",
            "place",
            "--value",
            "1.5",
        ],
        check=True,
        timeout=30,
    )
    errands = [Errand(radio.car(f"take-{n}"), radio, "meal", "order", LATTE) for n in range(12)]
    ends = time.monotonic() + 20
    while time.monotonic() < ends and any(
        e.last is None or e.last.state not in {State.ACCEPTED, State.IN_PROGRESS} for e in errands
    ):
        for errand in errands:
            if errand.last is None or errand.last.state is State.QUOTED:
                errand.push()
        time.sleep(0.3)

    first.kill()
    killed = time.monotonic()
    settle_all(errands, 30, every_s=3)

    assert time.monotonic() - killed < 30
    check(db, errands)
    assert second.leave() == 0
    radio.close()


@pytest.mark.slow
def test_a_database_that_crashes_and_comes_back_needs_no_restart(
    broker: Mosquitto, start: Start, postgres: Postgres
) -> None:
    db = postgres.database("crash")
    bridge = start(db)
    radio = Radio(broker.port)
    errands = [Errand(radio.car(f"crash-{n}"), radio, "meal", "order", LATTE) for n in range(8)]
    for errand in errands:
        errand.push()
    time.sleep(0.4)
    for errand in errands:
        errand.push()

    postgres.stop("immediate")
    time.sleep(1)
    postgres.start()
    settle_all(errands, 60)

    assert bridge.running()
    check(db, errands)
    bridge.leave()
    radio.close()


def test_sigterm_lets_steps_end_and_the_rest_goes_on_after_the_next_start(
    broker: Mosquitto, db: str, tmp_path: Path, start: Start
) -> None:
    port = free_port()
    bridge = start(db, "--metrics-port", str(port))
    radio = Radio(broker.port)
    errands = [Errand(radio.car(f"term-{time.monotonic_ns()}-{n}"), radio, "ride", "book", TRIP) for n in range(6)]
    for errand in errands:
        errand.push()
    time.sleep(0.3)
    for errand in errands:
        errand.push()
    began = time.monotonic()

    assert bridge.leave() == 0
    assert time.monotonic() - began < 15
    bridge.begin()
    settle_all(errands, 30)

    check(db, errands)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        text = page.read().decode()
    assert "cabin_bridge_requests_total" in text
    assert "cabin_bridge_done_seconds" in text
    bridge.leave()
    radio.close()
    for line in (tmp_path / "log0").read_text().splitlines():
        assert {"at", "level", "from", "event"} <= set(json.loads(line))
        assert "Wulin" not in line


def test_a_request_is_kept_by_the_broker_while_a_bridge_restarts(
    broker: Mosquitto, start: Start, tmp_path: Path
) -> None:
    db = f"sqlite:{tmp_path}/bridge.db"
    bridge = start(db)
    radio = Radio(broker.port)
    car = radio.car("away-1")
    bridge.kill()
    raw, order = [], name()
    for _ in range(3):
        raw.append(request(Op.QUOTE, {"service": "meal", "method": "order", "args": LATTE}, order))
        radio.publish("away-1", raw[-1])
    time.sleep(0.3)

    bridge.begin()
    car.wait(order, State.QUOTED)

    bridge.leave()
    radio.close()


def test_as_a_child_it_speaks_lines_and_ends_with_its_input(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "assistant.bridge.app",
        "--loopback",
        "--db",
        f"sqlite:{tmp_path}/b.db",
        "--name",
        "child",
    ]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdin is not None
    assert child.stdout is not None
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.extend(child.stdout), daemon=True)  # type: ignore[arg-type]
    reader.start()

    child.stdin.write(b"noise\n" + request(Op.PING, {"head": "", "length": 0}) + b"\n")
    child.stdin.flush()
    ends = time.monotonic() + 20
    while not lines and time.monotonic() < ends:
        time.sleep(0.05)
    child.stdin.close()

    assert child.wait(15) == 0
    assert json.loads(lines[0])["op"] == "pong"


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ([], "--broker"),
        (["--loopback", "--db", "mysql://x"], "not a database"),
        (["--loopback", "--db", "sqlite:/nowhere/at/all.db"], "cannot be used"),
        (["--db", "sqlite:{tmp}/b.db", "--broker", "http://x"], "not a broker"),
        (["--db", "sqlite:{tmp}/b.db", "--broker", "mqtt://example.org"], "TLS"),
        (["--db", "sqlite:{tmp}/b.db", "--broker", "mqtts://localhost"], "--cert"),
        (["--db", "sqlite:{tmp}/b.db", "--loopback", "--vehicle", "a/b"], "vehicle"),
        (["--db", "sqlite:{tmp}/b.db", "approve", "nobody", "yes"], "not an order"),
    ],
)
def test_bad_usage_is_one_line_and_no_traceback(tmp_path: Path, args: list[str], word: str) -> None:
    command = [sys.executable, "-m", "assistant.bridge.app", *(arg.format(tmp=tmp_path) for arg in args)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False)

    assert ended.returncode in {1, 2}
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_book_that_may_not_be_written_is_refused_at_the_start() -> None:
    folder = Path(tempfile.mkdtemp(prefix="cabin-read-only-"))
    book = folder / "bridge.db"
    before = Database(connect(parse(f"sqlite:{book}")))
    before.check()
    before.close()
    book.chmod(0o444)
    folder.chmod(0o555)
    database = Database(connect(parse(f"sqlite:{book}")))
    with as_nobody(), pytest.raises(CabinError, match="cannot be used"):
        app._reach(database)
    database.close()
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
