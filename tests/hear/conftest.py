import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.hear.wav import read_audio

SHARED = Path(os.environ.get("CABIN_SHARED", Path(__file__).parents[3] / "shared"))
SPEECH = SHARED / "data" / "speech" / "manifest.jsonl"

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def recordings() -> Callable[..., Rows]:
    """Return the manifest's rows whose fields are as given, each with its `path`."""
    if not SPEECH.is_file():
        pytest.skip("no recordings in ../shared")
    rows: Rows = [json.loads(line) for line in SPEECH.read_text("utf-8").splitlines()]
    for row in rows:
        row["path"] = SPEECH.parent / row["file"]

    def choose(**fields: object) -> Rows:
        return [row for row in rows if all(row.get(name) == value for name, value in fields.items())]

    return choose


@pytest.fixture(scope="session")
def sound() -> Callable[[dict[str, Any]], bytes]:
    """Return a row's sound as the house passes it on."""

    def read(row: dict[str, Any]) -> bytes:
        return read_audio(row["path"])

    return read
