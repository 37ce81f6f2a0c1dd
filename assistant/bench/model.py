"""What a language model costs and, at a glance, is worth: memory, the time that its kept prefix saves, and a few sentences."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from assistant.bench.rows import Row, answered
from assistant.bench.tally import Score
from assistant.core.context import Context
from assistant.core.text import Language, Transcript
from assistant.errors import CabinError
from assistant.understand.layers import Layers
from assistant.understand.qwen import Qwen
from assistant.understand.rules import Rules
from assistant.worker import Token

ASKED: Final = 40
READY_S: Final = 300.0

Start = Callable[[Path], Qwen]
"""A folder for evaluated prefixes to a process that has just been started."""


def cost(start: Start, rules: Rules, rows: Sequence[Row], contexts: Mapping[Language, Context]) -> dict[str, Any]:
    """Return figures of the rows by the model alone, resident megabytes, and milliseconds to the first answer.

    That is of a process that knows no prefix and of one that finds it on disk; a small model of ours has none to keep.
    """
    score = Score(answered(rules.requests))
    with tempfile.TemporaryDirectory() as folder:
        model = start(Path(folder))
        try:
            cold_ms = _first_ms(model, rows[0])
            alone = Layers(rules, model).by_model
            for row in rows[1:]:
                began = time.perf_counter()
                understood = alone(Transcript(row.text, row.language), contexts[row.language], Token())
                score.count(row, understood, (time.perf_counter() - began) * 1000)
            resident_mb = model.resident_mb
        finally:
            model.close()
        again = start(Path(folder))
        try:
            restored_ms = _first_ms(again, rows[0])
        finally:
            again.close()
    return {**score.figures(), "resident_mb": resident_mb, "first_ms": {"cold": cold_ms, "prefix_on_disk": restored_ms}}


def _first_ms(model: Qwen, row: Row) -> float:
    """Return how long a fresh process takes to its first answer, loading included."""
    began = time.perf_counter()
    while time.perf_counter() - began < READY_S:
        try:
            model(row.text, row.language, Token())
            break
        except CabinError:
            time.sleep(0.05)
    return round((time.perf_counter() - began) * 1000, 1)
