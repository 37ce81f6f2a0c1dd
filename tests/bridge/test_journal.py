"""The workflow engine: told again after any crash it learns the same, and only its owner goes on with it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assistant.bridge import engine_journal
from assistant.bridge.database import Database
from assistant.bridge.engine import Json, Run, Writing
from assistant.bridge.engine_journal import JournalEngine
from tests.link.broker import until

ORDER = "01900000-0000-7000-8000-000000000001"


class Stage:
    """Executors on one database that tell the same workflow, and what they did."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.did: list[str] = []
        self.heard: list[Any] = []
        self.ended: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.wait_s = 30.0
        self.linger_s = 3.0
        self.ahead_s = 0.0
        self.engines: list[JournalEngine] = []

    def executor(self, name: str) -> JournalEngine:
        engine = JournalEngine(self.database, name, self._now, self.linger_s)
        self.engines.append(engine)

        async def tale(run: Run) -> str:
            first = await run.step("first", lambda: self._do(name, "first"))
            message = await run.receive(self.wait_s)
            self.heard.append(message)
            await run.step("last", lambda: self._do(name, f"last after {first['by']}"))
            self.ended.append(run.order)
            return "over"

        engine.open(tale)
        return engine

    def parked(self, name: str) -> JournalEngine:
        """Return an executor that has let the order go."""
        self.linger_s = 0.05
        engine = self.executor(name)
        self.start(engine)
        assert until(lambda: self.did and not engine._runs)
        return engine

    def start(self, engine: JournalEngine) -> None:
        self.database.write(lambda c: engine.start(c, ORDER, {"digest": "d"}))
        engine.notice(ORDER)

    def send(self, engine: JournalEngine, message: Json, key: str) -> bool:
        return self.database.write(lambda c: engine.send(c, ORDER, message, key))

    def _now(self) -> float:
        return time.time() + self.ahead_s

    def _do(self, name: str, what: str) -> Json:
        self.did.append(f"{name}: {what}")
        self.hold.wait(10)
        return {"by": name}


@pytest.fixture
def stage(database: Database) -> Iterator[Stage]:
    stage = Stage(database)
    yield stage
    stage.hold.set()
    for engine in stage.engines:
        engine.close(1)


def test_a_message_is_taken_once_however_often_it_is_sent(stage: Stage) -> None:
    engine = stage.executor("a")
    assert not stage.send(engine, {"kind": "early"}, "k0")
    stage.start(engine)
    assert stage.send(engine, {"kind": "yes"}, "k1")
    assert stage.send(engine, {"kind": "no"}, "k1")
    engine.notice(ORDER)

    assert until(lambda: stage.ended)
    assert stage.heard == [{"kind": "yes"}]
    assert stage.did == ["a: first", "a: last after a"]


def test_after_a_restart_it_goes_on_where_it_was_and_nothing_written_down_is_done_again(stage: Stage) -> None:
    before = stage.executor("a")
    stage.start(before)
    assert until(lambda: stage.did and before._busy == 0)
    before.close(5)
    after = stage.executor("a")

    assert stage.send(after, {"kind": "yes"}, "k")

    assert until(lambda: stage.ended)
    assert stage.did == ["a: first", "a: last after a"]


def test_what_has_ended_is_not_told_again_however_soon_the_bridge_leaves(stage: Stage) -> None:
    engine = stage.executor("a")
    stage.start(engine)
    assert stage.send(engine, {"kind": "yes"}, "k")
    engine.notice(ORDER)
    assert until(lambda: stage.ended)
    engine.close(5)

    again = stage.executor("a")
    time.sleep(0.3)

    assert stage.ended == [ORDER]
    assert not again._runs


def test_a_wait_ends_by_itself_and_what_passed_of_it_before_a_restart_counts(stage: Stage) -> None:
    stage.wait_s = 1.5
    before = stage.executor("a")
    stage.start(before)
    assert until(lambda: stage.did and before._busy == 0)
    began = time.monotonic()
    time.sleep(1)
    before.close(5)
    stage.executor("a")

    assert until(lambda: stage.ended)
    assert stage.heard == [None]
    assert 1.2 < time.monotonic() - began < 4


def test_a_dead_executors_work_goes_on_elsewhere_and_when_it_comes_back_it_lets_go(stage: Stage) -> None:
    stage.linger_s = 60.0  # it must let go because its entry is refused, not because it is parked
    slow, heir = stage.executor("slow"), stage.executor("heir")
    stage.hold.clear()
    stage.start(slow)
    assert until(lambda: stage.did == ["slow: first"])

    assert heir.take_over("slow") == 1
    assert until(lambda: "heir: first" in stage.did)
    stage.hold.set()
    assert until(lambda: not slow._runs)
    assert stage.send(heir, {"kind": "yes"}, "k")

    assert until(lambda: stage.ended)
    assert stage.ended == [ORDER]
    assert stage.did[2:] == ["heir: last after heir"]
    assert heir.take_over("slow") == 0


def test_a_message_sent_through_another_bridge_is_found(stage: Stage) -> None:
    mine, other = stage.executor("mine"), stage.executor("other")
    stage.start(mine)
    assert until(lambda: stage.did and mine._busy == 0)

    assert stage.send(other, {"kind": "yes"}, "k")

    assert until(lambda: stage.ended)
    assert stage.heard == [{"kind": "yes"}]


def test_a_start_that_was_undone_never_runs(stage: Stage) -> None:
    engine = stage.executor("a")

    def undone(connection: Any) -> None:
        engine.start(connection, ORDER, {})
        raise LookupError

    with pytest.raises(LookupError):
        stage.database.write(undone)
    engine.notice(ORDER)
    time.sleep(0.5)

    assert stage.did == []


def test_what_was_started_is_told_at_once_without_being_looked_for(stage: Stage) -> None:
    engine = stage.executor("a")
    begin = stage.database.write(lambda c: engine.start(c, ORDER, {"digest": "d"}))
    time.sleep(0.5)
    assert stage.did == []

    begin()
    begin()

    assert until(lambda: stage.did and engine._busy == 0)
    assert stage.did == ["a: first"]


def test_what_a_step_writes_is_there_with_its_answer_and_not_at_all_once_the_order_is_anothers(stage: Stage) -> None:
    told = list[str]()
    engines = dict[str, JournalEngine]()

    async def tale(run: Run) -> str:
        name = next(name for name, engine in engines.items() if engine._runs.get(run.order) is run)

        def work() -> Writing:
            stage._do(name, "asked")
            return write

        def write(connection: Any) -> tuple[Json, Callable[[], None]]:
            engines[name].start(connection, f"by {name}", {})
            return {"by": name}, lambda: told.append(name)

        answer = await run.step("write", work)
        stage.ended.append(f"{answer['by']} for {name}")
        return "over"

    for name in ("slow", "heir"):
        engines[name] = JournalEngine(stage.database, name, time.time)
        stage.engines.append(engines[name])
        engines[name].open(tale)
    stage.hold.clear()
    stage.start(engines["slow"])
    assert until(lambda: stage.did == ["slow: asked"])

    assert engines["heir"].take_over("slow") == 1
    assert until(lambda: "heir: asked" in stage.did)
    stage.hold.set()

    assert until(lambda: stage.ended and not engines["slow"]._runs)
    assert stage.ended == ["heir for heir"]
    assert told == ["heir"]
    rows = stage.database.read(lambda c: c.exec_driver_sql("SELECT order_id FROM bridge_run ORDER BY order_id").all())
    assert [row[0] for row in rows] == [ORDER, "by heir"]


def test_what_is_forgotten_leaves_no_row(stage: Stage) -> None:
    engine = stage.executor("a")
    stage.start(engine)
    stage.send(engine, {"kind": "yes"}, "k")
    assert until(lambda: stage.ended and not engine._runs)

    engine.forget([ORDER])

    count: Callable[[str], int] = lambda table: stage.database.read(  # noqa: E731
        lambda c: int(c.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())
    )
    assert [count(table) for table in ("bridge_run", "bridge_step", "bridge_mail")] == [0, 0, 0]


def test_a_workflow_that_fails_stays_unfinished_and_ends_no_other(stage: Stage) -> None:
    engine = JournalEngine(stage.database, "a", time.time)
    stage.engines.append(engine)

    async def tale(run: Run) -> str:
        if run.order == ORDER:
            raise LookupError
        stage.ended.append(run.order)
        return "over"

    engine.open(tale)
    stage.start(engine)
    stage.database.write(lambda c: engine.start(c, "other", {}))
    engine.notice("other")

    assert until(lambda: stage.ended == ["other"] and not engine._runs)
    engine.close(1)
    again = stage.executor("a")
    assert until(lambda: stage.did == ["a: first"])
    assert again._runs.keys() == {ORDER}


def test_what_waits_leaves_memory_and_a_message_wakes_it_where_it_was(stage: Stage) -> None:
    engine = stage.parked("a")

    assert stage.send(engine, {"kind": "yes"}, "k")
    engine.notice(ORDER)

    assert until(lambda: stage.ended)
    assert stage.heard == [{"kind": "yes"}]
    assert stage.did == ["a: first", "a: last after a"]


def test_what_waits_wakes_by_itself_when_it_is_due_and_not_before(stage: Stage) -> None:
    stage.wait_s = 3_600.0
    stage.parked("a")
    time.sleep(0.6)
    assert not stage.heard

    stage.ahead_s = 3_601

    assert until(lambda: stage.ended)
    assert stage.heard == [None]


def test_what_waits_stays_out_of_memory_after_a_restart_and_at_an_heir(stage: Stage) -> None:
    stage.parked("a").close(5)
    again, heir = stage.executor("a"), stage.executor("heir")
    time.sleep(0.5)
    assert not again._runs

    assert heir.take_over("a") == 1
    time.sleep(0.5)
    assert not heir._runs
    assert stage.send(again, {"kind": "yes"}, "k")

    assert until(lambda: stage.ended)
    assert stage.did == ["a: first", "heir: last after a"]


def test_one_that_dies_after_it_woke_goes_on_at_once_elsewhere(stage: Stage) -> None:
    """Its row must not go on saying that it sleeps: its message is taken already."""
    dying, heir = stage.parked("a"), stage.executor("heir")
    stage.hold.clear()
    assert stage.send(dying, {"kind": "yes"}, "k")
    assert until(lambda: stage.did[1:] == ["a: last after a"])

    assert heir.take_over("a") == 1
    assert until(lambda: stage.did[2:] == ["heir: last after a"])
    stage.hold.set()

    assert until(lambda: stage.ended)


def test_a_message_that_comes_while_it_is_let_go_is_not_lost(stage: Stage) -> None:
    stage.linger_s = 0.05
    engine = stage.executor("a")
    orders = [f"order-{n}" for n in range(40)]
    for n, order in enumerate(orders):
        stage.database.write(lambda c, order=order: engine.start(c, order, {}))  # type: ignore[misc]
        engine.notice(order)
        time.sleep(n / 1000)
    for n, order in enumerate(orders):
        assert stage.database.write(lambda c, order=order: engine.send(c, order, {"to": order}, "k"))  # type: ignore[misc]
        time.sleep(n / 1000)

    assert until(lambda: len(stage.ended) == len(orders))
    assert sorted(message["to"] for message in stage.heard) == sorted(orders)
    assert len(stage.did) == 2 * len(orders)


def test_a_crowd_that_is_due_at_once_wakes_in_turns(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_journal, "AWAKE", 3)
    stage.linger_s, stage.wait_s = 0.05, 3_600.0
    engine = stage.executor("a")
    for n in range(12):
        stage.database.write(lambda c, n=n: engine.start(c, f"order-{n}", {}))  # type: ignore[misc]
        engine.notice(f"order-{n}")
    assert until(lambda: len(stage.did) == 12 and not engine._runs)
    most = 0

    stage.hold.clear()
    stage.ahead_s = 3_601
    assert until(lambda: len(stage.did) == 15)
    most = len(engine._runs)
    stage.hold.set()

    assert until(lambda: len(stage.ended) == 12)
    assert most == 3


def test_a_journal_of_before_orders_could_be_parked_is_brought_up_to_date(stage: Stage) -> None:
    engine = stage.executor("a")
    stage.start(engine)
    assert until(lambda: stage.did and engine._busy == 0)
    engine.close(5)
    stage.database.write(lambda c: c.exec_driver_sql("DROP INDEX bridge_run_due"))
    stage.database.write(lambda c: c.exec_driver_sql("ALTER TABLE bridge_run DROP COLUMN due"))
    stage.database.write(lambda c: c.exec_driver_sql("CREATE INDEX bridge_run_open ON bridge_run (executor, ended)"))

    after = stage.executor("a")
    assert stage.send(after, {"kind": "yes"}, "k")

    assert until(lambda: stage.ended)
