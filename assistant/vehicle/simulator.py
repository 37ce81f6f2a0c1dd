"""A car of the bench: signals with delays, live speed, and faults that can be switched on one by one."""

import heapq
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from assistant.core.plan import Outcome, VehicleCommand
from assistant.core.vehicle import DRIVER_SIDE, Car, Value
from assistant.vehicle.model import Model
from assistant.vehicle.verify import Readings, RefusedError

SPEED = "Vehicle.Speed"
GEAR = "Vehicle.Powertrain.Transmission.SelectedGear"
BRAKE = "Vehicle.Chassis.ParkingBrake.IsEngaged"
PARK, DRIVE = 126, 127
REMEMBERED = ("Position", "Height", "Backrest.Recline")


class Fault(StrEnum):
    """What can be wrong with a signal: it says no, says nothing, or ends up somewhere else."""

    REFUSE = "refuse"
    SILENT = "silent"
    WRONG = "wrong"


@dataclass(order=True, slots=True)
class _Move:
    """A change on its way."""

    due: float
    number: int
    name: str = field(compare=False)
    started: float = field(compare=False)
    value: Value = field(compare=False)


class Simulator:
    """A car that plays one model; `core.ports.Vehicle`, plus `drive`, `fault` and `set` for benches."""

    def __init__(
        self,
        model: Model,
        *,
        timeout_s: float = 2.5,
        refresh_s: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the car, parked, on a thread of its own."""
        self._entries = model.entries
        self._clock = clock
        self._timeout_s = timeout_s
        self._refresh_s = refresh_s
        self._readings = Readings(model.signals, clock)
        self._state = {name: entry.initial for name, entry in model.entries.items() if entry.initial is not None}
        self._state.setdefault(DRIVER_SIDE, model.driver_side)
        self._memory: dict[str, dict[str, Value]] = {}
        self._faults: dict[str, Fault] = {}
        self._moves: list[_Move] = []
        self._number = 0
        self._open = True
        self._wake = threading.Condition()
        self._readings.put(self._state)
        self._thread = threading.Thread(target=self._run, name="car", daemon=True)
        self._thread.start()

    def car(self) -> Car:
        """Return the last known state, at once."""
        return self._readings.car()

    def write(self, commands: Sequence[VehicleCommand]) -> tuple[Outcome, ...]:
        """Set all signals or none, wait for the read-back, tell what became of each."""
        return self._readings.write(commands, self._send, self._timeout_s)

    def drive(self, speed_kmh: float) -> None:
        """Drive at a speed; above 0 in gear and without the parking brake, at 0 waiting in gear."""
        moving = {SPEED: float(speed_kmh), GEAR: DRIVE, BRAKE: False}
        self.set({name: value for name, value in moving.items() if name in self._entries})

    def park(self) -> None:
        """Stand in park with the brake on."""
        parked = {SPEED: 0.0, GEAR: PARK, BRAKE: True}
        self.set({name: value for name, value in parked.items() if name in self._entries})

    def set(self, values: Mapping[str, Value]) -> None:
        """Let the car itself change, sensors included."""
        with self._wake:
            self._state.update(values)
            self._readings.put(
                {name: value for name, value in values.items() if self._faults.get(name) is not Fault.SILENT}
            )

    def fault(self, signal: str, kind: Fault | None) -> None:
        """Switch a fault on, or off with None; a silent live signal goes stale."""
        with self._wake:
            if kind is None:
                self._faults.pop(signal, None)
            else:
                self._faults[signal] = kind

    def close(self) -> None:
        """Stop the car's thread."""
        with self._wake:
            self._open = False
            self._wake.notify()
        self._thread.join(timeout=2)

    def _send(self, values: Mapping[str, Value]) -> None:
        with self._wake:
            for name, value in values.items():
                if self._faults.get(name) is Fault.REFUSE or self._forgotten(name, value):
                    raise RefusedError(name)
            now = self._clock()
            for name, value in values.items():
                self._start(name, value, now)
            self._wake.notify()

    def _start(self, name: str, value: Value, now: float) -> None:
        """Put one change on its way; called with the lock held."""
        stem, _, leaf = name.rpartition(".")
        if leaf == "Switch" and value == "INACTIVE":
            self._halt(f"{stem}.Position", now)
        self._moves = [move for move in self._moves if move.name != name]
        heapq.heapify(self._moves)
        if self._faults.get(name) is Fault.WRONG:
            value = self._another(name, value)
        self._number += 1
        heapq.heappush(self._moves, _Move(now + self._entries[name].delay_ms / 1000, self._number, name, now, value))
        if leaf == "Store" and isinstance(value, int):
            self._memory[f"{stem}.{value}"] = {part: self._state[part] for part in self._parts(stem)}
        if leaf == "Recall" and isinstance(value, int):
            for part, old in self._memory.get(f"{stem}.{value}", {}).items():
                self._start(part, old, now)

    def _forgotten(self, name: str, value: Value) -> bool:
        """Tell whether a seat is asked for a position that nobody stored."""
        stem, _, leaf = name.rpartition(".")
        return leaf == "Recall" and f"{stem}.{value}" not in self._memory

    def _parts(self, memory: str) -> tuple[str, ...]:
        seat = memory.removesuffix(".Memory")
        return tuple(f"{seat}.{part}" for part in REMEMBERED if f"{seat}.{part}" in self._state)

    def _halt(self, name: str, now: float) -> None:
        """Leave a moving part where it is."""
        for move in [move for move in self._moves if move.name == name]:
            self._moves.remove(move)
            heapq.heapify(self._moves)
            old = self._state.get(name)
            if isinstance(old, int) and isinstance(move.value, int):
                share = (now - move.started) / max(move.due - move.started, 1e-9)
                self._arrive(name, round(old + (move.value - old) * min(share, 1.0)))

    def _another(self, name: str, value: Value) -> Value:
        old = self._state.get(name, value)
        if old != value:
            return old
        return (
            value + 1
            if isinstance(value, int | float) and not isinstance(value, bool)
            else not value
            if isinstance(value, bool)
            else ""
        )

    def _arrive(self, name: str, value: Value) -> None:
        self._state[name] = value
        if self._faults.get(name) is not Fault.SILENT:
            self._readings.put({name: value})

    def _run(self) -> None:
        live = tuple(name for name, entry in self._entries.items() if entry.live)
        refresh = self._clock()
        with self._wake:
            while self._open:
                now = self._clock()
                while self._moves and self._moves[0].due <= now:
                    move = heapq.heappop(self._moves)
                    self._arrive(move.name, move.value)
                if now >= refresh:
                    heard = {
                        name: self._state[name] for name in live if name in self._state and name not in self._faults
                    }
                    self._readings.put(heard)
                    refresh = now + self._refresh_s
                due = min(refresh, self._moves[0].due if self._moves else refresh)
                self._wake.wait(max(due - self._clock(), 0.001))
