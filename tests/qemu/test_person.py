"""The person in the guest's car: what is read of the service's own report of exchanges."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("gi")
pytest.importorskip("pydbus")
pytest.importorskip("numpy")

from scripts.benchimage.guest import person


class PrivateBus(Protocol):
    address: str


def test_after_a_power_cut_only_what_is_said_since_is_read(
    make_bus: Callable[..., PrivateBus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", make_bus().address)
    monkeypatch.setattr(person, "EXCHANGES", tmp_path / "exchanges.jsonl")
    with person.EXCHANGES.open("ab") as service:
        service.write(b'{"turn": 1}\n{"turn": ' + bytes(40))
        service.flush()

        somebody = person.Person()
        service.write(b'{"turn": 7}\n{"tu')
        service.flush()

        assert somebody.exchanges() == [{"turn": 7}]
