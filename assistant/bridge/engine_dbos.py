"""The engine port on DBOS. DBOS is one to a process and has two traps that this file exists to avoid.

Pickle is its default serialiser, so the portable JSON one is set; and a workflow that waits in a thread costs a thread,
so workflows are coroutines on one loop of our own, on which DBOS is also launched (else recovered ones get threads).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos._error import DBOSNonExistentWorkflowError
from dbos._serialization import DBOSPortableJSONSerializer

from assistant.bridge.engine import Json, Tale

T = TypeVar("T")
_log = logging.getLogger(__name__)

VERSION: Final = "orders-2"
"""Grows when a workflow's steps change; a bridge goes on only with workflows of its own version."""
MAILBOX: Final = "mail"
POLL_S: Final = 0.2
"""How often SQLite is asked for messages, once for each order that waits; PostgreSQL tells by itself."""
PAGE: Final = 200


class DbosEngine:
    """Workflows in the system tables of `engine`'s database."""

    def __init__(self, engine: sa.Engine, executor: str) -> None:
        """`executor` is this bridge's stable name."""
        self._engine = engine
        self._executor = executor
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="workflows", daemon=True)
        self._draining = False
        self._busy = 0
        self._tell: Any = None

    def open(self, tale: Tale) -> None:
        """Launch DBOS on the loop; unfinished workflows of this executor go on."""
        self._thread.start()
        self._wait(self._launch(tale))

    def start(self, order: str, brief: Json) -> None:
        """Start an order's workflow, once."""
        self._wait(self._begin(order, dict(brief)))

    def send(self, order: str, message: Json, key: str) -> bool:
        """Put a message into the mailbox, once per key."""
        try:
            DBOS.send(order, dict(message), MAILBOX, idempotency_key=key)
        except DBOSNonExistentWorkflowError:
            return False
        return True

    def take_over(self, executor: str) -> int:
        """Resume what a dead executor left."""
        taken = 0
        while True:
            found = DBOS.list_workflows(
                executor_id=executor, status="PENDING", limit=PAGE, load_input=False, load_output=False
            )
            ids = [status.workflow_id for status in found]
            if not ids:
                return taken
            DBOS.resume_workflows(ids)
            taken += len(ids)

    def forget(self, orders: Sequence[str]) -> None:
        """Delete workflows with their steps and messages."""
        for start in range(0, len(orders), PAGE):
            DBOS.delete_workflows(list(orders[start : start + PAGE]))

    def close(self, drain_s: float) -> None:
        """Park every workflow at its next step, wait for running steps, and stop; parked ones stay unfinished in the database."""
        self._draining = True
        ends = time.monotonic() + drain_s
        while self._busy and time.monotonic() < ends:
            time.sleep(0.01)
        self._wait(self._park())
        DBOS.destroy(destroy_registry=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    async def _launch(self, tale: Tale) -> None:
        """Configure and launch DBOS where its coroutines shall run."""
        url = self._engine.url
        lite = url.get_backend_name() == "sqlite"
        config: DBOSConfig = {
            "name": "cabin-bridge",
            "system_database_url": url.set(drivername="sqlite" if lite else "postgresql").render_as_string(
                hide_password=False
            ),
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": VERSION,
            "executor_id": self._executor,
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "notification_listener_polling_interval_sec": POLL_S if lite else 1.0,
            "sys_db_pool_size": 20,
        }
        if lite:
            config["system_database_engine"] = self._engine
        DBOS(config=config)

        async def order(name: str, brief: dict[str, Any]) -> str:
            return await tale(_DbosRun(self, name, brief))

        self._tell = DBOS.workflow(name="order", max_recovery_attempts=None)(order)
        DBOS.launch()

    async def _begin(self, order: str, brief: dict[str, Any]) -> None:
        """Write the workflow down and set it going."""
        with SetWorkflowID(order):
            await DBOS.start_workflow_async(self._tell, order, brief)

    @staticmethod
    async def _park() -> None:
        """Cancel the coroutines, which DBOS does not write down, so that their workflows stay unfinished."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=5)

    async def work(self, name: str, body: Callable[[], Json]) -> Json:
        """Run one step unless the bridge is leaving."""
        if self._draining:
            await asyncio.Event().wait()
        self._busy += 1
        try:
            return await DBOS.run_step_async({"name": name}, body)
        finally:
            self._busy -= 1

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


class _DbosRun:
    """One workflow."""

    __slots__ = ("_engine", "brief", "order")

    def __init__(self, engine: DbosEngine, order: str, brief: Json) -> None:
        self.order = order
        self.brief = brief
        self._engine = engine

    async def step(self, name: str, work: Callable[[], Json]) -> Json:
        """Run `work` in a thread and write its answer down."""
        return await self._engine.work(name, work)

    async def receive(self, timeout_s: float) -> Json | None:
        """Take the oldest message."""
        message: Json | None = await DBOS.recv_async(MAILBOX, timeout_s)
        return message
