"""The mailbox: take an event, step, hand out the effects. Everything that decides runs on the thread that calls `run`."""

import heapq
import itertools
import logging
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol

from assistant.core.context import Context
from assistant.core.effect import ClearTimer, Effect, SetTimer
from assistant.core.event import Event, TimeUp

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0


class Conversation(Protocol):
    """The decisions: holds the dialogue, gives the effects of an event."""

    def step(self, event: Event, context: Context) -> tuple[Effect, ...]:
        """Advance by one event."""
        ...


class Observer(Protocol):
    """Watches what passes through the loop (turn reports, audit, bus signals)."""

    def saw_event(self, event: Event, at: float) -> None:
        """Take note of an event before it is stepped."""
        ...

    def saw_effect(self, effect: Effect, at: float) -> None:
        """Take note of an effect before it is performed."""
        ...


class Loop:
    """One thread of decisions with timers and a heart that beats once a second."""

    def __init__(
        self,
        conversation: Conversation,
        context: Callable[[], Context],
        perform: Callable[[Effect], None],
        observers: tuple[Observer, ...] = (),
        heartbeat: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the parts; nothing runs yet. `heartbeat` is called on the loop's thread."""
        self._conversation = conversation
        self._context = context
        self._perform = perform
        self._observers = observers
        self._heartbeat = heartbeat
        self._mail: SimpleQueue[Event | Callable[[], None] | None] = SimpleQueue()
        self._timers: list[tuple[float, int, TimeUp]] = []
        self._live: dict[tuple[int, str], int] = {}
        self._count = itertools.count()

    def post(self, event: Event) -> None:
        """Put an event into the mailbox, from any thread."""
        self._mail.put(event)

    def call(self, job: Callable[[], None]) -> None:
        """Run a short job on the loop's thread, from any thread."""
        self._mail.put(job)

    def watch(self, observer: Observer) -> None:
        """Let one more observer watch; before `run`, or on the loop's thread."""
        self._observers += (observer,)

    def stop(self) -> None:
        """Let `run` return after what is already in the mailbox, from any thread."""
        self._mail.put(None)

    def run(self) -> None:
        """Serve the mailbox until `stop`."""
        beat = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= beat:
                self._heartbeat()
                beat = now + HEARTBEAT_S
            while self._timers and self._timers[0][0] <= now:
                _, count, event = heapq.heappop(self._timers)
                if self._live.get((event.turn, event.name)) == count:
                    del self._live[(event.turn, event.name)]
                    self._step(event)
            until = min(beat, self._timers[0][0] if self._timers else beat)
            try:
                mail = self._mail.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                continue
            if mail is None:
                return
            if callable(mail):
                mail()
            else:
                self._step(mail)

    def _step(self, event: Event) -> None:
        at = time.monotonic()
        for observer in self._observers:
            observer.saw_event(event, at)
        for effect in self._conversation.step(event, self._context()):
            for observer in self._observers:
                observer.saw_effect(effect, time.monotonic())
            match effect:
                case SetTimer(turn, name, seconds):
                    count = next(self._count)
                    self._live[(turn, name)] = count
                    heapq.heappush(self._timers, (time.monotonic() + seconds, count, TimeUp(turn, name)))
                case ClearTimer(turn, name):
                    self._live.pop((turn, name), None)
                case _:
                    self._perform(effect)
