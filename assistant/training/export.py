"""Weights and vocabulary to a GGUF file as llama.cpp expects of the architectures qwen3 and qwen2."""

import contextlib
import ctypes
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.training.checkpoint import Checkpoint
from assistant.training.vocabulary import END, PAD, Vocabulary

ARCHITECTURE: Final = "qwen3"
EPSILON: Final = 1e-6
ROPE_BASE: Final = 10_000.0
Q8_0_BLOCK: Final = 32
"""Weights of a row that share a scale: a row of another length stays as it is."""
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
    writer.add_name(name)
    writer.add_license("Apache-2.0")
    writer.add_description("Trained from scratch on in-car requests; Qwen3's layers, none of Qwen's weights.")
    sizes(writer, shape, ROPE_BASE, EPSILON)
    plain, control = int(gguf.TokenType.NORMAL), int(gguf.TokenType.CONTROL)
    kinds = [plain] * vocabulary.first_control + [control] * vocabulary.controls
    spelling(writer, vocabulary.tokens, kinds, vocabulary.merges)
    tensors(writer, ((theirs, weights[ours]) for ours, theirs in _names(shape.layers)), small=small)


def sizes(writer: Any, shape: Shape, rope_base: float, epsilon: float) -> None:
    """Write the keys of a network."""
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.pairs)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_freq_base(rope_base)
    writer.add_layer_norm_rms_eps(epsilon)


def spelling(writer: Any, tokens: Sequence[str], kinds: Sequence[int], merges: Sequence[str]) -> None:
    """Write the keys of the tokens; an answer ends with END whatever else the model was made for."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(list(tokens))
    writer.add_token_types(list(kinds))
    writer.add_token_merges(list(merges))
    writer.add_eos_token_id(tokens.index(END))
    writer.add_pad_token_id(tokens.index(PAD))
    writer.add_bool("tokenizer.ggml.add_bos_token", False)  # noqa: FBT003 - the library's order


def tensors(writer: Any, named: Iterable[tuple[str, NDArray[np.float32]]], *, small: bool) -> None:
    """Write the weights and close the file: matrices as Q8_0 where `small`, everything else as 32-bit floats."""
    import gguf  # noqa: PLC0415

    packed_type = gguf.GGMLQuantizationType.Q8_0
    for name, values in named:
        value = np.ascontiguousarray(values, np.float32)
        if value.ndim == 2 and small and value.shape[1] % Q8_0_BLOCK == 0:
            writer.add_tensor(name, gguf.quants.quantize(value, packed_type), raw_dtype=packed_type)
        else:
            writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_checkpoint(path: Path, checkpoint: Checkpoint, name: str, about: str, *, small: bool = True) -> None:
    """Write the file of a Qwen checkpoint, with its own vocabulary and merges: matrices as Q8_0, or as 32-bit floats where not `small`."""
    import gguf  # noqa: PLC0415

    shape = shape_of(checkpoint)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[checkpoint.architecture.upper()], shape.layers)
    writer = gguf.GGUFWriter(path, checkpoint.architecture)
    writer.add_name(name)
    writer.add_description(about)
    sizes(writer, shape, checkpoint.rope_base, float(checkpoint.config["rms_norm_eps"]))
    spelled, kinds = _tokens(checkpoint, shape.vocabulary)
    spelling(writer, spelled, kinds, checkpoint.merges())

    def theirs(ours: str) -> str:
        found: str | None = names.get_name(ours, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise UsageError(
                f"llama.cpp knows no {ours} in {checkpoint.architecture}", "train again from the checkpoint"
            )
        return found

    tensors(writer, ((theirs(ours), value) for ours, value in checkpoint.named()), small=small)


def shape_of(checkpoint: Checkpoint) -> Shape:
    """Return the sizes that `config.json` tells."""
    config = checkpoint.config
    width, heads = config["hidden_size"], config["num_attention_heads"]
    return Shape(
        vocabulary=config["vocab_size"],
        width=width,
        layers=config["num_hidden_layers"],
        heads=heads,
        pairs=config["num_key_value_heads"],
        head=config.get("head_dim") or width // heads,
        inner=config["intermediate_size"],
        context=config["max_position_embeddings"],
    )


def _tokens(checkpoint: Checkpoint, size: int) -> tuple[list[str], list[int]]:
    """Return the spelling and kind of every row of the embedding; there are more rows than tokens."""
    import gguf  # noqa: PLC0415

    kind = gguf.TokenType
    spelled, kinds = [f"[PAD{number}]" for number in range(size)], [int(kind.UNUSED)] * size
    for token, number in checkpoint.tokens().items():
        spelled[number], kinds[number] = token, int(kind.NORMAL)
    for entry in checkpoint.tokenizer.get("added_tokens", ()):
        control = entry["special"] or entry["content"] in (END, PAD)
        kinds[entry["id"]] = int(kind.CONTROL if control else kind.USER_DEFINED)
    return spelled, kinds


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
    api.llama_log_set(api.llama_log_callback(), None)  # the listener of a model that is gone would be called
    parameters = api.llama_model_quantize_default_params()
    parameters.ftype = api.LLAMA_FTYPE_MOSTLY_Q4_K_M
    parameters.allow_requantize = True
    parameters.nthread = 1
    with contextlib.suppress(FileNotFoundError):
        to.unlink()
    if api.llama_model_quantize(os.fsencode(path), os.fsencode(to), ctypes.byref(parameters)) != 0:
        raise UsageError(f"{path}: llama.cpp does not quantize it", "export it again")
