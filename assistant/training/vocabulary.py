"""The model's tokens: a byte-level BPE of our own, and one control token for everything an answer is made of besides copied words.

Chinese characters stay one token each and English words carry the space before them, so that copying out of a sentence is copying of
tokens; an English copy therefore keeps that space inside its quotes (`at=" half past six"`).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.core.request import Request
from assistant.languages.kinds import Kind, kinds
from assistant.understand.schema import NONE

END: Final = "<|im_end|>"
PAD: Final = "<|endoftext|>"
SPLIT: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How llama.cpp cuts text for `tokenizer.ggml.pre = qwen2`."""
SINGLE: Final = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
"""Characters that no merge may join."""
SIZE: Final = 6000
"""Tokens, control tokens aside."""


def control(requests: Iterable[type[Request]]) -> tuple[str, ...]:
    """Return the control tokens: padding, end, the decisions (`decisions`), then every field with its value or up to it."""
    classes = sorted(requests, key=lambda request: request.__name__)
    found = {
        f" {name}={value}" for request in classes for name, kind in kinds(request).items() for value in _values(kind)
    }
    return (PAD, END, *decisions(classes), *sorted(found))


def _values(kind: Kind) -> tuple[str, ...]:
    """Return what may follow a field's equals sign as part of its token."""
    if kind.name == "bool":
        return ("true", "false")
    return tuple(map(str, kind.choices)) or ("",)


def decisions(requests: Iterable[type[Request]]) -> tuple[str, ...]:
    """Return what an answer may begin with."""
    return (NONE, *sorted(request.__name__ for request in requests))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens in both directions."""

    tokens: tuple[str, ...]
    """Every token as GGUF writes it: byte-level letters for text, plain for control tokens."""
    merges: tuple[str, ...]
    controls: int
    """How many tokens at the end are control tokens."""

    @property
    def first_control(self) -> int:
        """The number of the first control token."""
        return len(self.tokens) - self.controls

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        table = {"tokens": self.tokens, "merges": self.merges, "controls": self.controls}
        path.write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def load(path: Path) -> Vocabulary:
    """Read what `save` wrote."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return Vocabulary(tuple(table["tokens"]), tuple(table["merges"]), table["controls"])


def learn(texts: Iterable[str], requests: Iterable[type[Request]], size: int = SIZE) -> Vocabulary:
    """Learn the merges from sentences."""
    import tokenizers  # noqa: PLC0415 - used while training only
    from tokenizers import models, pre_tokenizers, trainers  # noqa: PLC0415

    learner = tokenizers.Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(tokenizers.Regex(SINGLE), "isolated"), *_cuts()]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=3, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    learner.train_from_iterator(texts, trainer)
    learnt = json.loads(learner.to_str())["model"]
    tokens = sorted(learnt["vocab"], key=learnt["vocab"].__getitem__)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in learnt["merges"]]
    controls = control(requests)
    tokens, merges = _without(tokens, merges, {piece.replace(" ", "\u0120") for piece in controls})
    return Vocabulary((*tokens, *controls), tuple(merges), len(controls))


def _without(tokens: Sequence[str], merges: Sequence[str], banned: set[str]) -> tuple[list[str], list[str]]:
    """Return tokens and merges without those that spell a control token, or are made of one: llama.cpp takes no text twice."""
    gone, kept = set(banned), []
    for merge in merges:
        left, right = merge.split(" ")
        if left in gone or right in gone or left + right in gone:
            gone.add(left + right)
        else:
            kept.append(merge)
    made = {merge.replace(" ", "") for merge in kept}
    return [token for token in tokens if len(token) == 1 or token in made], kept


def _cuts() -> list[Any]:
    """Return how text is cut before merging, as llama.cpp does it."""
    import tokenizers  # noqa: PLC0415
    from tokenizers import pre_tokenizers  # noqa: PLC0415

    return [
        pre_tokenizers.Split(tokenizers.Regex(SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]


def spelled(token: str) -> str:
    """Return the text of a token of text, "" if its bytes are no whole characters."""
    from tokenizers import decoders  # noqa: PLC0415

    text = str(decoders.ByteLevel().decode([token]))
    return "" if "\ufffd" in text else text


def opened(table: str) -> Any:
    """Return the tokenizer that a `tokenizer.json` holds; ValueError for what is none."""
    import tokenizers  # noqa: PLC0415

    try:
        return tokenizers.Tokenizer.from_str(table)
    except Exception as error:  # noqa: BLE001 - the library raises nothing narrower
        raise ValueError(str(error)) from None


class Encoder:
    """Text and answers to token numbers."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the vocabulary."""
        import tokenizers  # noqa: PLC0415
        from tokenizers import models, pre_tokenizers  # noqa: PLC0415

        self.vocabulary = vocabulary
        plain = vocabulary.tokens[: vocabulary.first_control]
        merges = [(left, right) for left, right in (merge.split(" ") for merge in vocabulary.merges)]
        self._bpe = tokenizers.Tokenizer(
            models.BPE(vocab={token: number for number, token in enumerate(plain)}, merges=merges)
        )
        self._bpe.pre_tokenizer = pre_tokenizers.Sequence(_cuts())
        self.controls: Mapping[str, int] = {
            token: number
            for number, token in enumerate(vocabulary.tokens[vocabulary.first_control :], vocabulary.first_control)
        }
        self.end, self.pad = self.controls[END], self.controls[PAD]
        self.line, self._quote = self.text("\n"), self.text('"')

    def text(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return list(self._bpe.encode(text).ids)

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of prompts: each text and a newline."""
        return [[*found.ids, *self.line] for found in self._bpe.encode_batch(list(texts))]

    def answer(self, answer: str, *, spaced: bool) -> list[int]:
        """Return the tokens of an answer of `schema`'s form, its end included; `spaced` for a language that writes spaces."""
        found: list[int] = []
        for piece in re.findall(r'"[^"]*"|;| [a-z_]+=[^ ;"]*|[^ ;="]+', answer):
            name, equals, value = piece.partition("=")
            if piece.startswith('"'):
                copied = piece[1:-1].strip()
                found += [*self._quote, *self.text(f" {copied}" if spaced else copied), *self._quote]
            elif piece in self.controls:
                found.append(self.controls[piece])
            elif equals:
                found += [self.controls[f"{name}="], *self.text(value)]
            else:
                found += self.text(piece)
        return [*found, self.end]
