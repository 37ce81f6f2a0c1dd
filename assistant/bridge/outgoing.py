"""News on its way to the cars: told at once, written down as sent when the broker has it, told again when it never got that far."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from assistant.bridge.book import Book
from assistant.bridge.metrics import Meter
from assistant.bridge.pages import News
from assistant.link.wire import encode

_log = logging.getLogger(__name__)

Deliver = Callable[[str, bytes, Callable[[], None]], None]
STALE_S: Final = 5.0
"""News that old and not sent is told again, by whichever bridge sees it."""
AGAIN_S: Final = 30.0
"""So long news that is on its way is not told again by the bridge that tells it: a broker may be busy."""
BATCH: Final = 200
PAUSE_S: Final = 0.05
"""So long what is sent is gathered before it is written down."""


class NotNowError(Exception):
    """There is nobody to hand news to; it stays unsent and is told again."""


class Outgoing:
    """A queue, a thread that tells, and a thread that writes down what was sent."""

    book: Book

    def __init__(self, meter: Meter) -> None:
        """`book` is set before `open`."""
        self._meter = meter
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self._sent: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._under_way: dict[str, float] = {}
        """When news that is not sent yet was last put."""
        self._threads: list[threading.Thread] = []

    def open(self, deliver: Deliver) -> None:
        """Begin to tell."""
        targets: tuple[tuple[Callable[..., None], tuple[Deliver, ...]], ...] = (
            (self._tell, (deliver,)),
            (self._note, ()),
        )
        for target, args in targets:
            thread = threading.Thread(target=target, args=args, name="outgoing", daemon=True)
            thread.start()
            self._threads.append(thread)

    def put(self, news: News) -> None:
        """Tell news that is committed; from any thread."""
        self._under_way[news.message.id] = time.monotonic()
        self._news.put(news)

    def sweep(self) -> int:
        """Tell again what was not sent, by us or by a bridge that died; return how much."""
        stale, long_ago = self.book.unsent(STALE_S, BATCH), time.monotonic() - AGAIN_S
        for news in stale:
            if self._under_way.get(news.message.id, long_ago) <= long_ago:
                self.put(news)
        self._meter.unsent(len(stale))
        return len(stale)

    def close(self) -> None:
        """Tell what is queued, then stop."""
        for line, thread in zip((self._news, self._sent), self._threads, strict=False):
            line.put(None)  # type: ignore[attr-defined]
            thread.join(timeout=5)

    def _tell(self, deliver: Deliver) -> None:
        """Hand news on, one at a time."""
        while (news := self._news.get()) is not None:
            name = news.message.id
            try:
                deliver(news.vehicle, encode(news.message), lambda name=name: self._sent.put(name))  # type: ignore[misc]
            except NotNowError:
                self._under_way.pop(name, None)
            except Exception:  # noqa: BLE001  one message must not end the thread
                _log.exception("not delivered", extra={"fields": {"order": news.message.order}})

    def _note(self) -> None:
        """Write down what was sent, many at a time."""
        open_ = True
        while open_:
            ids = [self._sent.get()]
            if ids[0] is not None:
                time.sleep(PAUSE_S)
            while len(ids) < BATCH and ids[-1] is not None and not self._sent.empty():
                ids.append(self._sent.get())
            open_ = ids[-1] is not None
            names = [name for name in ids if name is not None]
            if names:
                self.book.sent(names)
                for name in names:
                    self._under_way.pop(name, None)
