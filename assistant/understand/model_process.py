"""The model's own process: `python -m assistant.understand.model_process MODEL.gguf CONTEXT_TOKENS THREADS [CACHE_FOLDER]`.

JSON lines. In: {"prefix": "…"} evaluates and keeps the constant part of a prompt; {"id": 7, "prefix": "…", "said": "…",
"suffix": "…", "grammar": "…", "tokens": 96, "seconds": 1.5} asks; {"cancel": 7} stops asking. Out: {"ready": {…}} or {"fatal": "…"}
once; {"id": 7, "end": "done|length|time|cancelled", "text": "…", "steps": [[0, -0.2], …], "first": {"…": 0.9}} or {"id": 7, "error": "…"}
for each question, the steps being each token's place in the text, in bytes, and its log-probability; {"preparing": true|false} around the evaluation of a prefix that takes longer than the question that needed it.
The process ends with its standard input.
"""

import hashlib
import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import CabinError, ModelError
from assistant.seal import seal
from assistant.understand.gguf import architecture
from assistant.understand.llama import BATCH_TOKENS, Llama, likeliest

FAMILY: Final = "qwen"
MOST_STATES: Final = 4
MOST_FIRST: Final = 24
"""Likeliest first tokens that are told."""
NOBODY: Final = 0
"""No question has this number: the input is looked at for its end only."""


class _End(Exception):  # noqa: N818 - not an error: it ends an answer
    """Standard input is gone, or the question ends early; the message is the `end` of the answer."""


class Inbox:
    """Lines of standard input, looked at without waiting."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._rest = b""
        self._lines: list[bytes] = []

    def wait(self) -> dict[str, Any]:
        """Return the next message; raise EOFError at the end of the input."""
        while not self._lines:
            self._read()
        message: dict[str, Any] = json.loads(self._lines.pop(0))
        return message

    def cancelled(self, number: int) -> bool:
        """Tell whether a question that is being answered was cancelled; raise EOFError at the end of the input."""
        while select.select([0], [], [], 0)[0]:
            self._read()
        wanted = [line for line in self._lines if json.loads(line).get("cancel") != number]
        found = len(wanted) < len(self._lines)
        self._lines = wanted
        return found

    def _read(self) -> None:
        chunk = os.read(0, 65_536)
        if not chunk:
            raise EOFError
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._lines += lines


class Model:
    """The model and the prefix it keeps."""

    def __init__(self, llama: Llama, cache: Path | None, identity: str) -> None:
        """Take a loaded model; `identity` names its file for the states in `cache`."""
        self.llama = llama
        self._states = None if cache is None else States(cache, f"{identity} {llama.context_tokens}")
        self._prefix: list[int] = []

    def prepare(self, prefix: str, between: Callable[[], None]) -> int:
        """Leave the sequence holding the prefix alone, from memory, the cache or by evaluation; return its tokens.

        `between` is called between batches; what it raises ends the preparation, which goes on from there next time.
        """
        tokens = self.llama.tokenise(prefix, marks=True)
        have = _common(self.llama.tokens, tokens)
        if have < len(tokens) and tokens != self._prefix and self._states is not None:
            found = self._states.find(prefix)
            if found is not None and self.llama.restore(found, len(tokens)) and self.llama.tokens == tokens:
                have = len(tokens)
        self._prefix = tokens
        self.llama.keep(min(have, len(self.llama.tokens)))
        evaluated = False
        for batch in _batches(tokens[len(self.llama.tokens) :]):
            between()
            self.llama.evaluate(batch)
            evaluated = True
        if evaluated and self._states is not None:
            self._states.keep(prefix, self.llama.save)
        return len(tokens)

    def answer(self, question: dict[str, Any], between: Callable[[], None]) -> dict[str, Any]:
        """Return the likeliest answer that the grammar allows; the sequence must hold the prefix alone."""
        grammar = self.llama.grammar(question["grammar"])
        text, end = b"", "length"
        steps: list[tuple[int, float]] = []
        first: dict[str, float] = {}
        try:
            rest = [
                *self.llama.tokenise(question["said"], marks=False),
                *self.llama.tokenise(question["suffix"], marks=True),
            ]
            for batch in _batches(rest):
                between()
                self.llama.evaluate(batch)
            while len(steps) < question["tokens"]:
                between()
                logprobs = _logprobs(self.llama.scores())
                first = first or self._likeliest(logprobs)
                token = grammar.best(logprobs)
                steps.append((len(text), float(logprobs[token])))
                if self.llama.ends(token):
                    end = "done"
                    break
                grammar.accept(token)
                text += self.llama.piece(token)
                self.llama.evaluate([token])
        except _End as early:
            end = str(early)
        finally:
            grammar.close()
        return {"end": end, "text": text.decode(errors="replace"), "steps": steps, "first": first}

    def _likeliest(self, logprobs: NDArray[np.float32]) -> dict[str, float]:
        """Return the likeliest tokens and their probabilities."""
        tokens = likeliest(logprobs, min(MOST_FIRST, len(logprobs)))
        return {
            self.llama.piece(int(token)).decode(errors="replace"): float(np.exp(logprobs[token])) for token in tokens
        }


class States:
    """Evaluated prefixes on disk. A file's name holds the hash of its content: a damaged one is never loaded."""

    def __init__(self, folder: Path, identity: str) -> None:
        """Keep files of one model in `folder`."""
        self._folder = folder
        self._identity = identity

    def find(self, prefix: str) -> Path | None:
        """Return the file of a prefix if it is whole."""
        for path in self._folder.glob(f"{self._key(prefix)}-*.state"):
            with suppress(OSError):
                if path.stem.rpartition("-")[2] == _hash(path):
                    return path
                path.unlink()
        return None

    def keep(self, prefix: str, save: Callable[[Path], None]) -> None:
        """Write the file of a prefix; a full or read-only disk costs only the time next time."""
        key = self._key(prefix)
        draft = self._folder / f"{key}.draft"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                save(draft)
                draft.replace(self._folder / f"{key}-{_hash(draft)}.state")
                self._prune()
            finally:
                draft.unlink(missing_ok=True)

    def _prune(self) -> None:
        """Leave the newest files only: those of other models and older prompts are never asked for again."""
        paths = sorted(self._folder.glob("prefix-*.state"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in paths[MOST_STATES:]:
            path.unlink()

    def _key(self, prefix: str) -> str:
        return "prefix-" + hashlib.sha256(f"{self._identity}\0{prefix}".encode()).hexdigest()[:16]


class Server:
    """Answers one question after the other."""

    def __init__(self, model: Model, inbox: Inbox, send: Callable[[dict[str, Any]], None]) -> None:
        """Take the model and both ends of the pipe."""
        self._model = model
        self._inbox = inbox
        self._send = send

    def run(self) -> None:
        """Serve until the input ends (EOFError)."""
        while True:
            message = self._inbox.wait()
            if "id" in message:
                self._answer(message)
            elif "prefix" in message:
                self._prepare(message["prefix"])

    def _answer(self, question: dict[str, Any]) -> None:
        number, deadline = question["id"], time.monotonic() + question["seconds"]

        def between() -> None:
            if self._inbox.cancelled(number):
                raise _End("cancelled")
            if time.monotonic() > deadline:
                raise _End("time")

        try:
            prefix = self._model.prepare(question["prefix"], between)
            answer = self._model.answer(question, between)
            self._model.llama.keep(prefix)
        except _End as early:
            # The next question will need the prefix too: it is made now, while nobody waits.
            self._send({"preparing": True})
            self._send({"id": number, "end": str(early), "text": "", "steps": [], "first": {}})
            self._prepare(question["prefix"])
        except CabinError as error:
            self._send({"id": number, "error": str(error)})
        else:
            self._send({"id": number, **answer})

    def _prepare(self, prefix: str) -> None:
        def between() -> None:
            self._inbox.cancelled(NOBODY)

        with suppress(CabinError):
            self._model.prepare(prefix, between)
        self._send({"preparing": False})


def main() -> int:
    """Load, seal, serve; 1 if the model cannot be loaded."""
    path, context_tokens, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    cache = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    # What libraries print must not come between the lines.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def send(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=lines, flush=True)

    try:
        kind = architecture(path)
        if not kind.startswith(FAMILY):
            raise ModelError(f"{path} is a {kind} model, not a Qwen one", "`cabin models list` shows which fit")
        stat = path.stat()
        sealed = seal(stat.st_size)
        llama = Llama(path, context_tokens, threads)
    except CabinError as error:
        send({"fatal": error.message, "mend": error.mend})
        return 1
    send({"ready": {"architecture": kind, "context_tokens": llama.context_tokens, "network_closed": sealed}})
    model = Model(llama, cache, f"{path.name} {stat.st_size} {stat.st_mtime_ns}")
    with suppress(EOFError, BrokenPipeError):
        Server(model, Inbox(), send).run()
    return 0


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens both begin with."""
    return next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )


def _batches(tokens: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(tokens), BATCH_TOKENS):
        yield tokens[start : start + BATCH_TOKENS]


def _logprobs(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-probability of every token, allowed or not."""
    shifted = scores - scores.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), np.float32)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


if __name__ == "__main__":
    sys.exit(main())
