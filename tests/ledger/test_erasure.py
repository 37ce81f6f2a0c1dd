from dataclasses import replace
from pathlib import Path

from assistant.core.order import State
from assistant.ledger.audit import Head
from assistant.ledger.change import Erased
from assistant.ledger.store import Ledger
from tests.ledger.rows import a_message, an_order

SECRETS = ("Elm Street 7", "Ms Planted", "hauptbahnhof-geheim")


def planted(ledger: Ledger, state: State) -> str:
    """Write an order full of secrets."""
    order = replace(an_order(state), body={"passenger": SECRETS[1], "destination": {"name": SECRETS[2]}})
    with ledger.change() as change:
        change.put(order)
        change.post(replace(a_message(order.id), body={"args": {"name": SECRETS[2]}}))
        change.prefer("home", SECRETS[0])
        change.keep("pin", {"hash": SECRETS[0]})
        change.record("wish", {"order": order.id})
    return order.id


def on_disk(ledger: Ledger) -> bytes:
    """Return every byte of the book's files."""
    return b"".join(path.read_bytes() for path in sorted(ledger.path.parent.glob("orders.sqlite*")))


def erase(ledger: Ledger) -> Erased:
    with ledger.change() as change:
        erased = change.forget()
    ledger.wipe()
    return erased


def test_nothing_of_a_person_is_left_in_the_file_or_its_log(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "orders.sqlite")
    ids = [planted(ledger, state) for state in (State.DONE, State.WISHED, State.CANCELLED, State.QUOTED)]
    assert all(secret.encode() in on_disk(ledger) for secret in SECRETS)

    erased = erase(ledger)

    assert erased.kept == 0
    assert erased.rows >= 4 + 4 + 1 + 4
    left = on_disk(ledger)
    assert not [secret for secret in (*SECRETS, *ids) if secret.encode() in left]
    assert ledger.kept("pin") is None


def test_an_order_under_way_stays_until_it_is_over_and_goes_then(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "orders.sqlite")
    riding = planted(ledger, State.IN_PROGRESS)
    done = planted(ledger, State.DONE)

    assert erase(ledger).kept == 1
    assert ledger.order(done) is None
    order = ledger.order(riding)
    assert order is not None
    assert len(ledger.outbox()) == 1

    with ledger.change() as change:
        change.put(replace(order, state=State.CANCELLED, rev=9))
        change.silence(riding)
    ledger.tidy()
    ledger.wipe()
    assert ledger.orders() == ()
    assert not [secret for secret in SECRETS if secret.encode() in on_disk(ledger)]
    with ledger.change() as change:
        change.put(an_order(State.DONE))
    assert ledger.tidy() == 0, "erasing once does not erase for ever"


def test_the_audit_chain_goes_on_after_an_erasure(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "orders.sqlite")
    planted(ledger, State.DONE)
    before = ledger.head()
    erase(ledger)
    assert ledger.head().length > before.length
    assert isinstance(ledger.verify(before), Head)
    assert [line.what for line in ledger.audit()] == ["trimmed", "erased"]


def test_erasing_an_empty_book_is_fine(tmp_path: Path) -> None:
    assert erase(Ledger(tmp_path / "orders.sqlite")) == Erased(0, 0)
