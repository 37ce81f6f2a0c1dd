"""The demo car as a skill sees it: what it says now, who speaks, and a plan's wishes as a mapping."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.core.context import Context
from assistant.core.headunit import HeadUnit
from assistant.core.vehicle import Car, Reading, Value, Zone
from assistant.vehicle.model import load

MODEL = load(Path(__file__).parents[2] / "config" / "vehicles" / "demo.toml")
AT = 500.0

World = Callable[..., Context]


@pytest.fixture
def world() -> World:
    """Return a function that makes a context: the demo car's initial values, changed as told (None: the car never said it)."""

    def make(
        values: Mapping[str, Value | None] | None = None,
        seat: Zone = Zone.DRIVER,
        headunit: HeadUnit | None = None,
        without: str = "",
    ) -> Context:
        initial = {name: entry.initial for name, entry in MODEL.entries.items()}
        told = {**initial, **(values or {})}
        signals = {name: signal for name, signal in MODEL.signals.items() if not without or without not in name}
        readings = {name: Reading(value, AT) for name, value in told.items() if value is not None and name in signals}
        now = datetime(2026, 11, 3, 9, tzinfo=UTC)
        return Context(at=AT, now=now, seat=seat, car=Car(signals, readings), headunit=headunit or HeadUnit())

    return make
