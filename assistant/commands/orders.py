"""`cabin orders`: the orders of this car."""

import argparse
import json
import sys

from assistant.config import load
from assistant.core.order import Order
from assistant.errors import LedgerError
from assistant.ledger.store import Ledger


def add(parser: argparse.ArgumentParser) -> None:
    """Take the form."""
    parser.add_argument("--json", action="store_true", help="JSON lines even on a terminal")


def run(options: argparse.Namespace) -> int:
    """Print one line an order, the latest change last."""
    path = load(options.config).state_dir() / "orders.sqlite"
    if not path.exists():
        raise LedgerError(f"{path}: there is no order book yet", "run the daemon, or name its folder in [paths] state")
    with Ledger(path, read_only=True) as ledger:
        for order in ledger.orders():
            print(
                _text(order)
                if sys.stdout.isatty() and not options.json
                else json.dumps(_json(order), ensure_ascii=False)
            )
    return 0


def _json(order: Order) -> dict[str, object]:
    amount = order.quote.amount if order.quote else None
    return {
        "id": order.id,
        "service": order.service,
        "method": order.method,
        "state": str(order.state),
        "rev": order.rev,
    } | ({} if amount is None else {"amount": str(amount)})


def _text(order: Order) -> str:
    amount = f"  {order.quote.amount}" if order.quote else ""
    return f"{order.id}  {order.service}.{order.method:<12} {order.state}{amount}"
