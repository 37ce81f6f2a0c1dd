import gzip
import json
from pathlib import Path

import pytest

from assistant.bench.rows import measured
from assistant.skills import by_request
from assistant.training import export, verify
from assistant.training.__main__ import main
from assistant.training.export import Shape
from assistant.training.rows import Row
from assistant.training.vocabulary import Encoder, decisions, learn

REQUESTS = tuple(by_request())


def test_training_without_data_says_what_to_do_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--work", str(tmp_path), "train"]) == 2
    assert "run the step `data` first" in capsys.readouterr().err


def test_data_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--work", str(tmp_path), "data", "--train", str(tmp_path / "none.gz"), "--apart", str(tmp_path)]) == 2
    assert "no such file" in capsys.readouterr().err


def test_export_without_weights_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--work", str(tmp_path), "export", "--to", str(tmp_path)]) == 2
    assert "train first" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"SetTemperature degrees=22": "set it to 22", "Stop": "stop it now", "none": "who is elvis"}
    rows = [
        Row(f"{text}{' please' * (n % 3)}", "en", "x", name, (name.split(" ")[0],), name)
        for n in range(20)
        for name, text in texts.items()
    ]
    (tmp_path / "rows.jsonl").write_text("".join(row.line() + "\n" for row in rows))
    learn([row.text for row in rows], REQUESTS, 300).save(tmp_path / "vocabulary.json")
    return tmp_path


def test_a_small_network_learns_goes_on_and_is_the_one_that_numpy_reads(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    from assistant.training import rows, vocabulary
    from assistant.training.feed import Feed
    from assistant.training.judge import probabilities
    from assistant.training.train import Plan, Trainer

    encoder = Encoder(vocabulary.load(folder / "vocabulary.json"))
    decided = decisions(REQUESTS)
    shape = Shape(len(encoder.vocabulary.tokens), width=32, layers=1, heads=2, pairs=1, head=16, inner=32)
    told: list[str] = []
    for steps in (32, 64):
        plan = Plan(steps=steps, batch=12, rate=1e-2, warm_steps=5)
        trainer = Trainer(shape, plan, encoder, len(decided), folder)
        assert trainer.step == steps - 32
        trainer.run(
            Feed(list(rows.read(folder / "rows.jsonl")), encoder, decided, 12, 1), lambda _: "judged", told.append
        )
    assert told[-1] == "step 64: judged"
    network = trainer.averaged()
    found = probabilities(network, encoder, ["who is elvis", "stop it now"], len(decided))
    assert [decided[place] for place in found.argmax(-1).tolist()] == ["none", "Stop"]
    weights = {name: value.numpy() for name, value in trainer.mean.items()}
    tokens = encoder.prompts(["stop it now"])[0]
    with torch.no_grad():
        ours = network.logits(network.states(torch.tensor([tokens])))[0, -1].numpy()
    assert abs(ours - verify.logits(weights, shape, tokens)).max() < 1e-3


def test_what_is_measured_on_may_not_be_learnt(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    texts = (json.loads(line)["text"] for line in (folder / "rows.jsonl").read_text().splitlines())
    known = next(text for text in texts if measured(text))
    with gzip.open(tmp_path / "dev.gz", "wt") as file:
        file.write(json.dumps({"text": known.upper(), "lang": "en", "intent": "info.qa", "source": "x"}) + "\n")
    assert main(["--work", str(folder), "train", "--dev", str(tmp_path / "dev.gz"), "--steps", "1"]) == 2
    assert "1 rows" in capsys.readouterr().err


def test_the_shape_survives_the_file(folder: Path) -> None:
    export.save({}, Shape(9, width=8), folder)
    assert export.load(folder)[1] == Shape(9, width=8)
    assert json.loads((folder / "shape.json").read_text())["width"] == 8


def test_a_network_that_has_learnt_nothing_copies() -> None:
    torch = pytest.importorskip("torch")
    from assistant.training.induction import prime
    from assistant.training.model import Network

    torch.manual_seed(1)
    network = Network(Shape(2000))
    said = torch.randint(100, 1900, (16, 10))
    twice = torch.cat((said, torch.full((16, 1), 7), said), 1)

    def copied() -> float:
        with torch.no_grad():
            best = network.logits(network.states(twice)).argmax(-1)
        return float((best[:, 11:-1] == said[:, 1:]).float().mean())

    assert copied() < 0.05
    prime(network, 1)
    assert copied() > 0.5
