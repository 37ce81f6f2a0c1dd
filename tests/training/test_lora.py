import dataclasses
import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assistant.skills import by_request
from assistant.training import checkpoint
from assistant.training.__main__ import main
from assistant.training.checkpoint import Speller
from assistant.training.feed import Example, Feed
from assistant.training.rows import Row
from assistant.training.vocabulary import decisions, learn
from assistant.understand.guess import Bars
from assistant.understand.qwen import Form, Qwen
from assistant.worker import Token
from tests.training import checkpoint_file

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")
pytest.importorskip("llama_cpp")
if TYPE_CHECKING:
    from assistant.training.lora import Tuner

REQUESTS = tuple(by_request())
DECIDED = decisions(REQUESTS)
SAID = {
    "stop it now": "Stop",
    "who is elvis presley": "none",
    "把空调打开一点": "none",
    "remind me to buy milk": 'SetReminder text="buy milk"',
}
ROWS = [
    Row(f"{text}{' please' * (number % 2)}", "en", "x", "x", (answer.split(" ")[0],), answer)
    for text, answer in SAID.items()
    for number in range(4)
] + [Row("set it to 22 degrees", "en", "x", "iot.warmer", ("SetTemperature", "Stop"))]


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint_file.make(tmp_path_factory.mktemp(request.param) / "Tiny-Qwen", request.param)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text("".join(row.line() + "\n" for row in ROWS))
    learn([row.text for row in ROWS], REQUESTS, 300).save(tmp_path / "vocabulary.json")
    return tmp_path


def tuner_of(start: Path, folder: Path, steps: int) -> "tuple[Tuner, Feed]":
    from assistant.training import lora

    plan = dataclasses.replace(lora.plan(steps, batch=8, seed=3), rate=1e-2)
    read = checkpoint.read(start)
    speller = Speller(read)
    return lora.Tuner(read, speller, DECIDED, plan, folder), Feed(ROWS, speller, DECIDED, 8, 3)


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_it_learns_and_the_car_gets_the_learnt_answers(start: Path, work: Path) -> None:
    tuner, feed = tuner_of(start, work, 160)
    told: list[str] = []
    asked = next(feed.chunks(9))[0]
    before = float(tuner.loss(asked).detach())
    tuner.run(feed, told.append)
    assert float(tuner.loss(asked).detach()) < 0.2 * before
    assert list(tuner.decisions(list(SAID))) == [answer.split(" ")[0] for answer in SAID.values()]
    assert told[-1].startswith("step 160/160 loss")
    tuner.merge()

    assert run("--work", work, "export", "--to", work / "models") == 0
    file = work / "models/cabin-intent-tiny-qwen-lora.gguf"
    assert run("--work", work, "verify", file) == 0
    qwen = Qwen(file, REQUESTS, Form.SHORT, limit_s=20, bars=Bars(0, 0, 0))
    answers = [qwen(text, "zh" if text[0] > "z" else "en", Token()) for text in SAID]
    qwen.close()
    assert [answer.text.replace('=" ', '="') for answer in answers] == list(SAID.values())


def test_llama_cpp_and_the_network_are_the_same(start: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--work", work, "train", "--start", start, "--steps", 3, "--batch", 4) == 0
    assert run("--work", work, "export", "--to", work) == 0
    capsys.readouterr()
    apart: dict[str, float] = {}
    for name in ("f32.gguf", "gguf"):
        assert run("--work", work, "verify", work / f"cabin-intent-tiny-qwen-lora.{name}") == 0
        found = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert found["same_tokens"] == found["sentences"] == len(ROWS)
        apart[name] = found["logits_apart_most"] / found["logits_deviation"]
    assert apart["f32.gguf"] < 0.02
    assert apart["gguf"] < 0.3


def test_what_stopped_goes_on_as_if_it_had_not(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.training import lora

    monkeypatch.setattr(lora, "SAVED_EVERY_S", -1.0)
    for name in ("through", "stopped"):
        (tmp_path / name).mkdir()
    through, feed = tuner_of(start, tmp_path / "through", 6)
    through.run(feed, lambda _: None)

    stopped, feed = tuner_of(start, tmp_path / "stopped", 6)
    real, stops = stopped.advance, iter((False, False, True))

    def advance(batch: Sequence[Example]) -> float:
        if next(stops):
            raise KeyboardInterrupt
        return real(batch)

    monkeypatch.setattr(stopped, "advance", advance)
    with pytest.raises(KeyboardInterrupt):
        stopped.run(feed, lambda _: None)
    again, feed = tuner_of(start, tmp_path / "stopped", 6)
    assert again.step == 2
    again.run(feed, lambda _: None)
    pairs = list(zip(through.learnt, again.learnt, strict=True))
    assert all(torch.equal(one, other) for one, other in pairs)
    assert any(one.abs().sum() > 0 for one, _ in pairs)


def test_another_start_or_another_way_is_refused(start: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tuner, _ = tuner_of(start, work, 1)
    tuner.digest = "another"
    tuner.save()
    assert run("--work", work, "train", "--start", start) == 2
    assert "began at another checkpoint (give that one, or another --work)" in capsys.readouterr().err
    assert run("--work", work, "train") == 2
    assert "holds a training with --start" in capsys.readouterr().err
    (work / "lora.pt").rename(work / "training.pt")
    assert run("--work", work, "train", "--start", start) == 2
    assert "holds a training from scratch" in capsys.readouterr().err


def test_weights_that_are_not_those_of_the_config_are_named(
    tmp_path: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = checkpoint_file.make(tmp_path / "deeper", "qwen2")
    checkpoint_file.describe(folder, num_hidden_layers=3)
    assert run("--work", work, "train", "--start", folder) == 2
    assert "weights are missing, model.layers.2." in capsys.readouterr().err
    checkpoint_file.describe(folder, intermediate_size=128)
    assert run("--work", work, "train", "--start", folder) == 2
    assert str(folder) in (said := capsys.readouterr().err)
    assert said.count("\n") == 1


def test_several_files_of_weights_are_one_checkpoint(tmp_path: Path) -> None:
    whole = checkpoint.read(checkpoint_file.make(tmp_path / "whole", "qwen3"))
    parts = checkpoint.read(checkpoint_file.make(tmp_path / "parts", "qwen3", shards="100KB"))
    assert len(whole.weights) == 1 < len(parts.weights)
    from assistant.training import lora

    assert (lora.reference(whole)([1, 2, 3]) == lora.reference(parts)([1, 2, 3])).all()


def test_a_beginning_is_as_likely_as_its_ways_together(start: Path, tmp_path: Path) -> None:
    tuner, _ = tuner_of(start, tmp_path, 1)
    prompt = tuner.speller.prompts(["set it to 22 degrees"])[0]
    ways = [DECIDED.index("SetTemperature"), DECIDED.index("Stop")]
    alone = [float(tuner.loss([Example(prompt, (), [way])]).detach()) for way in ways]
    both = float(tuner.loss([Example(prompt, (), ways)]).detach())
    assert both == pytest.approx(-math.log(sum(math.exp(-one) for one in alone)), rel=1e-4)


def test_what_is_measured_on_may_not_be_learnt(
    start: Path, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [
        {"text": f"who is elvis {number}", "lang": "en", "intent": "info.qa", "source": "x"} for number in range(9)
    ]
    path = tmp_path / "dev.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(entry) + "\n" for entry in entries).encode()))
    assert run("--work", work, "train", "--start", start, "--steps", 1, "--batch", 2, "--dev", path) == 0
    assert "dev: en " in capsys.readouterr().err
    with (work / "rows.jsonl").open("a") as file:
        for entry in entries:
            file.write(Row(entry["text"], "en", "x", "info.qa", ("none",), "none").line() + "\n")
    assert run("--work", work, "train", "--start", start, "--steps", 1, "--dev", path) == 2
    assert "are among those to learn" in capsys.readouterr().err
