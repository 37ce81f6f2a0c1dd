import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.linear import Linear
from assistant.bench.model import cost
from assistant.bench.noise import Noise
from assistant.bench.rows import OOS, SEVERAL, Row, answered, measured, rows, sample, taken_for
from assistant.bench.slots import Slots
from assistant.bench.understand import Data, run
from assistant.core.context import Context
from assistant.core.ports import Cancel
from assistant.core.request import Request, Understanding
from assistant.core.text import Language, Transcript
from assistant.core.vehicle import Zone
from assistant.errors import UsageError
from assistant.skills import by_request
from assistant.skills.climate import SetTemperature
from assistant.skills.navigate import StartRoute
from assistant.understand.evidence import Evidence
from assistant.understand.rules import Rules
from tests.understand import qwen_file

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


def test_the_baseline_may_learn_from_other_rows_and_none_that_may_be_learnt_is_measured(tmp_path: Path) -> None:
    train = _file(
        tmp_path / "train.jsonl",
        *[("make it warm", "en", "climate.control"), ("good bye", "en", "general.goodbye")] * 4,
    )
    rows = [(text, "en", "climate.control") for text in ("warm it", "warm")]
    assert [measured(text) for text, _, _ in rows] == [True, False]
    path = _file(tmp_path / "rows.jsonl", *rows, ("bye", "en", "general.goodbye"))

    found = _run(path, train=train)

    assert found["rows"] == 2
    assert found["baseline"]["accuracy"]["en"] == 1.0
    assert _run(path)["rows"] == 3


def test_other_ways_are_measured_on_the_same_rows_and_what_is_asked_about_is_told_apart(tmp_path: Path) -> None:
    def unsure(transcript: Transcript, context: Context, cancel: Cancel) -> Understanding:
        return replace(_understand(transcript, context, cancel), unsure=True)

    path = _file(
        tmp_path / "rows.jsonl",
        ("warm it", "en", "climate.control"),
        ("play dead", "en", "oos.open"),
        ("暖", "zh", "oos.open"),
    )

    found = run(Data(path), _understand, REQUESTS, CONTEXTS, apart={"asking": unsure})

    assert (found["accuracy"], found["oos_acts"]) == ({"en": 0.5, "zh": 0.0}, 1.0)
    assert (found["asking"]["accuracy"], found["asking"]["oos_acts"]) == ({"en": 1.0, "zh": 1.0}, 0.0)
    assert found["asking"]["asks"] == {"en": 1.0, "zh": 1.0}
    assert found["asking"]["accuracy_unasked"] == {"en": 0.0, "zh": 0.0}


def test_a_draw_is_the_same_every_time_and_sources_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    entries = [
        {"text": f"warm {number}", "lang": "en", "intent": "climate.control", "source": "ab"[number % 2]}
        for number in range(40)
    ]
    path.write_text("\n".join(map(json.dumps, entries)))

    drawn = [row.text for row in sample(list(rows(path)), 10)]
    found = _run(path, most=10)

    assert drawn == [row.text for row in sample(list(rows(path)), 10)]
    assert (found["rows"], found["drawn_from"]) == (10, 40)
    assert sum(one["rows"] for one in found["sources"]["en"].values()) == 10


def test_noise_is_words_that_sound_alike_and_the_same_every_time() -> None:
    texts = ["turn the volume up", "tern off the fan", "a tern is a bird", "打开空调", "大开眼界"]
    found = [Row(text, "en" if text.isascii() else "zh", "oos.open") for text in texts] * 20

    first, second = ([noise(row).text for row in found] for noise in (Noise(found), Noise(found)))

    assert first == second
    assert 2 < sum(one != row.text for one, row in zip(first, found, strict=True)) < 60
    assert set(" ".join(first)) <= set(" ".join(texts))
    assert "tern the volume up" in first or "turn off the fan" in first


def test_a_marked_value_is_exact_if_its_words_and_no_more_say_it() -> None:
    slots = Slots(Evidence(Rules(by_request())))
    marked = {"temperature": ("twenty two",), "seat": ("driver",), "who": ("nobody",), "mood": ("cosy",)}
    row = Row("twenty two degrees for the driver and cosy", "en", "climate.control", "", marked)

    slots.count(row, (SetTemperature(degrees=22.0, zone=Zone.DRIVER),), CONTEXTS["en"])
    found = slots.figures()

    assert (found["marked"], found["exact"]) == (3, pytest.approx(2 / 3, abs=1e-3))
    assert found["names"]["mood"] == {"marked": 1, "exact": 0.0}
    assert found["sentences_exact"] == 0.0


@pytest.mark.parametrize(
    ("place", "exact"),
    [
        ("hot rod cafe at 2nd pkwy and main street", 3),
        ("2nd pkwy and main street", 2),
        ("the hot rod cafe at 2nd pkwy and main street", 0),
        ("hot rod cafe", 1),
    ],
)
def test_marks_for_one_field_are_exact_together_if_they_are_all_of_it(place: str, exact: int) -> None:
    slots = Slots(Evidence(Rules(by_request())))
    marked = {"Keyword": ("hot rod cafe",), "Address": ("2nd pkwy", "main street")}
    row = Row("route us to the hot rod cafe at 2nd pkwy and main street", "en", "navigation.start", "", marked)

    slots.count(row, (StartRoute(place=place),), CONTEXTS["en"])

    assert slots.figures()["with_a_field_exact"] == pytest.approx(exact / 3, abs=1e-3)


def test_what_a_model_costs_is_measured_on_a_process_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    from assistant.understand.qwen import Form, Qwen

    path = qwen_file.make(tmp_path / "tiny.gguf", "qwen3")
    found = cost(
        lambda folder: Qwen(path, by_request(), Form.SHORT, limit_s=20, cache=folder),
        Rules(by_request()),
        [Row("turn it up", "en", "climate.control"), Row("what a day", "en", "oos.open")],
        CONTEXTS,
    )

    assert found["rows"] == 1
    assert 10 < found["resident_mb"] < 200
    assert set(found["first_ms"]) == {"cold", "prefix_on_disk"}


def test_the_baseline_never_learns_a_sentence_that_it_is_measured_on(tmp_path: Path) -> None:
    train = _file(
        tmp_path / "train.jsonl",
        *[("Warm, it!", "en", "climate.control")] * 4,
        *[("good bye", "en", "general.goodbye")] * 4,
    )
    path = _file(tmp_path / "rows.jsonl", ("warm it", "en", "climate.control"))

    assert _run(path, train=train)["baseline"]["accuracy"]["en"] == 0.0
