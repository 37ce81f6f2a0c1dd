"""kill -9 of the writer at any moment: what it had said to be written is there, whole; nothing half is."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.ledger.audit import Head
from assistant.ledger.store import Ledger

WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from assistant.core.order import State
from assistant.ledger.store import Ledger
from tests.ledger.rows import a_message, an_order
ledger = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    order = an_order(State.SENT)
    with ledger.change() as change:
        change.put(order)
        change.post(a_message(order.id))
        change.record("wish", {"order": order.id})
    print(order.id, flush=True)
    with ledger.change() as change:
        change.put(replace(order, state=State.FAILED, rev=2))
        change.record("state", {"order": order.id})
"""


def killed(path: Path, after_s: float) -> list[str]:
    """Let a writer write a few orders and go on for so long, kill it, and return the orders it said were written."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    first = [writer.stdout.readline().strip() for _ in range(3)]
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    said = [*first, *writer.stdout.read().split("\n")]
    writer.wait()
    return [line for line in said[:-1] if line]


def check(path: Path, said: list[str]) -> None:
    """Hold the book to what the dead writer said."""
    with Ledger(path) as ledger:
        orders = {order.id for order in ledger.orders()}
        messages = [message.order for message in ledger.outbox()]
        wished = [line.facts["order"] for line in ledger.audit() if line.what == "wish"]
        assert isinstance(ledger.verify(), Head)
    assert set(said) <= orders
    assert set(messages) == orders == set(wished), "order, message and audit come together or not at all"
    assert len(messages) == len(wished) == len(orders)
    book = sqlite3.connect(path)
    assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    book.close()


@pytest.mark.parametrize("rounds", [4, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
def test_every_committed_row_survives_and_nothing_is_half(tmp_path: Path, rounds: int) -> None:
    path = tmp_path / "orders.sqlite"
    chance = random.Random(rounds)
    said: list[str] = []
    total = 0
    for _ in range(rounds):
        if len(said) > 600:
            path, said = tmp_path / f"orders{total}.sqlite", []
        fresh = killed(path, chance.uniform(0, 0.15))
        said += fresh
        total += len(fresh)
        check(path, said)
    assert total >= 3 * rounds
