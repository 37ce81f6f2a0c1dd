"""`cabin audit`: the hash chain of what was meant, agreed to, called and refused."""

import argparse
import json

from assistant.config import load
from assistant.errors import LedgerError
from assistant.ledger.audit import Broken
from assistant.ledger.store import Ledger


def add(parser: argparse.ArgumentParser) -> None:
    """Take what to do."""
    parser.add_argument("what", choices=("verify", "show"), help="verify: walk the whole chain; show: print its lines")
    parser.add_argument("--since", type=int, default=0, metavar="N", help="show lines after number N only")


def run(options: argparse.Namespace) -> int:
    """Return 0 for an unbroken chain."""
    path = load(options.config).state_dir() / "orders.sqlite"
    if not path.exists():
        raise LedgerError(f"{path}: there is no order book yet", "run the daemon, or name its folder in [paths] state")
    with Ledger(path, read_only=True) as ledger:
        if options.what == "show":
            for line in ledger.audit(options.since):
                print(
                    json.dumps(
                        {"number": line.seq, "at": line.at, "what": line.what, "facts": line.facts}, ensure_ascii=False
                    )
                )
            return 0
        found = ledger.verify()
    if isinstance(found, Broken):
        print(f"broken at line {found.seq}: {found.why}")
        return 1
    print(f"unbroken: {found.length} lines, head {found.hash}")
    return 0
