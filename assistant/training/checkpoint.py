"""A public Qwen checkpoint as Hugging Face stores it: what lies in its folder, checked before anything big is loaded, and how it spells."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.training.vocabulary import END, PAD, SPLIT, opened

FAMILIES: Final[Mapping[str, str]] = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
"""Architectures of llama.cpp to the class that the checkpoint names; Qwen2.5 is a qwen2."""
SINGLE: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
MERGED: Final = "merged"
"""Folder of a tuned checkpoint, within that of the training."""
ABOUT: Final = "start.json"
WANTED: Final = "give the folder of a Qwen2, Qwen2.5 or Qwen3 model as Hugging Face stores it"
AGAIN: Final = "copy the checkpoint again"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder whose files are whole and fit together."""

    folder: Path
    config: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    """What `tokenizer.json` holds."""
    weights: tuple[Path, ...]

    @property
    def architecture(self) -> str:
        """One of FAMILIES."""
        return str(self.config["model_type"])

    @property
    def rope_base(self) -> float:
        """The base of the turns; newer files keep it in a table."""
        table = self.config.get("rope_parameters") or {}
        return float(table.get("rope_theta") or self.config.get("rope_theta") or 10_000.0)

    def digest(self) -> str:
        """Return the sha256 of everything that a training begins with."""
        found = hashlib.sha256(json.dumps([self.config, self.tokenizer], sort_keys=True).encode())
        for path in self.weights:
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
        return found.hexdigest()

    def tokens(self) -> dict[str, int]:
        """Return the number of every token, added ones too."""
        added = {entry["content"]: entry["id"] for entry in self.tokenizer.get("added_tokens", ())}
        return {**self.tokenizer["model"]["vocab"], **added}

    def named(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield the name and values of every weight; 32-bit or 16-bit floats, since numpy knows no others."""
        import safetensors  # noqa: PLC0415 - used while training only

        for path in self.weights:
            with safetensors.safe_open(path, framework="numpy") as stored:
                for name in stored.keys():  # noqa: SIM118 - no mapping
                    yield name, stored.get_tensor(name)

    def merges(self) -> tuple[str, ...]:
        """Return the merges as GGUF writes them; older files have them so, newer ones as pairs."""
        return tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in self.tokenizer["model"]["merges"])


def read(folder: Path) -> Checkpoint:
    """Return the checkpoint of a folder. Raises UsageError for what is none, is of another kind, is cut or lacks a file."""
    config = _table(folder, "config.json", WANTED)
    kind = str(config.get("model_type"))
    classes = config.get("architectures") or ()
    if FAMILIES.get(kind) not in classes:
        shown = ", ".join(classes) or kind
        raise UsageError(f"{folder} is a checkpoint of {shown}", WANTED)
    if config.get("quantization_config"):
        raise UsageError(f"{folder} is quantized", "give the checkpoint that it was made from")
    turns = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if turns.get("rope_type", turns.get("type", "default")) != "default":
        raise UsageError(f"{folder} stretches its context ({turns})", "give the checkpoint without rope scaling")
    tokenizer = _table(folder, "tokenizer.json", "copy it from where the checkpoint comes from")
    found = Checkpoint(folder, config, tokenizer, _weights(folder))
    _fits(found)
    return found


def note(merged: Path, start: Checkpoint, digest: str, steps: int) -> None:
    """Write down what a tuned checkpoint began at."""
    about = {"start": start.folder.resolve().name, "sha256": digest, "steps": steps}
    (merged / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def begun_at(merged: Path) -> str:
    """Return the name of the checkpoint that a tuned one began at. Raises UsageError."""
    return str(_table(merged, ABOUT, "train again").get("start"))


def _table(folder: Path, name: str, mend: str) -> dict[str, Any]:
    """Return a JSON object."""
    path = folder / name
    if not path.is_file():
        raise UsageError(f"{folder} holds no {name}", mend)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is cut or broken", AGAIN)
    return found


def _weights(folder: Path) -> tuple[Path, ...]:
    """Return the files of the weights, each whole by its own head."""
    import safetensors  # noqa: PLC0415

    names = [SINGLE]
    if (folder / INDEX).is_file():
        names = sorted(set(cast("dict[str, str]", _table(folder, INDEX, AGAIN).get("weight_map", {})).values()))
    paths = tuple(folder / name for name in names)
    for path in paths:
        if path.parent != folder or not path.is_file():
            raise UsageError(f"{folder} holds no {path.name}", f"{AGAIN}; weights are read from safetensors only")
        try:
            with safetensors.safe_open(path, framework="numpy"):
                pass
        except safetensors.SafetensorError as error:
            raise UsageError(f"{path} is cut or broken ({error})", AGAIN) from None
    return paths


def _fits(checkpoint: Checkpoint) -> None:
    """Raise UsageError for tokens that llama.cpp would cut otherwise, that have no weights, or that cannot end an answer."""
    path, model = checkpoint.folder / "tokenizer.json", checkpoint.tokenizer.get("model") or {}
    cuts = json.dumps(checkpoint.tokenizer.get("pre_tokenizer"))
    if model.get("type") != "BPE" or json.dumps(SPLIT) not in cuts:
        raise UsageError(f"{path} cuts text otherwise than Qwen2 and Qwen3 do", WANTED)
    try:
        numbers, _ = checkpoint.tokens(), checkpoint.merges()
    except (KeyError, TypeError):
        raise UsageError(f"{path} is cut or broken", AGAIN) from None
    lacking = [token for token in (END, PAD) if token not in numbers]
    if lacking:
        raise UsageError(f"{path} has no {lacking[0]}", WANTED)
    if max(numbers.values()) >= checkpoint.config.get("vocab_size", 0):
        raise UsageError(f"{path} has more tokens than config.json says", AGAIN)


class Speller:
    """Sentences and answers to the checkpoint's tokens; a `feed.Spelling`."""

    pad: Final = None
    """No word is hidden: a public checkpoint has no token for that."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Take a checkpoint. Raises UsageError."""
        # llama.cpp does not bring text to a normal form, so that nothing else may be learnt.
        plain = {**checkpoint.tokenizer, "normalizer": None, "truncation": None, "padding": None}
        try:
            self._tokenizer = opened(json.dumps(plain))
        except ValueError as error:
            raise UsageError(f"{checkpoint.folder / 'tokenizer.json'} is broken ({error})", AGAIN) from None
        self.end = checkpoint.tokens()[END]
        self.line = self.text("\n")

    def text(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of prompts: each text and a newline."""
        found = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [[*one.ids, *self.line] for one in found]

    def answer(self, answer: str, *, spaced: bool) -> list[int]:
        """Return the tokens of an answer and its end; copied words are spelled as in the sentence, with their space where `spaced`."""
        copied = re.sub(r'="\s*([^"]*)"', r'=" \1"', answer) if spaced else answer
        return [*self.text(copied), self.end]

    def words(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, control tokens left out."""
        return str(self._tokenizer.decode(list(tokens)))
