"""What every car bus shares: judge values before sending, wait for the read-back, all signals or none, outcomes with evidence."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from assistant.core.plan import Outcome, Status, VehicleCommand
from assistant.core.vehicle import Car, Reading, Signal, Value
from assistant.errors import VehicleError


class RefusedError(VehicleError):
    """The car said no to one signal before anything moved."""

    def __init__(self, signal: str) -> None:
        """Name the signal."""
        super().__init__(f"the car refused {signal}")
        self.signal = signal


class Send(Protocol):
    """Hands values to the bus."""

    def __call__(self, values: Mapping[str, Value]) -> None:
        """Ask for all values at once; RefusedError if the car says no to any, VehicleError if the bus is gone. Does not wait."""
        ...


class Readings:
    """What the car last said, shared by the bus's listener and everybody who asks; thread-safe."""

    def __init__(self, signals: Mapping[str, Signal], clock: Callable[[], float]) -> None:
        """Start empty; `clock` gives monotonic seconds."""
        self._signals = MappingProxyType(dict(signals))
        self._clock = clock
        self._readings: dict[str, Reading] = {}
        self._claims: dict[str, int] = {}
        self._writes = 0
        self._changed = threading.Condition()

    def put(self, values: Mapping[str, Value], at: float | None = None) -> None:
        """Take what the car said `at` monotonic seconds, None for just now."""
        now = self._clock() if at is None else at
        with self._changed:
            self._readings.update({name: Reading(value, now) for name, value in values.items()})
            self._changed.notify_all()

    def car(self) -> Car:
        """Return a snapshot."""
        with self._changed:
            return Car(self._signals, MappingProxyType(dict(self._readings)))

    def write(self, commands: Sequence[VehicleCommand], send: Send, timeout_s: float) -> tuple[Outcome, ...]:
        """Set all or none as `core.ports.Vehicle.write`; reads back for at most `timeout_s`, twice that if it must take back."""
        refused = self._refusals(commands)
        if refused:
            return _all_refused(commands, refused)
        wanted = {command.signal: command.value for command in commands}
        with self._changed:
            before = {name: self._readings.get(name) for name in wanted}
            claim = self._claim(wanted)
        sent = self._clock()
        try:
            send(wanted)
        except RefusedError as error:
            return _all_refused(commands, {error.signal: "refused"})
        except VehicleError:
            return tuple(Outcome(command, Status.UNKNOWN, reason="no_answer") for command in commands)
        if self._reached(wanted, sent, timeout_s):
            return tuple(Outcome(command, Status.DONE, str(self._value(command.signal))) for command in commands)
        arrived = {name for name in wanted if self._reached({name: wanted[name]}, sent, 0)}
        back = {name: reading.value for name, reading in before.items() if name in arrived and reading is not None}
        taken_back = self._take_back(back, claim, send, timeout_s)
        return tuple(self._failure(command, sent, arrived, taken_back) for command in commands)

    def _refusals(self, commands: Sequence[VehicleCommand]) -> dict[str, str]:
        refused: dict[str, str] = {}
        seen: dict[str, Value] = {}
        for command in commands:
            signal = self._signals.get(command.signal)
            if signal is None or not signal.writable:
                refused[command.signal] = "not_available"
            elif reason := signal.unfit(command.value):
                refused[command.signal] = reason
            elif seen.setdefault(command.signal, command.value) != command.value:
                refused[command.signal] = "contradiction"
        return refused

    def _claim(self, names: Mapping[str, Value]) -> int:
        """Note who wrote last, so that nobody takes back what somebody else asked for later."""
        self._writes += 1
        for name in names:
            self._claims[_item(name)] = self._writes
        return self._writes

    def _reached(self, wanted: Mapping[str, Value], since: float, timeout_s: float) -> bool:
        def settled() -> bool:
            readings = (self._readings.get(name) for name in wanted)
            return all(
                reading is not None and reading.at >= since and _same(reading.value, value)
                for reading, value in zip(readings, wanted.values(), strict=True)
            )

        with self._changed:
            return self._changed.wait_for(settled, timeout_s)

    def _take_back(self, back: Mapping[str, Value], claim: int, send: Send, timeout_s: float) -> set[str]:
        """Put old values back where no later write came between; return the signals that read back old."""
        with self._changed:
            mine = {name: value for name, value in back.items() if self._claims[_item(name)] == claim}
        if not mine:
            return set()
        sent = self._clock()
        try:
            send(mine)
        except VehicleError:
            return set()
        self._reached(mine, sent, timeout_s)
        return {name for name in mine if self._reached({name: mine[name]}, sent, 0)}

    def _failure(self, command: VehicleCommand, sent: float, arrived: set[str], taken_back: set[str]) -> Outcome:
        name = command.signal
        if name in arrived:
            return Outcome(
                command,
                Status.FAILED if name in taken_back else Status.UNKNOWN,
                reason="taken_back" if name in taken_back else "half_done",
            )
        with self._changed:
            reading = self._readings.get(name)
        if reading is None or reading.at < sent:
            return Outcome(command, Status.UNKNOWN, reason="no_answer")
        return Outcome(command, Status.FAILED, str(reading.value), "mismatch")

    def _value(self, name: str) -> Value:
        with self._changed:
            return self._readings[name].value


def _all_refused(commands: Sequence[VehicleCommand], refused: Mapping[str, str]) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(command, Status.REFUSED, reason=refused.get(command.signal, "not_tried")) for command in commands
    )


def _item(name: str) -> str:
    """Return the thing a signal moves: a window's Position and its Switch are one thing."""
    stem, _, leaf = name.rpartition(".")
    return stem if leaf in {"Position", "Switch"} else name


def _same(read: Value, wanted: Value) -> bool:
    if isinstance(read, bool) is not isinstance(wanted, bool):
        return False
    if isinstance(read, int | float) and isinstance(wanted, int | float):
        return math.isclose(read, wanted, abs_tol=1e-3)
    return read == wanted
