"""Hundreds of lives of orders with lost, doubled, late and reordered messages, holes in the radio, and kills."""

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from assistant.core.order import OVER, UNSENT, State
from assistant.courier import OrderChanged
from assistant.errors import CabinError
from assistant.ledger.audit import Head
from tests.courier.world import World

ALIVE = (State.ACCEPTED, State.IN_PROGRESS, State.DONE)


class Storm:
    """One drive through bad weather."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = World(folder, seed)
        self.chance = random.Random(seed)
        self.late: list[bytes] = []
        self.agreed: set[str] = set()

    def post(self) -> None:
        """Deliver what is on the way: each message may be lost, doubled or late, and so may its answer."""
        sent, self.world.radio.sent[:] = list(self.world.radio.sent), []
        for raw in sent:
            for _ in range(self.chance.choice([0, 1, 1, 1, 2])):
                try:
                    self.late += self.world.bridge.handle(raw)
                except CabinError:
                    continue
        self.chance.shuffle(self.late)
        for reply in [self.late.pop() for _ in range(self.chance.randint(0, len(self.late)))]:
            for _ in range(self.chance.choice([0, 1, 1, 1, 3])):
                self.world.hear(reply)
            if self.chance.random() < 0.1:
                self.late.append(reply)

    def person(self) -> None:
        """Do what a person might do now."""
        world, orders = self.world, self.world.ledger.orders()
        order = self.chance.choice(orders) if orders else None
        try:
            match self.chance.randrange(8):
                case 0 | 1 if len(orders) < 6:
                    world.wish(within_s=self.chance.choice([30, 300, 3_600]))
                case 2 | 3 | 4 if order and order.awaits_consent:
                    consent = world.yes(order)
                    self.agreed.add(consent.digest)
                    world.courier.agree(consent)
                case 5 if order and self.chance.random() < 0.3:
                    world.courier.cancel(order.id)
                case 6 if order:
                    world.courier.alter(order.id, {"remove_stop": "x"})
        except (CabinError, AssertionError):
            pass

    def fate(self) -> None:
        """Let something happen outside."""
        world = self.world
        match self.chance.randrange(12):
            case 0:
                world.offline()
            case 1 | 2:
                world.radio.up = True
                world.notices += world.courier.linked(world.courier.connectivity.LINK)
            case 3:
                world.kill()
            case 4:
                world.bridge.price = self.chance.choice([2_350, 2_351, 4_000])
            case 5:
                live = [key for key, held in world.bridge.orders.items() if held.state in ALIVE[:2]]
                if live:
                    self.late.append(world.bridge.tell(self.chance.choice(live), self.chance.choice(ALIVE[1:])))
            case 6:
                world.boot, world.at = f"boot-{self.chance.random()}", self.chance.uniform(1, 100)
                world.kill()

    def check(self) -> None:
        """Hold the car to what may never happen."""
        for order in self.world.ledger.orders():
            held = self.world.bridge.orders.get(order.id)
            assert order.rev <= (held.rev if held else 0)
            if order.state is State.DONE:
                assert held is not None
                assert order.receipt == held.receipt
        for held in self.world.bridge.orders.values():
            assert held.bound == "" or held.bound in self.agreed, "bought without a yes to this price"

    def calm(self) -> None:
        """Let the weather pass and everything settle."""
        self.late.clear()
        self.world.radio.sent.clear()
        self.world.online()
        self.world.pass_time(150)


def drive(folder: Path, seed: int) -> int:
    """Drive once; return how many orders were bought."""
    storm = Storm(folder, seed)
    storm.world.online()
    for _ in range(120):
        storm.person()
        storm.fate()
        storm.world.tick(storm.chance.choice([0.1, 1, 5, 20]))
        storm.post()
        storm.check()
    storm.calm()
    storm.check()
    world = storm.world
    for key, held in world.bridge.orders.items():
        order = world.order(key)
        if held.bound:
            assert order.state not in UNSENT, f"bought and not known: {order}"
            assert order.state is held.state, f"the car says {order.state}, the bridge {held.state}"
        assert order.state is not State.UNKNOWN
    assert set(world.bridge.bought.values()) <= {1}
    assert isinstance(world.ledger.verify(), Head)
    assert not [message for message in world.ledger.outbox() if world.order(message.order).state in OVER]
    for notice in world.notices:
        if isinstance(notice, OrderChanged) and notice.after.state is State.DONE:
            assert notice.after.receipt is not None
    return len(world.bridge.bought)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder in memory where there is one: what survives a power cut is tests/ledger's matter."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


@pytest.mark.parametrize("first", [0, pytest.param(1_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_nothing_is_lost_nothing_is_bought_without_a_yes_and_the_car_ends_knowing_the_truth(
    folder: Path, first: int
) -> None:
    seeds = range(first, first + (500 if first else 8))
    bought = sum(drive(folder / str(seed), seed) for seed in seeds)
    assert bought > len(seeds)
