"""Group commit: transactions that come in at once share one wait for the disk."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa

T = TypeVar("T")

TOGETHER: Final = 32
"""Transactions that share one commit."""


class _Job:
    """One transaction that waits for its turn, or for the one that leads it."""

    __slots__ = ("about", "error", "leads", "turn", "value", "work")

    def __init__(self, work: Callable[[sa.Connection], Any], about: frozenset[str]) -> None:
        self.work = work
        self.about = about
        self.turn = threading.Lock()
        self.turn.acquire()
        self.leads: _Lane | None = None
        """What it has to commit, itself first; None unless it leads."""
        self.value: Any = None
        self.error: BaseException | None = None


class _Lane:
    """One commit under way."""

    __slots__ = ("about", "jobs")

    def __init__(self, *jobs: _Job) -> None:
        self.jobs = list(jobs)
        self.about = set[str]().union(*(job.about for job in jobs))


class Commits:
    """Group commit without a thread of its own: who comes first leads all that came in meanwhile, then hands on.

    What is about the same things goes into one commit, or into one after the other: in two at once it would wait for the
    other's locks, or each for the other's, which PostgreSQL notices after a second.
    """

    def __init__(self, scope: Callable[[], contextlib.AbstractContextManager[sa.Connection]], lanes: int) -> None:
        """Open transactions with `scope`, at most `lanes` at once."""
        self._scope = scope
        self._most = lanes
        self._lanes: list[_Lane] = []
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()

    def run(self, work: Callable[[sa.Connection], T], about: Iterable[str] = ()) -> T:
        """Run `work`, which changes rows of `about`, in a transaction; return or raise what it does, once that is committed or undone."""
        job = _Job(work, frozenset(about))
        with self._lock:
            if len(self._lanes) < self._most and all(lane.about.isdisjoint(job.about) for lane in self._lanes):
                job.leads = _Lane(job)
                self._lanes.append(job.leads)
            else:
                self._waiting.append(job)
        if job.leads is None:
            job.turn.acquire()
        if job.leads is not None:
            self._lead(job.leads)
        if job.error is not None:
            raise job.error
        value: T = job.value
        return value

    def _lead(self, lane: _Lane) -> None:
        """Commit these and what came in since they were put together; then let the next one lead."""
        try:
            with self._lock:
                self._fill(lane)
            self._commit(lane.jobs)
        finally:
            following = _Lane()
            with self._lock:
                self._lanes.remove(lane)
                self._fill(following)
                if following.jobs:
                    self._lanes.append(following)
            if following.jobs:
                following.jobs[0].leads = following
                following.jobs[0].turn.release()
            for job in lane.jobs[1:]:
                job.turn.release()

    def _fill(self, lane: _Lane) -> None:
        """Take what waits, the oldest first, but for what is about the same as other lanes or as what goes on waiting; with the lock held."""
        busy = set[str]().union(*(other.about for other in self._lanes if other is not lane))
        for _ in range(len(self._waiting)):
            job = self._waiting.popleft()
            if len(lane.jobs) < TOGETHER and busy.isdisjoint(job.about):
                lane.jobs.append(job)
                lane.about |= job.about
            else:
                self._waiting.append(job)
                busy |= job.about

    def _commit(self, jobs: Sequence[_Job]) -> None:
        """Commit all that can be together, and each that fails by itself; those of other bridges lock in the same order."""
        together, alone = sorted(jobs, key=lambda job: min(job.about, default="")), list[_Job]()
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
