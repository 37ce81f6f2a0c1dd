"""Every word the dialogue may need is there, in every language."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assistant import errors
from assistant.core.consent import NoConsent
from assistant.core.headunit import Timer
from assistant.core.limits import Bar
from assistant.core.plan import Plan
from assistant.core.text import LANGUAGES, Language, Phrase
from assistant.dialogue import machine
from assistant.dialogue.outcome import SPOKEN, TROUBLE
from assistant.dialogue.planning import take_back
from assistant.languages.pack import load
from assistant.speak.words import SPEECHLESS, render
from tests.dialogue.conftest import BACK, CALL, Warm

SOURCES = Path(machine.__file__).parents[1]


def constants(name: str, keyword: str) -> Iterator[str]:
    """Yield every literal given to calls of `name` as first argument (keyword "") or as `keyword`."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                given = [word.value for word in node.keywords if word.arg == keyword] if keyword else node.args[:1]
                yield from (
                    value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)
                )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_of_the_dialogue_has_words(language: Language) -> None:
    said = {key for key in constants("Phrase", "") if key.split(".")[0] in {"dialogue", "error", "topic"}}
    errors = {str(error.phrase) for error in _tree()}

    assert len(said) > 10
    assert sorted((said | errors | TROUBLE | set(SPOKEN.values())) - set(load(language).phrases)) == []


def _tree() -> Iterator[type[errors.CabinError]]:
    todo = [errors.CabinError]
    while todo:
        error = todo.pop()
        yield error
        todo += error.__subclasses__()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words(language: Language) -> None:
    reasons = {*constants("Outcome", "reason"), *(word.value for word in NoConsent), *(word.value for word in Bar)} - {
        "",
        "not_tried",
    }

    assert sorted(f"reason.{reason}" for reason in reasons if f"reason.{reason}" not in load(language).phrases) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_undone_has_a_name(language: Language) -> None:
    undoable = [
        path.stem
        for path in (SOURCES / "skills").glob("[a-z]*.py")
        if re.search(r"undo=(undo|tuple|\()|_car import[^)]*\bact\b", path.read_text())
    ]

    assert len(undoable) > 8
    assert [name for name in undoable if f"topic.{name}" not in load(language).phrases] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["timer", "alarm", "reminder"])
@pytest.mark.parametrize("text", ["", "pasta"])
def test_whatever_is_due_can_be_said(language: Language, kind: str, text: str) -> None:
    timer = Timer("t", datetime(2026, 11, 21, 8, tzinfo=UTC), kind, text, 600.0 if kind == "timer" else None)

    words = render(machine.due(timer), language, date(2026, 11, 21))

    assert words not in SPEECHLESS.values()
    assert text in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_undoing_says_what(language: Language) -> None:
    plan = take_back(Plan(Warm(), (CALL,), Phrase("warm.done"), undo=(BACK,)))

    assert render(plan.done, language, date(2026, 11, 21)) not in SPEECHLESS.values()
