"""One named thread that does one job at a time; a newer job cancels the older one's token."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from assistant.errors import CabinError

log = logging.getLogger(__name__)


class Token:
    """Tells a job whether its result is still wanted."""

    def __init__(self) -> None:
        """Start as wanted."""
        self._event = threading.Event()

    def cancel(self) -> None:
        """Say that the result is no longer wanted."""
        self._event.set()

    def cancelled(self) -> bool:
        """Tell whether it was cancelled."""
        return self._event.is_set()


class Worker:
    """A thread with a queue of jobs; a job that raises is logged, and the thread goes on."""

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self.name = name
        self._jobs: SimpleQueue[tuple[Callable[[Token], None], Token] | None] = SimpleQueue()
        self._current = Token()
        self._lock = threading.Lock()
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Tell whether no job runs or waits."""
        with self._lock:
            return self._waiting == 0

    def do(self, job: Callable[[Token], None]) -> Token:
        """Queue a job; it is called with its token."""
        token = Token()
        with self._lock:
            self._waiting += 1
            self._current = token
        self._jobs.put((job, token))
        return token

    def cancel(self) -> None:
        """Cancel the newest job."""
        with self._lock:
            self._current.cancel()

    def close(self, timeout_s: float = 2.0) -> bool:
        """Cancel, let the running job end, stop the thread; False if it did not end in time."""
        self.cancel()
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, token = item
            try:
                if not token.cancelled():
                    job(token)
            except CabinError as error:
                log.warning("%s: %s", self.name, error)
            except Exception:
                log.exception("%s: a job failed", self.name)
            finally:
                with self._lock:
                    self._waiting -= 1
