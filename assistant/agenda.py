"""Timers, alarms and reminders: kept in a store that survives a restart, due by the wall clock or, for a length, by the steady one."""

import json
import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.core.headunit import Timer
from assistant.core.plan import LocalCall, Outcome, Status

log = logging.getLogger(__name__)

PREFIX = "agenda."
LIMIT = 100
"""How many may wait at once."""


@dataclass(slots=True)
class _Entry:
    timer: Timer
    due_at: float | None
    """Monotonic seconds, for a timer set by its length in this run: a clock that jumps must not ring it."""


class Agenda:
    """All that will speak up by itself. Used from one thread at a time."""

    def __init__(self, store: MutableMapping[str, str]) -> None:
        """Load what the store holds; entries that cannot be read are dropped with a warning."""
        self._store = store
        self._entries: dict[str, _Entry] = {}
        for key in [key for key in store if key.startswith(PREFIX)]:
            try:
                timer = _from_json(store[key])
            except (ValueError, KeyError, TypeError):
                log.warning("a timer in the store cannot be read and was dropped: %s", key)
                del store[key]
                continue
            self._entries[timer.name] = _Entry(timer, None)

    def timers(self) -> tuple[Timer, ...]:
        """Return all that wait, the soonest first."""
        return tuple(sorted((entry.timer for entry in self._entries.values()), key=lambda timer: timer.due))

    def set(self, call: LocalCall, at: float) -> Outcome:
        """Do `timer.set` as `skills.timers` documents it; `at` is monotonic seconds. One of the same name is replaced."""
        args = call.args
        if len(self._entries) >= LIMIT and args.get("name") not in self._entries:
            return Outcome(call, Status.REFUSED, reason="too_many")
        try:
            seconds = args.get("set_for_s")
            length = float(seconds) if isinstance(seconds, int | float) else None
            timer = Timer(
                str(args["name"]),
                datetime.fromisoformat(str(args["due"])),
                str(args["kind"]),
                str(args.get("text", "")),
                length,
            )
        except (KeyError, ValueError):
            return Outcome(call, Status.FAILED, reason="bad_time")
        self._store[PREFIX + timer.name] = _to_json(timer)
        self._entries[timer.name] = _Entry(timer, None if length is None else at + length)
        return Outcome(call, Status.DONE, receipt=timer.due.isoformat())

    def cancel(self, call: LocalCall) -> Outcome:
        """Do `timer.cancel`; an unknown name is refused."""
        name = str(call.args.get("name", ""))
        if name not in self._entries:
            return Outcome(call, Status.REFUSED, reason="not_found")
        self._forget(name)
        return Outcome(call, Status.DONE, receipt=name)

    def due(self, now: datetime, at: float) -> tuple[Timer, ...]:
        """Take out and return what is due; one missed by more than a day (the car slept) is dropped."""
        ready = [
            name
            for name, entry in self._entries.items()
            if (at >= entry.due_at if entry.due_at is not None else now >= entry.timer.due)
        ]
        timers = [self._entries[name].timer for name in ready]
        for name in ready:
            self._forget(name)
        return tuple(timer for timer in timers if now - timer.due < timedelta(days=1))

    def clear(self) -> None:
        """Forget everything."""
        for name in list(self._entries):
            self._forget(name)

    def _forget(self, name: str) -> None:
        del self._entries[name]
        self._store.pop(PREFIX + name, None)


def _to_json(timer: Timer) -> str:
    return json.dumps(
        {
            "name": timer.name,
            "due": timer.due.isoformat(),
            "kind": timer.kind,
            "text": timer.text,
            "set_for_s": timer.set_for_s,
        },
        ensure_ascii=False,
    )


def _from_json(text: str) -> Timer:
    raw = json.loads(text)
    return Timer(raw["name"], datetime.fromisoformat(raw["due"]), raw["kind"], raw["text"], raw["set_for_s"])
