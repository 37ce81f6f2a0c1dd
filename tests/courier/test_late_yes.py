"""A yes that waits in the broker while the car wonders: nothing is bought behind the car's back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core.order import Order, State
from assistant.courier.courier import COMMIT_S
from assistant.errors import CabinError
from assistant.link.wire import FROM_CAR, Envelope, Op, decode
from tests.courier.world import World


class Queue:
    """A broker that lets everything through but yeses, which it keeps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kept: list[bytes] = []
        self.asked_at: list[float] = []

    def deliver(self) -> None:
        while self.world.radio.sent:
            raw = self.world.radio.sent.pop(0)
            match decode(raw, FROM_CAR).op:
                case Op.COMMIT:
                    self.kept.append(raw)
                    continue
                case Op.STATUS:
                    self.asked_at.append(self.world.bridge.now)
            for reply in self.world.bridge.handle(raw):
                self.world.hear(reply)

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.tick()
            self.deliver()

    def copies(self) -> list[Envelope]:
        return [decode(raw, FROM_CAR) for raw in self.kept]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.online()
    yield world
    world.ledger.close()


@pytest.fixture
def order(world: World) -> Order:
    return world.quoted()


@pytest.fixture
def queue(world: World, order: Order) -> Queue:
    assert world.courier.agree(world.yes(order)) is None
    queue = Queue(world)
    queue.deliver()
    return queue


@pytest.mark.parametrize("trouble", ["calm", "reconnects", "killed"])
def test_the_car_asks_where_an_order_stands_only_when_no_copy_of_its_yes_can_count_any_more(
    world: World, order: Order, queue: Queue, trouble: str
) -> None:
    for _ in range(12):
        if trouble == "reconnects":
            world.offline()
            world.radio.up = True
            world.notices += world.courier.linked(world.courier.connectivity.LINK)
        if trouble == "killed":
            world.kill()
            world.notices += world.courier.linked(world.courier.connectivity.LINK)
        queue.pass_time(10)

    assert queue.asked_at
    assert min(queue.asked_at) >= max(copy.expires for copy in queue.copies())
    for raw in queue.kept:
        with pytest.raises(CabinError):
            world.bridge.handle(raw)
    assert world.bridge.bought == {}
    assert world.order(order).state is not State.UNKNOWN


def test_one_refused_copy_of_a_yes_does_not_end_the_waiting_for_the_other(
    world: World, order: Order, queue: Queue
) -> None:
    copy = queue.copies()[0]
    world.hear(world.bridge.envelope(Op.PROBLEM, copy.id, order.id, 0, {"reason": "expired"}))
    queue.pass_time(5)
    assert world.order(order).state is State.SENT
    assert queue.asked_at == []

    for reply in world.bridge.handle(queue.kept[0]):
        world.hear(reply)

    assert world.order(order).state is State.ACCEPTED
    assert world.bridge.bought == {order.id: 1}


def test_an_answer_to_a_status_asked_earlier_does_not_lead_out_of_a_yes_that_is_under_way(
    world: World, order: Order, queue: Queue
) -> None:
    held = world.bridge.orders[order.id]
    world.hear(world.bridge.envelope(Op.ORDER, queue.copies()[0].id[:-1] + "0", order.id, held.rev, held.to_json()))

    assert world.order(order).state is State.SENT


def test_a_yes_that_counts_after_all_is_told_even_if_the_car_had_turned_away(
    world: World, order: Order, queue: Queue
) -> None:
    """A bridge whose clock is far behind takes it although its time is past."""
    queue.pass_time(int(COMMIT_S) + 30)
    assert world.order(order).state is State.QUOTED

    world.bridge.now -= COMMIT_S + 30
    for reply in world.bridge.handle(queue.kept[0]):
        world.hear(reply)

    assert world.order(order).state is State.ACCEPTED
    assert world.states(order)[-1] is State.ACCEPTED
    assert world.order(order).reason == "unasked"
