"""Moonshine's encoder and decoder as files of onnxruntime: sound in, log-probabilities of the next token out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.core.audio import SAMPLE_RATE_HZ
from assistant.errors import EngineError, ModelError
from assistant.hear.vocabulary import START

Floats = npt.NDArray[np.float32]

ENCODER, DECODER = "encoder_model.ort", "decoder_model_merged.ort"
MEND = "pip install moonshine-voice==0.1.0, or set [hear] moonshine to a folder with its three files"
_SHORTEST_SAMPLES = SAMPLE_RATE_HZ // 10
_HEADS, _HEAD_SIZE = 8, 36


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder keeps for a batch of hypotheses."""

    own: tuple[Floats, ...]
    """Keys and values of the tokens so far: [batch, head, token, size]."""
    heard: tuple[Floats, ...]
    """Keys and values of the sound, alike for every hypothesis: [widest batch, head, time, size]."""
    sound: Floats
    """The encoder's output: [widest batch, time, size]."""

    def chosen(self, rows: npt.NDArray[np.int64]) -> "Memory":
        """Return the memory of a batch made of these rows."""
        own = tuple(array[rows] for array in self.own)
        if len(rows) <= len(self.sound):
            return Memory(own, self.heard, self.sound)
        heard = tuple(np.repeat(array[:1], len(rows), axis=0) for array in self.heard)
        return Memory(own, heard, np.repeat(self.sound[:1], len(rows), axis=0))


class Network:
    """Both sessions."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Load the two files of `folder`; raise ModelError."""
        self._encoder = _session(folder / ENCODER, threads)
        self._decoder = _session(folder / DECODER, threads)
        self._past = [node.name for node in self._decoder.get_inputs() if node.name.startswith("past")]
        asked = {node.name for node in self._encoder.get_inputs()}
        if asked != {"input_values", "attention_mask"} or not self._past:
            raise ModelError(f"{folder}: not a Moonshine model", MEND)
        self._own = ["decoder" in name for name in self._past]
        outputs = [node.name for node in self._decoder.get_outputs()]
        self._fresh = [name for name in outputs if "encoder" not in name]

    def encode(self, pcm: bytes) -> Floats:
        """Return the encoder's output for s16le sound: [1, time, size]; raise EngineError."""
        sound = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
        sound = np.pad(sound, (0, max(0, _SHORTEST_SAMPLES - len(sound))))
        mask = np.ones((1, len(sound)), np.int64)
        output: Floats = self._run(self._encoder, {"input_values": sound[None], "attention_mask": mask})[0]
        return output

    def begin(self, sound: Floats) -> tuple[Floats, Memory]:
        """Return the log-probabilities of the first token [1, vocabulary] and the memory of one hypothesis; raise EngineError."""
        empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        past = tuple(empty for _ in self._past)
        scores, present = self._step(np.array([START]), past, sound, None)
        own = tuple(array for array, is_own in zip(present, self._own, strict=True) if is_own)
        heard = tuple(array for array, is_own in zip(present, self._own, strict=True) if not is_own)
        return scores, Memory(own, heard, sound)

    def go_on(self, tokens: npt.NDArray[np.int64], memory: Memory) -> tuple[Floats, Memory]:
        """Give each hypothesis its next token [batch]; return log-probabilities [batch, vocabulary]; raise EngineError."""
        count = len(tokens)
        own, heard = iter(memory.own), iter(memory.heard)
        past = tuple(next(own) if is_own else next(heard)[:count] for is_own in self._own)
        scores, present = self._step(tokens, past, memory.sound[:count], self._fresh)
        return scores, Memory(tuple(present), memory.heard, memory.sound)

    def _step(
        self, tokens: npt.NDArray[np.int64], past: tuple[Floats, ...], sound: Floats, wanted: list[str] | None
    ) -> tuple[Floats, list[Floats]]:
        """Run the decoder for one token of each hypothesis; `wanted` is None for the first token, else what changes with it."""
        feed = {
            "input_ids": tokens[:, None],
            "encoder_hidden_states": sound,
            "encoder_attention_mask": np.ones((len(tokens), 1), np.int64),
            "use_cache_branch": np.array([wanted is not None]),
            **dict(zip(self._past, past, strict=True)),
        }
        logits, *present = self._run(self._decoder, feed, wanted)
        rows = logits[:, -1]
        rows -= rows.max(axis=1, keepdims=True)
        rows -= np.log(np.exp(rows).sum(axis=1, keepdims=True))
        return rows, present

    @staticmethod
    def _run(session: Any, feed: dict[str, Any], wanted: list[str] | None = None) -> list[Floats]:
        """Run a session for the wanted outputs (None: all); raise EngineError."""
        try:
            outputs: list[Floats] = session.run(wanted, feed)
        except Exception as error:  # onnxruntime's errors share no base below Exception
            raise EngineError(
                f"moonshine failed: {error}", "restart; if it comes again, choose another recogniser"
            ) from error
        return outputs


def _session(path: Path, threads: int) -> Any:
    """Load one file; raise ModelError."""
    import onnxruntime  # noqa: PLC0415 - heavy

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not path.is_file():
        raise ModelError(f"{path}: the model file is missing", MEND)
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise ModelError(f"{path}: cut, or not a model that onnxruntime can load", MEND) from error
