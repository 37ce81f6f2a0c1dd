"""A network from scratch on the written-out set."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch

from assistant.bench.rows import folded, measured
from assistant.core.text import LANGUAGES
from assistant.errors import UsageError
from assistant.skills import by_request
from assistant.training import bars, export, generate, rows, vocabulary
from assistant.training.export import Shape
from assistant.training.feed import Feed
from assistant.training.judge import judged, probabilities
from assistant.training.lessons import with_lessons
from assistant.training.model import Network, count
from assistant.training.rows import Mapper, Row
from assistant.training.train import Plan, Trainer
from assistant.understand.schema import plain

JUDGED: Final = 2500
"""Rows that are measured on while training."""


def scratch(folder: Path, dev: Path | None, steps: int, batch: int, seed: int, tell: Callable[[str], None]) -> None:
    """Train on `rows.jsonl` with `vocabulary.json` of the folder, and leave weights there for the export."""
    requests = tuple(by_request())
    encoder = vocabulary.Encoder(vocabulary.load(folder / "vocabulary.json"))
    decided = vocabulary.decisions(requests)
    shape = Shape(len(encoder.vocabulary.tokens))
    plan = Plan(steps=steps, batch=batch, seed=seed)
    learnt = with_lessons(rows.read(folder / "rows.jsonl"), folder / "taught.jsonl")
    trainer = Trainer(shape, plan, encoder, len(decided), folder)
    meanings = folder / "meanings.npz"
    trainer.begin(meanings if meanings.exists() else None)
    tell(f"{count(trainer.network)} parameters, {len(learnt)} rows, from step {trainer.step}")
    mapper = Mapper(requests)
    sample = sample_of(mapper, dev, {folded(row.text) for row in learnt})

    def judge(network: Network) -> str:
        return judged(network, encoder, sample, decided, mapper.answering) if sample else "no dev rows"

    trainer.run(Feed(learnt, encoder, decided, plan.batch, plan.seed), judge, tell)
    weights = {name: value.float().cpu().numpy() for name, value in trainer.mean.items()}
    export.save(weights, shape, folder)


def sample_of(mapper: Mapper, dev: Path | None, learnt: set[str]) -> list[Row]:
    """Return some rows of the measured half, the same every time; UsageError if one of them is learnt, since its figure would be worth nothing."""
    if dev is None:
        return []
    entries = [entry for entry in generate.labelled(dev) if measured(entry["text"])]
    known = sum(folded(entry["text"]) in learnt for entry in entries)
    if known:
        raise UsageError(f"{known} rows of {dev} are among those to learn", "run the step `data` with --apart")
    random.Random(0).shuffle(entries)
    return [mapper.row(entry) for entry in entries[:JUDGED]]


def weighed(folder: Path, dev: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each language with its bars and what they bring: as chosen, on the rows they were chosen on, and on the other measured ones."""
    requests = tuple(by_request())
    values, shape = export.load(folder)
    network = Network(shape)
    network.load_state_dict({name: torch.tensor(value) for name, value in values.items()}, strict=False)
    encoder = vocabulary.Encoder(vocabulary.load(folder / "vocabulary.json"))
    decided = vocabulary.decisions(requests)
    for language in LANGUAGES:
        entries = [entry for entry in generate.labelled(dev) if entry["lang"] == language and measured(entry["text"])]
        found = probabilities(network, encoder, [plain(entry["text"]) for entry in entries], len(decided)).tolist()
        judged_cases = list(bars.cases(entries, found, decided, requests))
        on = [bars.chosen_on(entry["text"]) for entry in entries]
        quarter = list(itertools.compress(judged_cases, on))
        choice = bars.choose(quarter)
        rest = [case for case, chosen in zip(judged_cases, on, strict=True) if not chosen]
        told = bars.weighed(rest, choice.act, choice.none, choice.doubt)
        yield (
            language,
            {
                "chosen": {**asdict(choice), "ask": bars.ask(quarter)},
                "others": {**asdict(told), "rows": len(rest), "ours": sum(case.ours for case in rest)},
            },
        )
