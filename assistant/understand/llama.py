"""llama.cpp through its C interface: tokens, kept prefix, grammar, log-probabilities. A bad file or grammar may kill the process."""

import ctypes
import importlib.util
import os
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EngineError, ModelError

BATCH_TOKENS: Final = 64
"""Evaluated at a time: small enough to look up often, large enough to be quick."""
TRIES: Final = (1, 64, 4096, 1 << 30)
"""How many of the likeliest tokens the grammar is shown until it allows one."""
_ERROR: Final = 4
_CANDIDATE: Final = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])


class Llama:
    """One model and one sequence of tokens in it."""

    def __init__(self, path: Path, context_tokens: int, threads: int) -> None:
        """Load a GGUF file. Raises ModelError; may kill the process."""
        self._api = bindings()
        self._words: list[str] = []
        self._log = self._api.llama_log_callback(self._heard)
        self._api.llama_log_set(self._log, None)
        self._api.llama_backend_init()
        parameters = self._api.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self._model = self._api.llama_model_load_from_file(os.fsencode(path), parameters)
        if not self._model:
            raise ModelError(f"{path} cannot be loaded: {self._why()}", "`cabin models verify`, then fetch it again")
        self._vocabulary = self._api.llama_model_get_vocab(self._model)
        self._size = self._api.llama_vocab_n_tokens(self._vocabulary)
        self.context_tokens = min(context_tokens, self._api.llama_model_n_ctx_train(self._model))
        self._context = self._begin(threads)
        self._memory = self._api.llama_get_memory(self._context)
        self.tokens: list[int] = []
        """What the sequence holds now."""

    def tokenise(self, text: str, *, marks: bool) -> list[int]:
        """Return the tokens of a text; only with `marks` do `<|im_start|>` and its like become control tokens."""
        data = text.encode()
        found = (ctypes.c_int32 * (len(data) + 8))()
        count = self._api.llama_tokenize(self._vocabulary, data, len(data), found, len(found), False, marks)  # noqa: FBT003 - C's order
        if count < 0:
            raise EngineError("the text cannot be split into tokens", "say it in fewer words")
        return list(found[:count])

    def evaluate(self, tokens: Sequence[int]) -> None:
        """Add at most BATCH_TOKENS to the sequence. Raises EngineError where the context is full."""
        if len(self.tokens) + len(tokens) > self.context_tokens:
            raise EngineError(f"the context of {self.context_tokens} tokens is full", "a model with a longer context")
        batch = (ctypes.c_int32 * len(tokens))(*tokens)
        if self._api.llama_decode(self._context, self._api.llama_batch_get_one(batch, len(tokens))) != 0:
            raise EngineError(f"llama.cpp: {self._why()}", "the model is started again")
        self.tokens += tokens

    def keep(self, count: int) -> None:
        """Forget all but the first `count` tokens of the sequence."""
        self._api.llama_memory_seq_rm(self._memory, 0, count, -1)
        del self.tokens[count:]

    def save(self, path: Path) -> None:
        """Write the state of the sequence. Raises OSError."""
        tokens = (ctypes.c_int32 * len(self.tokens))(*self.tokens)
        if not self._api.llama_state_seq_save_file(self._context, os.fsencode(path), 0, tokens, len(tokens)):
            raise OSError(0, "the state was not written", str(path))

    def restore(self, path: Path, count: int) -> bool:
        """Read a state of `count` tokens; False, with an empty sequence, if it is none."""
        self.keep(0)
        tokens, found = (ctypes.c_int32 * count)(), ctypes.c_size_t(0)
        if not self._api.llama_state_seq_load_file(
            self._context, os.fsencode(path), 0, tokens, count, ctypes.byref(found)
        ):
            self.keep(0)
            return False
        self.tokens = list(tokens[: found.value])
        return True

    def scores(self) -> NDArray[np.float32]:
        """Return the logits of the next token."""
        pointer = self._api.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, (self._size,))

    def ends(self, token: int) -> bool:
        """Tell whether the token ends an answer."""
        return bool(self._api.llama_vocab_is_eog(self._vocabulary, token))

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for, a control token's too: the grammar goes by them."""
        buffer = ctypes.create_string_buffer(256)
        length = self._api.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, True)  # noqa: FBT003 - C's order
        return buffer.raw[: max(0, length)]

    def grammar(self, text: str) -> "Grammar":
        """Compile a GBNF grammar with the rule `root`, quicker than a copy is made of one. Raises EngineError; may kill the process."""
        self._words.clear()
        sampler = self._api.llama_sampler_init_grammar(self._vocabulary, text.encode(), b"root")
        if not sampler:
            raise EngineError(f"the grammar is refused: {self._why()}", "the grammar is made by understand.schema")
        return Grammar(self._api, sampler)

    def _begin(self, threads: int) -> Any:
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = self.context_tokens
        parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
        parameters.n_seq_max = 1
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.no_perf = True
        context = self._api.llama_init_from_model(self._model, parameters)
        if not context:
            raise ModelError(f"the model does not start: {self._why()}", "a smaller model, or more memory")
        return context

    def _heard(self, level: int, text: bytes, _data: Any) -> None:
        if level >= _ERROR:
            self._words.append(text.decode(errors="replace").strip())
            del self._words[:-4]

    def _why(self) -> str:
        return "; ".join(self._words)[-300:] or "no reason given"


class Grammar:
    """What an answer may look like, at one place in it."""

    def __init__(self, api: Any, sampler: Any) -> None:
        """Own a grammar sampler."""
        self._api = api
        self._sampler = sampler

    def close(self) -> None:
        """Free it."""
        self._api.llama_sampler_free(self._sampler)

    def best(self, scores: NDArray[np.float32]) -> int:
        """Return the likeliest token that the grammar allows. Raises EngineError if it allows none."""
        # The grammar looks at one token in 0.1 ms, at a vocabulary of 152k in 170 ms; the likeliest nearly always will do.
        for count in TRIES:
            tokens = likeliest(scores, count)
            best = self._allowed(tokens, scores)
            if best is not None:
                return best
            if len(tokens) == len(scores):
                break
        raise EngineError("the grammar allows nothing more", "the grammar is made by understand.schema")

    def accept(self, token: int) -> None:
        """Move on by a token that it allows."""
        self._api.llama_sampler_accept(self._sampler, token)

    def _allowed(self, tokens: NDArray[np.int32], scores: NDArray[np.float32]) -> int | None:
        """Return the likeliest of the tokens that the grammar allows."""
        candidates = np.zeros(len(tokens), _CANDIDATE)
        candidates["id"], candidates["logit"] = tokens, scores[tokens]
        pointer = candidates.ctypes.data_as(self._api.llama_token_data_p)
        array = self._api.llama_token_data_array(pointer, len(tokens), -1, False)  # noqa: FBT003 - C's order
        self._api.llama_sampler_apply(self._sampler, ctypes.byref(array))
        place = int(candidates["logit"].argmax())
        return int(candidates["id"][place]) if np.isfinite(candidates["logit"][place]) else None


def likeliest(scores: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Return the tokens of the highest scores, in no order."""
    if count == 1:
        return np.array([scores.argmax()], np.int32)
    if count >= len(scores):
        return np.arange(len(scores), dtype=np.int32)
    return np.argpartition(scores, -count)[-count:].astype(np.int32)


def bindings() -> Any:
    """Return llama_cpp's C interface without the rest of the package: it would load a template engine and 23 MB more."""
    if "llama_cpp" not in sys.modules:
        found = importlib.util.find_spec("llama_cpp")
        if found is None:
            raise EngineError("llama-cpp-python is not installed", "pip install 'cabin-assistant[qwen]'")
        package = types.ModuleType("llama_cpp")
        package.__path__ = list(found.submodule_search_locations or ())
        sys.modules["llama_cpp"] = package
    import llama_cpp.llama_cpp as api  # noqa: PLC0415 - see above

    return api
