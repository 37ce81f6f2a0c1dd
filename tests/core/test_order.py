import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.consent import Consent
from assistant.core.money import Money
from assistant.core.order import (
    BRIDGE,
    CAR,
    OVER,
    UNSENT,
    Order,
    OrderError,
    Receipt,
    Snapshot,
    State,
    advance,
    consented,
    move,
)
from assistant.core.quote import Item, Quote, Refund

ID = "018bcfe5-6800-7ff6-89d6-e4968fde1234"
OTHER = "018bcfe5-6800-7ff6-89d6-e4968fde9999"
QUOTE = Quote("Didi", Money(2_350, "CNY"), (Item("ride", 2_350),), (Refund(0, 1_000), Refund(500)), 2_000)
RECEIPT = Receipt("R-1", Money(2_350, "CNY"), 1_500)


def order(state: State = State.WISHED, rev: int = 0, quote: Quote | None = None) -> Order:
    return Order(ID, "ride", "book", {}, datetime(2026, 11, 21, tzinfo=UTC), 3_600.0, state=state, rev=rev, quote=quote)


def snapshot(state: State, rev: int, quote: Quote | None = QUOTE) -> Snapshot:
    return Snapshot(ID, rev, state, quote, RECEIPT if state is State.DONE else None)


def consent_to(quote: Quote, order_id: str = ID) -> Consent:
    return Consent(order_id, quote.digest, "23.50 to Didi?", "yes", quote.amount, quote.payee, "en", 1_100)


def test_both_tables_know_every_state() -> None:
    assert set(CAR) == set(BRIDGE) == set(State)


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_the_car_does_only_what_its_table_allows(before: State, after: State) -> None:
    start = order(before)
    if after in CAR[before]:
        assert move(start, after, "why").state is after
    else:
        with pytest.raises(OrderError):
            move(start, after)


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_a_newer_snapshot_changes_only_what_the_table_allows(before: State, after: State) -> None:
    start = order(before, rev=3)
    moved = advance(start, snapshot(after, 4))
    assert (moved is not start) == (after in BRIDGE[before])
    assert moved.rev == (4 if after in BRIDGE[before] else 3)


@pytest.mark.parametrize("state", [State.SENT, State.ACCEPTED, State.IN_PROGRESS, State.CANCELLING, State.UNKNOWN])
def test_what_may_have_been_bought_is_never_dropped_or_expired_by_the_car(state: State) -> None:
    assert not CAR[state] & (UNSENT | OVER)


def test_no_state_leads_back_to_before_the_yes_without_the_bridge_quoting_again() -> None:
    for state in set(State) - UNSENT:
        assert not BRIDGE[state] & {State.WISHED, State.QUOTING, State.CONSENTED, State.SENT}


@settings(max_examples=200)
@given(st.data())
def test_late_doubled_and_reordered_snapshots_end_where_the_ordered_ones_do(data: st.DataObject) -> None:
    life = [State.QUOTED, State.ACCEPTED, State.IN_PROGRESS, State.IN_PROGRESS, State.DONE]
    messages = [snapshot(state, rev) for rev, state in enumerate(life, 1)]
    start = replace(order(State.SENT, 1, QUOTE), consent=consent_to(QUOTE))
    shuffled = data.draw(st.permutations(messages + data.draw(st.lists(st.sampled_from(messages), max_size=10))))
    seen = start
    for message in shuffled:
        after = advance(seen, message)
        assert after.rev >= seen.rev
        seen = after
    assert (seen.state, seen.rev, seen.receipt) == (State.DONE, 5, RECEIPT)


def test_a_snapshot_of_another_order_changes_nothing() -> None:
    start = order(State.SENT, 1)
    assert advance(start, replace(snapshot(State.DONE, 9), order=OTHER)) is start


def test_the_same_rev_counts_only_as_the_answer_to_a_question_about_an_unknown_order() -> None:
    unknown = replace(order(State.UNKNOWN, 1, QUOTE), consent=consent_to(QUOTE))
    assert advance(unknown, snapshot(State.QUOTED, 1)) is unknown
    settled = advance(unknown, snapshot(State.QUOTED, 1), asked=True)
    assert settled.state is State.QUOTED
    assert settled.awaits_consent
    sent = order(State.SENT, 1, QUOTE)
    assert advance(sent, snapshot(State.QUOTED, 1), asked=True) is sent


def test_a_price_that_rose_by_a_cent_after_the_yes_needs_another_yes() -> None:
    sent = replace(order(State.SENT, 1, QUOTE), consent=consent_to(QUOTE))
    dearer = replace(QUOTE, amount=Money(2_351, "CNY"))
    again = advance(sent, snapshot(State.QUOTED, 2, dearer))
    assert again.awaits_consent
    with pytest.raises(OrderError):
        consented(again, consent_to(QUOTE))
    assert consented(again, consent_to(dearer)).state is State.CONSENTED


def test_the_price_of_a_change_under_way_waits_for_a_yes_until_the_bridge_acts_upon_it() -> None:
    riding = replace(order(State.IN_PROGRESS, 3, QUOTE), consent=consent_to(QUOTE), bound=QUOTE.digest)
    dearer = replace(QUOTE, amount=Money(2_800, "CNY"))
    changing = advance(riding, replace(snapshot(State.IN_PROGRESS, 4, dearer), bound=QUOTE.digest))
    assert changing.awaits_consent
    agreed = consented(changing, consent_to(dearer))
    assert agreed.state is State.IN_PROGRESS
    assert not agreed.awaits_consent
    lapsed = advance(changing, replace(snapshot(State.IN_PROGRESS, 5, QUOTE), bound=QUOTE.digest))
    assert not lapsed.awaits_consent


def test_a_purchase_nobody_agreed_to_and_one_that_cost_more_are_named() -> None:
    assert advance(order(State.QUOTED, 1, QUOTE), snapshot(State.ACCEPTED, 2)).reason == "unasked"
    assert advance(order(State.EXPIRED, 1, QUOTE), snapshot(State.DONE, 2)).reason == "unasked"
    sent = replace(order(State.SENT, 1, QUOTE), consent=consent_to(QUOTE))
    dear = replace(snapshot(State.DONE, 2), receipt=Receipt("R-1", Money(2_351, "CNY"), 1_500))
    assert advance(sent, dear).reason == "overcharged"
    given_back = replace(dear, receipt=Receipt("R-1", Money(2_351, "CNY"), 1_500, Money(1, "CNY")))
    assert advance(sent, given_back).reason == ""


def test_a_consent_to_another_order_is_none() -> None:
    with pytest.raises(OrderError):
        consented(order(State.QUOTED, 1, QUOTE), consent_to(QUOTE, OTHER))


@pytest.mark.parametrize("state", State)
def test_a_snapshot_reads_back_as_it_was_written(state: State) -> None:
    said = replace(snapshot(state, 7), facts={"driver": "李", "eta_min": 4}, reason="busy", approved="a", bound="b")
    assert Snapshot.from_json(ID, 7, said.to_json()) == said


def test_done_without_a_receipt_is_not_believed() -> None:
    body = {**snapshot(State.DONE, 1).to_json(), "receipt": None}
    with pytest.raises(ValueError, match="evidence"):
        Snapshot.from_json(ID, 1, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(snapshot(State.DONE, 1).to_json())), JSON)
def test_a_malformed_snapshot_is_a_value_error_and_nothing_else(key: str, junk: object) -> None:
    with contextlib.suppress(ValueError):
        Snapshot.from_json(ID, 1, {**snapshot(State.DONE, 1).to_json(), key: junk})


@settings(max_examples=300)
@given(st.sampled_from(sorted(QUOTE.to_json())), JSON)
def test_a_quote_with_any_other_field_is_refused_by_its_digest(key: str, junk: object) -> None:
    data = QUOTE.to_json()
    try:
        assert Quote.from_json({**data, key: junk}) == QUOTE
    except ValueError:
        assert data[key] != junk or type(data[key]) is not type(junk)
