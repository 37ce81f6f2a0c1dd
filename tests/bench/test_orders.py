"""The bench of orders: its arithmetic, its counting at the companies, and its plain baseline's honesty."""

from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from assistant.bench.fleet import Fleet, figures
from assistant.bench.orders import count_effects
from assistant.bench.servers import BridgeProcess, Mosquitto
from assistant.cli import main


def test_the_shares_are_nearest_ranks_in_milliseconds() -> None:
    assert figures([n / 1000 for n in range(100, 0, -1)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert figures([]) == {"p50": 0.0, "p95": 0.0, "p99": 0.0}


def test_it_takes_no_recordings(tmp_path: Path) -> None:
    assert main(["bench", "orders", "--data", str(tmp_path)]) == 2


@pytest.mark.skipif(not Mosquitto.there(), reason="mosquitto is not installed")
def test_what_a_car_without_an_outbox_sends_to_nobody_is_counted_as_lost(tmp_path: Path) -> None:
    broker, db = Mosquitto(tmp_path, keeps=False), f"sqlite:{tmp_path}/orders.db"
    broker.start()
    bridge = BridgeProcess(db, broker.port, "b", tmp_path / "log", "--pace", "1000")
    plain = Fleet(broker.port, outbox=False)
    try:
        unheard = plain.wish()
        bridge.begin()
        heard = plain.wish()
        assert plain.hold(1, 20)
        assert not plain.hold(0, 2.5)
    finally:
        plain.close()
        bridge.kill()
        broker.kill()

    assert heard.done
    assert not unheard.done
    assert count_effects(db, [unheard, heard]) == (1, 0)
