import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.linear import Linear
from assistant.bench.rows import OOS, SEVERAL, answered, rows, taken_for
from assistant.bench.understand import Data, run
from assistant.core.context import Context
from assistant.core.ports import Cancel
from assistant.core.request import Request, Understanding
from assistant.core.text import Language, Transcript
from assistant.errors import UsageError

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
CONTEXTS: Mapping[Language, Context] = {"en": Context(at=0, now=NOW), "zh": Context(at=0, now=NOW, language="zh")}


@dataclass(frozen=True, slots=True)
class Warm(Request):
    labels = ("climate.control",)


@dataclass(frozen=True, slots=True)
class Play(Request):
    labels = ("media.play", "media.control")


@dataclass(frozen=True, slots=True)
class Chat(Request):
    labels = ()


REQUESTS: tuple[type[Request], ...] = (Warm, Play, Chat)
WORDS: Mapping[str, Request] = {"warm": Warm(), "play": Play(), "hello": Chat(), "暖": Warm()}


def _understand(transcript: Transcript, context: Context, cancel: Cancel) -> Understanding:
    return Understanding(tuple(request for word, request in WORDS.items() if word in transcript.text))


def _file(path: Path, *entries: tuple[str, str, str]) -> Path:
    path.write_text(
        "\n".join(json.dumps({"text": text, "lang": lang, "intent": intent}) for text, lang, intent in entries),
        encoding="utf-8",
    )
    return path


def _run(path: Path, **options: Any) -> dict[str, Any]:
    return run(Data(path, **options), _understand, REQUESTS, CONTEXTS)


def test_every_figure_is_counted_by_hand(tmp_path: Path) -> None:
    path = _file(
        tmp_path / "rows.jsonl",
        ("warm it", "en", "climate.control"),  # right
        ("heat it", "en", "climate.control"),  # silent
        ("play", "en", "media.control"),  # right by the second label
        ("warm and play", "en", "media.play"),  # taken for several
        ("what a nice day", "en", "travel.ticket"),  # right: nobody answers it
        ("play dead", "en", "oos.open"),  # acts out of scope
        ("暖", "zh", "climate.control"),  # right
        ("再见", "zh", "general.goodbye"),  # right
    )

    found = _run(path)

    assert found["accuracy"] == {"en": 0.5, "zh": 1.0}
    assert found["accuracy_in_scope"] == {"en": 0.5, "zh": 1.0}
    assert found["oos_acts"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["precision"] == {"en": 0.5, "zh": 1.0}
    assert found["labels"]["en"]["climate.control"] == {"rows": 2, "recall": 0.5, "precision": 1.0}
    assert found["confusions"]["en"] == [
        {"label": "media.play", "taken_for": SEVERAL, "rows": 1},
        {"label": OOS, "taken_for": "media.play", "rows": 1},
    ]
    assert set(found["ms"]) == {"p50", "p95", "p99"}
    assert set(found["baseline"]) >= {"accuracy", "accuracy_in_scope", "oos_acts"}


def test_several_requests_are_right_only_if_all_answer_the_label() -> None:
    assert taken_for((Warm(), Warm()), "climate.control") == "climate.control"
    assert taken_for((Warm(), Play()), "climate.control") == SEVERAL
    assert taken_for((Warm(), Play()), SEVERAL) == SEVERAL
    assert taken_for((Warm(),), SEVERAL) == "climate.control"
    assert taken_for((Chat(),), "climate.control") == OOS
    assert taken_for((), OOS) == OOS


def test_a_request_without_a_label_that_answers_out_of_scope_still_acts(tmp_path: Path) -> None:
    found = _run(_file(tmp_path / "rows.jsonl", ("hello", "en", "oos.open")))

    assert found["oos_acts"] == 1.0


def test_labels_that_no_class_answers_are_out_of_scope() -> None:
    assert answered(REQUESTS) == {"climate.control", "media.play", "media.control", SEVERAL}


def test_gzip_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write('{"text": "warm", "lang": "en", "intent": "climate.control"}\n\n')

    assert [row.text for row in rows(path)] == ["warm"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"text": "a"}',
        '{"text": "a", "lang": "fr", "intent": "b"}',
        '{"text": 1, "lang": "en", "intent": "b"}',
    ],
)
def test_a_broken_row_is_named_with_the_mend(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"text": "a", "lang": "en", "intent": "b"}}\n{line}\n', encoding="utf-8")

    with pytest.raises(UsageError, match=r"rows\.jsonl:2") as caught:
        list(rows(path))

    assert caught.value.mend


@pytest.mark.parametrize("name", ["missing.jsonl", "cut.jsonl.gz"])
def test_a_file_that_cannot_be_read_is_an_error_and_no_traceback(tmp_path: Path, name: str) -> None:
    tmp_path.joinpath("cut.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n' * 100)[:40])

    with pytest.raises(UsageError):
        list(rows(tmp_path / name))


def test_the_baseline_learns_what_is_easy_and_guesses_what_it_saw_before() -> None:
    model = Linear(
        ["turn it up", "louder please", "turn it down", "quieter please"] * 3, ["up", "up", "down", "down"] * 3
    )

    assert [model.guess(text) for text in ("louder", "quieter", "turn it up")] == ["up", "down", "up"]
    assert Linear([], []).guess("anything") == ""


def test_the_baseline_may_learn_from_other_rows(tmp_path: Path) -> None:
    train = _file(
        tmp_path / "train.jsonl",
        *[("make it warm", "en", "climate.control"), ("good bye", "en", "general.goodbye")] * 4,
    )
    path = _file(tmp_path / "rows.jsonl", ("warm", "en", "climate.control"), ("bye", "en", "general.goodbye"))

    assert _run(path, train=train)["baseline"]["accuracy"]["en"] == 1.0
