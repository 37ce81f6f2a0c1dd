import gzip
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

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
def test_a_sentence_takes_a_few_milliseconds(language: Language) -> None:
    path = SHARED / "data" / "nlu" / "dev.jsonl.gz"
    if not path.exists():
        pytest.skip("needs ../shared")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [row["text"] for row in map(json.loads, file) if row["lang"] == language][:600]
    spent = []
    for text in ("warm", *texts):
        began = time.process_time()
        RULES.read(text, language, CONTEXT)
        spent.append(time.process_time() - began)

    spent = sorted(spent[1:])
    assert spent[len(spent) // 2] < 0.005
    assert spent[int(len(spent) * 0.95)] < 0.02  # twice what an idle machine shows; caches are cold here
