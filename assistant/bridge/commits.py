"""Group commit: transactions that come in at once share one wait for the disk."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa

T = TypeVar("T")

TOGETHER: Final = 32
"""Transactions that share one commit."""


class _Job:
    """One transaction that waits for its turn, or for the one that leads it."""

    __slots__ = ("error", "leads", "turn", "value", "work")

    def __init__(self, work: Callable[[sa.Connection], Any]) -> None:
        self.work = work
        self.turn = threading.Lock()
        self.turn.acquire()
        self.leads: list[_Job] = []
        """What it has to commit, itself first; empty unless it leads."""
        self.value: Any = None
        self.error: BaseException | None = None


class Commits:
    """Group commit without a thread of its own: who comes first leads all that came in meanwhile, then hands on."""

    def __init__(self, scope: Callable[[], contextlib.AbstractContextManager[sa.Connection]], lanes: int) -> None:
        """Open transactions with `scope`, at most `lanes` at once."""
        self._scope = scope
        self._free = lanes
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction; return or raise what it does, once that is committed or undone."""
        job = _Job(work)
        with self._lock:
            if self._free:
                self._free -= 1
                job.leads = [job]
            else:
                self._waiting.append(job)
        if not job.leads:
            job.turn.acquire()
        if job.leads:
            self._lead(job.leads)
        if job.error is not None:
            raise job.error
        value: T = job.value
        return value

    def _lead(self, jobs: list[_Job]) -> None:
        """Commit these and what came in since they were put together; then let the next one lead."""
        try:
            with self._lock:
                jobs += self._next(TOGETHER - len(jobs))
            self._commit(jobs)
        finally:
            with self._lock:
                following = self._next(TOGETHER)
                self._free += not following
            if following:
                following[0].leads = following
                following[0].turn.release()
            for job in jobs[1:]:
                job.turn.release()

    def _next(self, most: int) -> list[_Job]:
        """Take what waits, the oldest first; with the lock held."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def _commit(self, jobs: Sequence[_Job]) -> None:
        """Commit all that can be together, and each that fails by itself."""
        together, alone = list(jobs), list[_Job]()
        while together:
            failed = self._attempt(together)
            if failed is None:
                break
            together.remove(failed)
            alone.append(failed)
        for job in alone:
            self._attempt([job])

    def _attempt(self, jobs: Sequence[_Job]) -> _Job | None:
        """Try to commit these together; return the one of several whose work failed, after which nothing is done."""
        at: _Job | None = None
        try:
            with self._scope() as connection:
                for job in jobs:
                    at = job
                    job.value = job.work(connection)
                at = None
        except BaseException as error:
            if at is not None and len(jobs) > 1 and isinstance(error, Exception):
                return at
            if len(jobs) > 1 and isinstance(
                error, sa.exc.IntegrityError
            ):  # two of them, or another bridge, put the same
                for job in jobs:
                    self._attempt([job])
                return None
            for job in jobs:
                job.error = error
            if not isinstance(error, Exception):
                raise
        return None
