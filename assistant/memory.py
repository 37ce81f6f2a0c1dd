"""What is remembered of a person: preferences and timers, as a mapping over the order book."""

import logging
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from assistant.errors import LedgerError
from assistant.ledger.store import Ledger

log = logging.getLogger(__name__)


class Preferences(MutableMapping[str, str]):
    """Reads come from memory, writes go through to the ledger; where that fails the change lasts until the next start.

    Reading is allowed from any thread, writing from the ledger's alone.
    """

    def __init__(self, ledger: Ledger | None) -> None:
        """Load what the ledger holds; None remembers nothing beyond this run."""
        self._ledger = ledger
        self._values = dict(ledger.preferences()) if ledger else {}

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._values = {**self._values, key: value}
        self._write(key, value)

    def __delitem__(self, key: str) -> None:
        self._values = {name: value for name, value in self._values.items() if name != key}
        self._write(key, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _write(self, key: str, value: str) -> None:
        if self._ledger is None:
            return
        try:
            with self._ledger.change() as change:
                change.prefer(key, value)
        except LedgerError as error:
            log.warning("a preference lasts only until the next start: %s", error)


def open_ledger(path: Path) -> Ledger | None:
    """Open the order book; None, with a warning, where it cannot be used: commands go on, orders are refused."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Ledger(path)
    except (LedgerError, OSError) as error:
        log.warning("no order book, so nothing is remembered and nothing can be ordered: %s", error)
        return None
