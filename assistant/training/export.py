"""Weights and vocabulary to a GGUF file as llama.cpp expects of the architecture qwen3."""

import contextlib
import ctypes
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.training.vocabulary import END, PAD, Vocabulary

ARCHITECTURE: Final = "qwen3"
EPSILON: Final = 1e-6
ROPE_BASE: Final = 10_000.0
BLOCK: Final[Mapping[str, str]] = {
    "before.weight": "attn_norm.weight",
    "query.weight": "attn_q.weight",
    "key.weight": "attn_k.weight",
    "value.weight": "attn_v.weight",
    "out.weight": "attn_output.weight",
    "query_norm.weight": "attn_q_norm.weight",
    "key_norm.weight": "attn_k_norm.weight",
    "between.weight": "ffn_norm.weight",
    "gate.weight": "ffn_gate.weight",
    "up.weight": "ffn_up.weight",
    "down.weight": "ffn_down.weight",
}
"""Our names of a block's weights to llama.cpp's."""
Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network."""

    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    pairs: int = 2
    """Key-value heads."""
    head: int = 64
    inner: int = 768
    context: int = 512


def save(weights: Weights, shape: Shape, folder: Path) -> None:
    """Write the weights where `load` finds them."""
    np.savez(folder / "weights.npz", **cast("dict[str, Any]", dict(weights)))
    (folder / "shape.json").write_text(json.dumps(asdict(shape)), encoding="utf-8")


def load(folder: Path) -> tuple[dict[str, NDArray[np.float32]], Shape]:
    """Return what `save` wrote; UsageError if there is nothing."""
    try:
        shape = Shape(**json.loads((folder / "shape.json").read_text(encoding="utf-8")))
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}, shape
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{folder}: no weights of a finished training ({error})", "train first") from error


def write(path: Path, weights: Weights, shape: Shape, vocabulary: Vocabulary, name: str, *, small: bool = True) -> None:
    """Write the file: matrices as Q8_0, or as 32-bit floats where not `small`, norms as floats."""
    import gguf  # noqa: PLC0415 - used while training only

    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    _describe(writer, shape, vocabulary, name)
    for ours, theirs in _names(shape.layers):
        value = np.ascontiguousarray(weights[ours], np.float32)
        if value.ndim == 2 and small:
            packed = gguf.quants.quantize(value, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(theirs, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(theirs, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: Any, shape: Shape, vocabulary: Vocabulary, name: str) -> None:
    """Write the keys."""
    import gguf  # noqa: PLC0415

    writer.add_name(name)
    writer.add_license("Apache-2.0")
    writer.add_description("Trained from scratch on in-car requests; Qwen3's layers, none of Qwen's weights.")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.pairs)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    plain, control = int(gguf.TokenType.NORMAL), int(gguf.TokenType.CONTROL)
    writer.add_token_list(list(vocabulary.tokens))
    writer.add_token_types([plain] * vocabulary.first_control + [control] * vocabulary.controls)
    writer.add_token_merges(list(vocabulary.merges))
    writer.add_eos_token_id(vocabulary.tokens.index(END))
    writer.add_pad_token_id(vocabulary.tokens.index(PAD))
    writer.add_bool("tokenizer.ggml.add_bos_token", False)  # noqa: FBT003 - the library's order


def _names(layers: int) -> Iterator[tuple[str, str]]:
    """Yield our name and llama.cpp's of every weight."""
    yield "embedding.weight", "token_embd.weight"
    for layer in range(layers):
        for ours, theirs in BLOCK.items():
            yield f"blocks.{layer}.{ours}", f"blk.{layer}.{theirs}"
    yield "norm.weight", "output_norm.weight"


def smaller(path: Path, to: Path) -> None:
    """Write a Q4_K_M of a GGUF file; llama.cpp falls back to a finer type where a row is no multiple of 256."""
    from assistant.understand.llama import bindings  # noqa: PLC0415

    api = bindings()
    parameters = api.llama_model_quantize_default_params()
    parameters.ftype = api.LLAMA_FTYPE_MOSTLY_Q4_K_M
    parameters.allow_requantize = True
    parameters.nthread = 1
    with contextlib.suppress(FileNotFoundError):
        to.unlink()
    if api.llama_model_quantize(os.fsencode(path), os.fsencode(to), ctypes.byref(parameters)) != 0:
        raise UsageError(f"{path}: llama.cpp does not quantize it", "export it again")
