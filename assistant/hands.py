"""Do the steps of a plan: judge each once more, hand it to who can do it, and tell the truth about what became of it."""

import itertools
from collections.abc import Callable, Mapping, Sequence

from assistant.core.context import Context
from assistant.core.guard import Denied, judge
from assistant.core.plan import CloudCall, LocalCall, Outcome, Plan, Status, Step, VehicleCommand
from assistant.core.ports import Devices, Vehicle

Own = Mapping[str, Callable[[LocalCall], Outcome]]
"""What the assistant does itself (`timer.set`, `assistant.set_language`, …), by LocalCall name."""


class Hands:
    """The only way from a plan to the world."""

    def __init__(self, vehicle: Vehicle, devices: Devices, context: Callable[[], Context]) -> None:
        """Take the car and the head unit; `context` is the world at the moment of acting."""
        self._vehicle = vehicle
        self._devices = devices
        self._context = context

    def act(self, plan: Plan) -> tuple[Outcome, ...]:
        """Do the steps in order, stop at the first that is not done; one outcome a step. Blocks until the car read back."""
        outcomes: list[Outcome] = []
        for kind, steps in itertools.groupby(plan.steps, type):
            group = tuple(steps)
            if outcomes and outcomes[-1].status is not Status.DONE:
                outcomes += [Outcome(step, Status.FAILED, reason="not_tried") for step in group]
            else:
                outcomes += self._group(kind, group)
        return tuple(outcomes)

    def _group(self, kind: type[Step], steps: Sequence[Step]) -> Sequence[Outcome]:
        context = self._context()
        verdicts = [judge(step, context) for step in steps]
        if any(isinstance(verdict, Denied) for verdict in verdicts):
            return [
                Outcome(step, Status.REFUSED, reason=verdict.reason if isinstance(verdict, Denied) else "not_tried")
                for step, verdict in zip(steps, verdicts, strict=True)
            ]
        if kind is VehicleCommand:
            return self._vehicle.write([step for step in steps if isinstance(step, VehicleCommand)])
        return [self._one(step) for step in steps]

    def _one(self, step: Step) -> Outcome:
        if isinstance(step, LocalCall):
            return self._devices.call(step)
        assert isinstance(step, CloudCall)
        return Outcome(step, Status.REFUSED, reason="offline")
