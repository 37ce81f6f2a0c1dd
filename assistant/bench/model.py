"""What the language model costs: memory, and the time that its kept prefix saves."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from assistant.bench.rows import Row
from assistant.bench.tally import quantiles
from assistant.errors import CabinError
from assistant.understand.qwen import Qwen
from assistant.worker import Token

ASKED: Final = 40
READY_S: Final = 300.0

Start = Callable[[Path], Qwen]
"""A folder for evaluated prefixes to a process that has just been started."""


def cost(start: Start, rows: Sequence[Row]) -> dict[str, Any]:
    """Return resident megabytes, and milliseconds to the first answer of a process that knows no prefix, of one that finds it on disk, and then."""
    with tempfile.TemporaryDirectory() as folder:
        cold_ms, kept, resident_mb = _measured(start, Path(folder), rows)
        restored_ms, _, _ = _measured(start, Path(folder), rows[:1])
    return {
        "resident_mb": resident_mb,
        "prefix_cache_ms": {"first_cold": cold_ms, "first_restored": restored_ms, "kept": quantiles(kept)},
    }


def _measured(start: Start, folder: Path, rows: Sequence[Row]) -> tuple[float, list[float], float]:
    """Ask a fresh process; return the first answer's time, the others' and its memory."""
    model = start(folder)
    try:
        began = time.perf_counter()
        while time.perf_counter() - began < READY_S and not _asked(model, rows[0]):
            pass
        first_ms = round((time.perf_counter() - began) * 1000, 1)
        kept = []
        for row in rows[1:ASKED]:
            before = time.perf_counter()
            if _asked(model, row):
                kept.append((time.perf_counter() - before) * 1000)
        return first_ms, kept, model.resident_mb
    finally:
        model.close()


def _asked(model: Qwen, row: Row) -> bool:
    """Ask one sentence; tell whether there was an answer in time."""
    try:
        model(row.text, row.language, Token())
    except CabinError:
        return False
    return True
