"""Do the steps of a plan: judge each once more, hand it to who can do it, and tell the truth about what became of it."""

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.core.context import Context
from assistant.core.effect import Act
from assistant.core.event import Acted, Event
from assistant.core.guard import Denied, judge
from assistant.core.plan import CloudCall, LocalCall, Outcome, Status, Step, VehicleCommand
from assistant.core.ports import Devices, Vehicle
from assistant.core.vehicle import Zone
from assistant.household import Household
from assistant.worker import Worker

log = logging.getLogger(__name__)

NOT_TRIED = "not_tried"
"""Reason of a step that was left out because another one did not work."""


class Hands:
    """The only way from a plan to the world; answers every Act with Acted."""

    def __init__(
        self,
        vehicle: Vehicle,
        devices: Devices,
        household: Household,
        context: Callable[[], Context],
        post: Callable[[Event], None],
    ) -> None:
        """Take the car, the head unit and what the assistant does itself; `context` is the world at the moment of acting."""
        self._vehicle = vehicle
        self._devices = devices
        self._household = household
        self._context = context
        self._post = post
        self._worker = Worker("act")

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being done."""
        return self._worker.idle

    def act(self, effect: Act) -> None:
        """Start on a plan. The assistant's own steps are done at once, on this thread, which writes the ledger."""
        if all(_own(step) for step in effect.plan.steps):
            self._post(Acted(effect.turn, self._all(effect)))
        else:
            self._worker.do(lambda _token: self._post(Acted(effect.turn, self._all(effect))))

    def close(self) -> None:
        """Let the running plan end."""
        self._worker.close()

    def _all(self, effect: Act) -> tuple[Outcome, ...]:
        """Do the steps in order, stop at the first that is not done; one outcome a step."""
        outcomes: list[Outcome] = []
        for kind, steps in itertools.groupby(effect.plan.steps, type):
            group = tuple(steps)
            if outcomes and outcomes[-1].status is not Status.DONE:
                outcomes += [Outcome(step, Status.FAILED, reason=NOT_TRIED) for step in group]
            else:
                outcomes += self._group(kind, group, effect.seat)
        return tuple(outcomes)

    def _group(self, kind: type[Step], steps: Sequence[Step], seat: Zone) -> Sequence[Outcome]:
        context = replace(self._context(), seat=seat)
        verdicts = [judge(step, context) for step in steps]
        if any(isinstance(verdict, Denied) for verdict in verdicts):
            reasons = [verdict.reason if isinstance(verdict, Denied) else NOT_TRIED for verdict in verdicts]
            return [Outcome(step, Status.REFUSED, reason=reason) for step, reason in zip(steps, reasons, strict=True)]
        try:
            if kind is VehicleCommand:
                return self._vehicle.write([step for step in steps if isinstance(step, VehicleCommand)])
            return [self._one(step) for step in steps]
        except Exception:
            # An adapter that breaks leaves it unknown whether the thing was done, and unknown is what is said.
            log.exception("%s broke", steps)
            return [Outcome(step, Status.UNKNOWN, reason="broken") for step in steps]

    def _one(self, step: Step) -> Outcome:
        if isinstance(step, LocalCall):
            return self._household.call(step) if _own(step) else self._devices.call(step)
        assert isinstance(step, CloudCall)
        return Outcome(step, Status.REFUSED, reason="not_now")


def _own(step: Step) -> bool:
    return isinstance(step, LocalCall) and Household.owns(step)
