import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ledger.audit import GENESIS, Broken, Head, Line, chain, verify
from assistant.ledger.store import Ledger

START = Head(0, GENESIS)


def lines(count: int) -> list[Line]:
    """Return a chain of so many lines."""
    made: list[Line] = []
    before = GENESIS
    for seq in range(1, count + 1):
        facts = {"order": f"o{seq}"}
        before = chain(before, seq, "2026-11-21T08:00:00+00:00", "wish", facts)
        made.append(Line(seq, "2026-11-21T08:00:00+00:00", "wish", facts, before))
    return made


def head_of(chained: list[Line]) -> Head:
    return Head(chained[-1].seq, chained[-1].hash)


def test_a_whole_chain_holds_up_to_its_head() -> None:
    whole = lines(20)
    assert verify(whole, START, [head_of(whole), head_of(whole[:7])]) == head_of(whole)


@given(st.integers(0, 19), st.sampled_from(["at", "what", "facts", "hash"]))
def test_an_edited_line_is_found_where_it_stands(place: int, field: str) -> None:
    edited = lines(20)
    line = edited[place]
    edited[place] = {
        "at": replace(line, at="2020"),
        "what": replace(line, what="consent"),
        "facts": replace(line, facts={"order": "other"}),
        "hash": replace(line, hash="f" * 64),
    }[field]
    found = verify(edited, START, [])
    assert isinstance(found, Broken)
    assert found.seq in {place + 1, place + 2}


@given(st.integers(0, 18))
def test_a_removed_line_is_found(place: int) -> None:
    cut = lines(20)
    del cut[place]
    assert verify(cut, START, []) == Broken(place + 1, "missing")


@given(st.permutations(range(6)))
def test_lines_in_another_order_are_found(order: list[int]) -> None:
    whole = lines(6)
    found = verify([whole[place] for place in order], START, [])
    assert isinstance(found, Head) is (order == sorted(order))


@given(st.integers(1, 19))
def test_a_cut_tail_is_found_against_a_known_head(length: int) -> None:
    whole = lines(20)
    assert isinstance(verify(whole[:length], START, []), Head)
    assert verify(whole[:length], START, [head_of(whole)]) == Broken(length + 1, "cut")


def test_a_chain_rewritten_as_a_whole_is_found_against_a_known_head() -> None:
    whole, forged = lines(20), lines(20)
    before = GENESIS
    for place, line in enumerate(forged):
        facts = {"order": "nothing happened"}
        before = chain(before, line.seq, line.at, line.what, facts)
        forged[place] = replace(line, facts=facts, hash=before)
    assert isinstance(verify(forged, START, []), Head)
    assert verify(forged, START, [head_of(whole)]) == Broken(20, "edited")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "orders.sqlite")
    with ledger.change() as change:
        for number in range(50):
            change.record("wish", {"order": str(number)})
    return ledger


@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ('UPDATE audit SET facts=\'{"order":"99"}\' WHERE seq=7', 7),
        ("UPDATE audit SET at='2020' WHERE seq=7", 7),
        ("DELETE FROM audit WHERE seq=7", 7),
        ("DELETE FROM audit WHERE seq > 40", 41),
        ("DELETE FROM audit", 1),
        (
            "UPDATE audit SET seq=1000 WHERE seq=7; UPDATE audit SET seq=7 WHERE seq=8; UPDATE audit SET seq=8 WHERE seq=1000",
            7,
        ),
        ("UPDATE audit SET facts='not json' WHERE seq=7", 0),
    ],
)
def test_a_book_edited_by_hand_is_found_out(ledger: Ledger, sql: str, seq: int) -> None:
    with ledger.change() as change:
        change.anchor(ledger.head())
    assert ledger.verify() == ledger.head()
    ledger.close()
    hand = sqlite3.connect(ledger.path)
    hand.executescript(sql)
    hand.close()
    with Ledger(ledger.path, read_only=True) as again:
        found = again.verify()
    assert isinstance(found, Broken)
    assert found.seq == seq


def test_a_trimmed_chain_still_holds_and_says_what_was_trimmed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.ledger.change.MAX_AUDIT", 40)
    before = ledger.head()
    assert ledger.tidy() == 30
    assert ledger.verify(before) == ledger.head()
    assert [line.what for line in ledger.audit(since=50)] == ["trimmed"]
    hand = sqlite3.connect(ledger.path)
    hand.executescript("DELETE FROM audit WHERE seq <= 35")
    hand.execute(
        "UPDATE meta SET value=json_set(value, '$.length', 35, '$.hash', ?) WHERE key='base'", (lines(1)[0].hash,)
    )
    hand.commit()
    assert isinstance(ledger.verify(before), Broken)


def test_verifying_is_fast_enough_for_years_of_use() -> None:
    whole = lines(20_000)
    began = time.perf_counter()
    verify(whole, START, [])
    assert time.perf_counter() - began < 2
