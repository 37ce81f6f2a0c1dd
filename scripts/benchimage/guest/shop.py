"""Orders in the guest: what the car's book says, what the companies really did, and the radio between them."""

from pathlib import Path
from typing import Any, Final

from assistant.core.order import OVER, Order, State
from assistant.ledger.store import Ledger
from scripts.benchimage.guest.units import run

BOOK: Final = Path("/var/lib/cabin/orders.sqlite")
BRIDGE_DB: Final = "sqlite:/var/lib/cabin-bridge/bridge.db"
CARS_PORT: Final = 8883
CUT: Final = f"""table inet tunnel {{
  chain link {{
    type filter hook input priority 0;
    tcp dport {CARS_PORT} drop
    tcp sport {CARS_PORT} drop
  }}
}}
"""


def orders() -> list[Order]:
    """Return the orders of the car's book, the oldest first."""
    if not BOOK.exists():
        return []
    with Ledger(BOOK, read_only=True) as ledger:
        return list(ledger.orders())


def settled(order: Order) -> bool:
    """Tell whether it has a receipt or has ended without one."""
    return order.state in OVER or (order.receipt is not None and order.state in {State.IN_PROGRESS, State.DONE})


def story(order: Order) -> dict[str, Any]:
    """Return what is to be judged of an order: the car's word and the companies' books."""
    from assistant.bridge.effects import effects  # noqa: PLC0415 - SQLAlchemy takes seconds to load here

    booked, paid = effects(BRIDGE_DB).get(order.id, (0, 0))
    return {
        "order": order.id,
        "state": str(order.state),
        "receipt": order.receipt is not None,
        "charged_minor": None if order.receipt is None else order.receipt.charged.minor,
        "bookings": booked,
        "paid_minor": paid,
    }


def cut() -> None:
    """Let nothing more through between car and broker, without a word to either."""
    run("nft", "-f", "-", told=CUT)


def mend() -> None:
    """Let everything through again."""
    run("nft", "delete", "table", "inet", "tunnel")


def slow_down(seconds: float) -> None:
    """Let every step at a company take so long, so that an order is in the middle for a while; 0 ends it."""
    fault = ("none",) if not seconds else ("slow", "--value", str(seconds))
    run("runuser", "-u", "cabin-bridge", "--", "/usr/bin/cabin-bridge", "--db", BRIDGE_DB, "fault", *fault)


def audit() -> str:
    """Return the verdict on the hash chain, by the command that an owner would use."""
    return run(
        *("runuser", "-u", "cabin", "--", "env", f"STATE_DIRECTORY={BOOK.parent}", "/usr/bin/cabin", "audit", "verify")
    ).strip()
