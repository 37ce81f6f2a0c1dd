"""Asking a company until it is certain what happened: done, not done, or not known yet. Never "done" without its word."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from assistant.bridge.providers.trade import Declined, ProviderError, Unreachable, Unsure

T = TypeVar("T")
_log = logging.getLogger(__name__)

PAUSES_S: Final = (0.1, 0.4, 1.0)
"""Between tries inside one step."""


class How(StrEnum):
    """What is certain."""

    OK = "ok"
    NO = "no"
    """It said no, and nothing was done."""
    DOWN = "down"
    """Nothing was done; it can be asked again."""
    UNSURE = "unsure"
    """Nobody knows; only asking with the same key can tell."""


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """What became of a call."""

    how: How
    value: T | None = None
    reason: str = ""

    def json(self, **more: Any) -> Mapping[str, Any]:
        """Return it as a workflow step's answer."""
        return {"how": self.how.value, "reason": self.reason, **more}


def settle(
    work: Callable[[], T],
    find: Callable[[], T | None],
    sleep: Callable[[float], None],
) -> Settled[T]:
    """Call `work`, which honours its key, a few times; `find` asks by the same key whether it was done. Never raises."""
    doubt, no = False, ""
    for pause_s in (*PAUSES_S, 0.0):
        try:
            return Settled(How.OK, work())
        except Declined as error:
            no = error.reason
        except Unsure:
            doubt = True
        except Unreachable:
            _log.info("unreachable")
        if doubt:
            found = _found(find)
            if found.how is How.OK:
                return found
            doubt = found.how is How.UNSURE
        if no and not doubt:
            return Settled(How.NO, None, no)
        sleep(pause_s)
    return Settled(How.UNSURE if doubt else How.DOWN, None, "timeout" if doubt else "service_down")


def _found(find: Callable[[], T | None]) -> Settled[T]:
    """Ask by key: OK with what was done, NO if it never was, UNSURE if nobody says."""
    try:
        found = find()
    except ProviderError:
        return Settled(How.UNSURE)
    return Settled(How.NO) if found is None else Settled(How.OK, found)
