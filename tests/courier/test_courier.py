from dataclasses import replace
from pathlib import Path

import pytest

from assistant.core.consent import Consent
from assistant.core.context import Connectivity
from assistant.core.limits import Bar
from assistant.core.money import Money
from assistant.core.order import OrderError, State
from assistant.courier import Alarm, Answered, ErasureDone, OrderChanged, Reached
from assistant.errors import LinkError
from assistant.ledger.audit import Head
from assistant.link.wire import Op, WireError
from tests.courier.world import EPOCH, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.online()
    return world


def test_a_wish_becomes_a_price_a_yes_an_order_and_a_receipt(world: World) -> None:
    order = world.quoted()
    assert world.courier.agree(world.yes(order)) is None
    assert world.order(order).state is State.SENT
    world.deliver()
    assert world.order(order).state is State.ACCEPTED
    world.hear(world.bridge.tell(order.id, State.IN_PROGRESS, facts={"driver": "李", "eta_min": 4}))
    world.hear(world.bridge.tell(order.id, State.DONE))

    done = world.order(order)
    assert (done.state, done.receipt is not None, done.facts["driver"]) == (State.DONE, True, "李")
    assert world.states(order) == [State.QUOTED, State.ACCEPTED, State.IN_PROGRESS, State.DONE]
    assert world.bridge.bought == {order.id: 1}
    assert world.ledger.outbox() == ()
    assert isinstance(world.ledger.verify(), Head)


def test_after_a_change_of_network_the_bridge_is_asked_before_anything_is_promised(world: World) -> None:
    world.notices.clear()

    world.courier.doubt()
    world.tick()
    assert world.notices == [Reached(Connectivity.LINK)]
    world.deliver()

    assert world.notices == [Reached(Connectivity.LINK), Reached(Connectivity.ONLINE)]


def test_a_row_leaves_the_outbox_only_when_the_bridge_has_answered(world: World) -> None:
    order = world.wish()
    world.radio.sent.clear()
    assert [message.order for message in world.ledger.outbox()] == [order.id]
    world.pass_time(5, deliver=False)
    assert len(world.radio.sent) >= 1
    assert len(world.ledger.outbox()) == 1
    world.deliver()
    assert world.ledger.outbox() == ()
    assert len({said.id for said in world.bridge.heard if said.op is Op.QUOTE}) == 1, "all tries bear one id"


def test_offline_the_wish_is_kept_and_priced_when_the_bridge_is_back(tmp_path: Path) -> None:
    world = World(tmp_path)
    order = world.wish()
    assert order.state is State.WISHED
    assert world.ledger.outbox() == ()
    world.pass_time(600)
    world.online()
    world.deliver()
    assert world.order(order).awaits_consent


def test_a_wish_nobody_wants_any_more_expires_and_is_never_ordered(tmp_path: Path) -> None:
    world = World(tmp_path)
    order = world.wish(within_s=60)
    world.pass_time(61)
    assert world.order(order).state is State.EXPIRED
    world.online()
    world.pass_time(30)
    assert world.bridge.orders == {}
    assert world.states(order) == [State.EXPIRED]


def test_after_three_days_without_a_radio_only_what_is_still_wanted_is_asked_for(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.offline()
    soon = [world.wish(within_s=3_600) for _ in range(20)]
    later = world.wish(within_s=80 * 3_600)
    for _ in range(72 * 6):
        world.tick(600)
    assert {world.order(order).state for order in soon} == {State.EXPIRED}
    assert len([n for n in world.notices if isinstance(n, OrderChanged)]) == len(soon), "each told once"
    assert world.ledger.outbox() == ()
    world.online()
    world.pass_time(5)
    assert world.order(later).awaits_consent
    assert {said.order for said in world.bridge.heard if said.order} == {later.id}


def test_a_price_that_lapsed_is_asked_for_again(world: World) -> None:
    order = world.quoted()
    first = order.quote
    world.bridge.price = 2_400
    world.pass_time(world.bridge.quote_s + 2)
    again = world.order(order)
    assert again.awaits_consent
    assert again.quote is not None
    assert again.quote != first
    assert again.quote.amount == Money(2_400, "CNY")


def test_a_yes_to_the_price_before_is_refused(world: World) -> None:
    order = world.quoted()
    late = world.yes(order)
    world.bridge.price = 2_351
    world.pass_time(world.bridge.quote_s + 2)
    with pytest.raises(OrderError):
        world.courier.agree(late)
    assert world.bridge.bought == {}


def test_a_cent_more_at_the_service_after_the_yes_comes_back_as_a_question(world: World) -> None:
    order = world.quoted()
    consent = world.yes(order)
    world.bridge.price = 2_351
    world.courier.agree(consent)
    world.deliver()
    again = world.order(order)
    assert again.awaits_consent
    assert world.bridge.bought == {}
    world.courier.agree(world.yes(again))
    world.deliver()
    assert world.order(order).state is State.ACCEPTED
    assert world.bridge.bought == {order.id: 1}


def test_a_yes_that_could_not_be_sent_in_time_is_asked_for_again(world: World) -> None:
    order = world.quoted()
    world.bridge.quote_s = 3_600
    world.offline()
    world.courier.agree(world.yes(order))
    assert world.order(order).state is State.CONSENTED
    world.pass_time(61)
    kept = world.order(order)
    assert (kept.state, kept.consent, kept.reason) == (State.WISHED, None, "consent_too_late")
    world.online()
    world.deliver()
    assert world.order(order).awaits_consent
    assert world.bridge.bought == {}


def test_a_yes_given_in_a_short_hole_of_the_radio_is_sent_after_it(world: World) -> None:
    order = world.quoted()
    world.offline()
    world.courier.agree(world.yes(order))
    world.pass_time(20)
    world.online()
    world.pass_time(2)
    assert world.order(order).state is State.ACCEPTED
    assert world.bridge.bought == {order.id: 1}


def test_no_answer_to_a_yes_is_unknown_never_repeated_and_settled_by_asking(world: World) -> None:
    order = world.quoted()
    world.courier.agree(world.yes(order))
    lost = world.radio.sent.pop()
    world.bridge.handle(lost)
    world.pass_time(70, deliver=False)
    world.radio.sent.clear()
    assert world.order(order).state is State.UNKNOWN
    before = len(world.bridge.heard)
    world.online()
    world.pass_time(15)
    assert world.order(order).state is State.ACCEPTED
    assert world.bridge.bought == {order.id: 1}
    assert Op.COMMIT not in {said.op for said in world.bridge.heard[before:]}


def test_a_yes_that_never_arrived_is_found_out_by_asking_and_asked_for_again(world: World) -> None:
    world.bridge.quote_s = 3_600
    order = world.quoted()
    world.courier.agree(world.yes(order))
    world.pass_time(70, deliver=False)
    world.radio.sent.clear()
    assert world.order(order).state is State.UNKNOWN
    world.online()
    world.pass_time(15)
    again = world.order(order)
    assert again.awaits_consent
    assert world.bridge.bought == {}


def test_an_order_the_bridge_has_forgotten_stays_unknown_and_raises_an_alarm(world: World) -> None:
    order = world.quoted()
    world.courier.agree(world.yes(order))
    world.radio.sent.clear()
    world.bridge.orders.clear()
    world.offline()
    world.pass_time(70)
    before = len(world.bridge.heard)
    world.online()
    world.pass_time(30)
    assert world.order(order).state is State.UNKNOWN
    assert [notice for notice in world.notices if isinstance(notice, Alarm)] == [Alarm("order_forgotten")]
    assert {said.op for said in world.bridge.heard[before:]} == {Op.PING, Op.STATUS}


def test_news_that_was_lost_is_found_by_asking(world: World) -> None:
    order = world.quoted()
    world.courier.agree(world.yes(order))
    world.deliver()
    world.bridge.tell(order.id, State.DONE)
    world.pass_time(70)
    assert world.order(order).state is State.DONE


def test_before_the_yes_cancelling_needs_no_bridge_and_after_it_the_bridge_decides(world: World) -> None:
    early, late = world.quoted(), world.quoted()
    world.courier.agree(world.yes(late))
    world.deliver()
    assert world.courier.cancel(early.id).state is State.CANCELLED
    assert world.courier.cancel(late.id).state is State.ACCEPTED
    world.deliver()
    assert world.order(late).state is State.CANCELLED
    assert world.bridge.orders[early.id].state is State.CANCELLED, "the bridge lets go of what it held"
    with pytest.raises(OrderError):
        world.courier.cancel(early.id)
    assert world.ledger.outbox() == ()


def test_a_cancelled_order_that_waited_to_be_sent_is_not_sent(world: World) -> None:
    order = world.quoted()
    world.offline()
    world.courier.agree(world.yes(order))
    world.courier.cancel(order.id)
    world.online()
    world.pass_time(5)
    assert world.bridge.bought == {}
    assert world.order(order).state is State.CANCELLED


def test_a_change_under_way_is_priced_read_back_and_agreed_to(world: World) -> None:
    order = world.quoted()
    with pytest.raises(OrderError):
        world.courier.alter(order.id, {"remove_stop": "x"})
    world.courier.agree(world.yes(order))
    world.deliver()
    world.bridge.price = 2_900
    world.courier.alter(order.id, {"add_stop": {"name": "bakery"}})
    world.deliver()
    changing = world.order(order)
    assert (changing.state, changing.awaits_consent) == (State.ACCEPTED, True)
    world.courier.agree(world.yes(changing))
    world.deliver()
    changed = world.order(order)
    assert not changed.awaits_consent
    assert changed.consent is not None
    assert changed.consent.amount == Money(2_900, "CNY")
    assert world.ledger.spent(1_000) == (Money(2_900, "CNY"),)


def test_above_the_limit_a_voice_pays_nothing_but_the_phone_does(world: World) -> None:
    world.bridge.price = 9_900
    order = world.quoted()
    spoken = world.yes(order)
    assert world.courier.agree(spoken) is Bar.SECOND_FACTOR
    assert world.courier.agree_by_phone(spoken) is Bar.NOT_APPROVED
    world.deliver()
    assert world.bridge.bought == {}
    world.courier.approve(order.id)
    world.deliver()
    assert world.order(order).approved == spoken.digest
    assert world.courier.agree_by_phone(spoken) is None
    world.deliver()
    assert world.bridge.bought == {order.id: 1}
    assert [line.what for line in world.ledger.audit()].count("barred") == 2


def test_above_the_limit_a_pin_pays_only_while_the_car_stands_and_locks(world: World) -> None:
    world.bridge.price = 9_900
    order = world.quoted()
    spoken = world.yes(order)
    assert world.courier.agree_with_pin(spoken, "4711", standstill=True) is Bar.NO_PIN
    world.courier.set_pin("4711")
    assert world.courier.agree_with_pin(spoken, "4711", standstill=False) is Bar.DRIVING
    assert world.courier.agree_with_pin(spoken, "0000", standstill=True) is Bar.WRONG_PIN
    world.kill()
    world.online()
    assert world.courier.agree_with_pin(spoken, "0000", standstill=True) is Bar.WRONG_PIN
    assert world.courier.agree_with_pin(spoken, "0000", standstill=True) is Bar.PIN_LOCKED
    assert world.courier.agree_with_pin(spoken, "4711", standstill=True) is Bar.PIN_LOCKED
    assert world.bridge.bought == {}
    world.courier.set_pin("4712")
    assert world.courier.agree_with_pin(spoken, "4712", standstill=True) is None
    world.deliver()
    assert world.bridge.bought == {order.id: 1}


def test_many_small_payments_do_not_add_up_past_the_day(world: World) -> None:
    world.bridge.price = 5_000
    for _ in range(4):
        order = world.quoted()
        assert world.courier.agree(world.yes(order)) is None
        world.deliver()
    fifth = world.quoted()
    assert world.courier.agree(world.yes(fifth)) is Bar.SECOND_FACTOR
    assert len(world.bridge.bought) == 4
    world.bridge.quote_s = 10**6
    world.at += 86_401
    world.bridge.now += 86_401
    world.offline()
    world.online()
    tomorrow = world.quoted()
    assert world.courier.agree(world.yes(tomorrow)) is None


def test_a_forged_consent_to_another_amount_is_refused(world: World) -> None:
    order = world.quoted()
    honest = world.yes(order)
    for forged in (
        replace(honest, amount=Money(1, "CNY")),
        replace(honest, payee="Eve"),
        replace(honest, digest="0" * 64),
        replace(honest, order=world.wish().id),
    ):
        assert isinstance(forged, Consent)
        with pytest.raises(OrderError):
            world.courier.agree(forged)
    world.deliver()
    assert world.bridge.bought == {}


def test_a_question_is_answered_or_given_up_and_never_queued(world: World) -> None:
    asked = world.courier.ask("weather", "forecast", {"day": "2026-11-22"})
    world.deliver()
    assert Answered(asked, {"asked": "forecast"}) in world.notices
    lost = world.courier.ask("weather", "forecast", {})
    world.radio.sent.clear()
    world.pass_time(9, deliver=False)
    assert Answered(lost, None, "timeout") in world.notices
    world.offline()
    with pytest.raises(LinkError):
        world.courier.ask("weather", "forecast", {})
    assert world.ledger.outbox() == ()


def test_what_may_not_leave_is_not_even_written_down(world: World) -> None:
    with pytest.raises(WireError):
        world.courier.wish("ride", "book", {"transcript": "x"}, 60)
    assert world.ledger.orders() == ()
    assert world.ledger.head().length == 0


def test_connectivity_is_told_once_and_online_needs_the_bridge(world: World) -> None:
    world.pass_time(10, deliver=False)
    world.pass_time(30, deliver=False)
    world.offline()
    told = [notice.connectivity for notice in world.notices if isinstance(notice, Reached)]
    assert told == [Connectivity.LINK, Connectivity.ONLINE, Connectivity.LINK, Connectivity.OFFLINE]


def test_while_the_bridge_is_silent_nothing_but_pings_goes_out(world: World) -> None:
    world.pass_time(40, deliver=False)
    assert world.courier.connectivity is Connectivity.LINK
    world.radio.sent.clear()
    order = world.wish()
    world.pass_time(20, deliver=False)
    assert order.state is State.WISHED
    assert {b'"op":"ping"' in raw for raw in world.radio.sent} == {True}


def test_erasing_removes_here_at_once_and_there_when_it_can(world: World) -> None:
    world.quoted()
    world.offline()
    assert world.courier.erase().kept == 0
    assert world.ledger.orders() == ()
    world.online()
    world.pass_time(3)
    assert ErasureDone("E-1") in world.notices
    assert world.bridge.erased == 1
    assert world.ledger.outbox() == ()


def test_an_audit_chain_other_than_the_one_the_bridge_keeps_is_alarming(world: World) -> None:
    order = world.quoted()
    world.pass_time(25)
    assert not [notice for notice in world.notices if isinstance(notice, Alarm)]
    world.ledger._book.execute("DELETE FROM audit WHERE seq > 1")
    world.pass_time(25)
    assert [notice for notice in world.notices if isinstance(notice, Alarm)] == [Alarm("audit_differs")]
    assert world.order(order).awaits_consent


def test_a_kill_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    for step in range(6):
        world = World(tmp_path / str(step))
        world.online()
        order = world.wish()
        world.kill() if step == 0 else None
        world.online()
        world.pass_time(3)
        order = world.order(order)
        world.kill() if step == 1 else None
        world.online()
        world.courier.agree(world.yes(order))
        world.kill() if step == 2 else None
        world.online()
        world.pass_time(3)
        world.kill() if step == 3 else None
        world.online()
        news = world.bridge.tell(order.id, State.IN_PROGRESS)
        world.kill() if step == 4 else None
        world.online()
        world.hear(news)
        world.bridge.tell(order.id, State.DONE)
        world.kill() if step == 5 else None
        world.online()
        world.pass_time(70)
        assert world.order(order).state is State.DONE, step
        assert world.bridge.bought == {order.id: 1}, step
        assert world.ledger.outbox() == ()


def test_a_reboot_with_a_mad_clock_neither_expires_nor_pays(world: World) -> None:
    order = world.wish(within_s=600)
    world.deliver()
    world.boot, world.at = "boot-2", 5.0
    world.kill()
    world.notices += world.courier.tick()
    assert world.order(order).state is State.QUOTED, "nothing expires on a clock that was never told"
    world.bridge.now += 3_600
    world.online()
    world.pass_time(2)
    assert world.order(order).state is State.EXPIRED
    assert world.bridge.bought == {}


def test_the_bridges_clock_is_used_for_what_is_sent(world: World) -> None:
    world.wish()
    world.deliver()
    said = next(said for said in world.bridge.heard if said.op is Op.QUOTE)
    assert EPOCH <= said.created <= EPOCH + 5
    assert [notice for notice in world.notices if isinstance(notice, OrderChanged)]
