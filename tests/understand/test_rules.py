import gzip
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import pytest

from assistant.core.context import Context
from assistant.core.text import LANGUAGES, Language
from assistant.skills import by_request
from assistant.understand.rules import Rules

CONTEXT = Context(at=0, now=datetime(2026, 11, 21, 15, tzinfo=UTC))
SHARED = Path(os.environ.get("CABIN_SHARED", Path(__file__).parents[2] / ".." / "shared"))
RULES = Rules(by_request())


def test_a_grammar_is_compiled_once_while_the_names_stay() -> None:
    one = RULES.grammar("en", {"contact": ("Bob",)})

    assert RULES.grammar("en", {"contact": ("Bob",)}) is one
    assert RULES.grammar("en", {"contact": ("Bob", "Anna")}) is not one


def test_the_graph_follows_the_names() -> None:
    one = RULES.graph("en", {"contact": ("Bob",)})

    assert RULES.graph("en", {"contact": ("Bob",)}) is one
    assert "anna" not in one.vocabulary
    assert "anna" in RULES.graph("en", {"contact": ("Anna",)}).vocabulary


def test_a_graph_that_is_full_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    one = RULES.graph("en", {"contact": ("Bob",)})
    monkeypatch.setattr("assistant.languages.graph.MOST_STATES", 50)

    one.following(one.start)
    assert one.full
    other = RULES.graph("en", {"contact": ("Bob",)})
    assert other is not one
    assert not other.full
    assert {*other.following(other.start)} == {*one.following(one.start)}


@pytest.mark.shared
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_takes_a_bounded_number_of_calls(language: Language) -> None:
    path = SHARED / "data" / "nlu" / "dev.jsonl.gz"
    if not path.exists():
        pytest.skip("needs ../shared")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [row["text"] for row in map(json.loads, file) if row["lang"] == language][:600]
    RULES.read("warm", language, CONTEXT)

    spent = sorted(calls(text, language) for text in texts)

    assert spent[len(spent) // 2] < 20_000
    assert spent[int(len(spent) * 0.95)] < 400_000


def calls(text: str, language: Language) -> int:
    """Count the functions of Python that reading `text` calls: its work, whatever else the machine does."""
    count = 0

    def one(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(one)
    try:
        RULES.read(text, language, CONTEXT)
    finally:
        sys.setprofile(None)
    return count
