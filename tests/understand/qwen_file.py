"""A tiny Qwen model with random weights: the real format, architecture and kind of tokeniser, answers of no use."""

from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = (
    "set the temperature to twenty two degrees",
    "navigate to the airport and add a stop at the bakery",
    "打开空调，把温度调到二十二度",
    "给妈妈打电话",
    'SetTemperature degrees=22 zone=driver;SetReminder text="buy milk" at="half past six"',
)
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen's own split before its byte pairs."""
WIDTH, HEADS, KEY_HEADS, LAYERS, CONTEXT = 64, 4, 2, 2, 2048


def make(path: Path, architecture: str = "qwen2", marks: tuple[str, ...] = (), letters: str = "") -> Path:
    """Write `path` (about 0.5 MB) and return it; `marks` are further control tokens, and it knows no letters but `letters` if any are given."""
    pieces, kinds, merges = _vocabulary(marks)
    if letters:
        known = {piece for piece in pieces if set(piece) <= set(letters)}
        kinds = [
            kind if piece in known or kind is not gguf.TokenType.NORMAL else gguf.TokenType.UNUSED
            for piece, kind in zip(pieces, kinds, strict=True)
        ]
        pieces = [
            piece if piece in known or kind is not gguf.TokenType.UNUSED else f"[UNUSED{number}]"
            for number, (piece, kind) in enumerate(zip(pieces, kinds, strict=True))
        ]
        merges = [merge for merge in merges if set(merge) <= {*letters, " "}]
    head = WIDTH // HEADS
    file = gguf.GGUFWriter(str(path), architecture)
    file.add_name(f"tiny-random-{architecture}")
    file.add_context_length(CONTEXT)
    file.add_embedding_length(WIDTH)
    file.add_block_count(LAYERS)
    file.add_feed_forward_length(2 * WIDTH)
    file.add_head_count(HEADS)
    file.add_head_count_kv(KEY_HEADS)
    file.add_key_length(head)
    file.add_value_length(head)
    file.add_layer_norm_rms_eps(1e-6)
    file.add_rope_freq_base(1e6)
    file.add_file_type(gguf.LlamaFileType.ALL_F32)
    file.add_vocab_size(len(pieces))
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("qwen2")
    file.add_token_list(pieces)
    file.add_token_types(kinds)
    file.add_token_merges(merges)
    file.add_eos_token_id(pieces.index("<|im_end|>"))
    file.add_bos_token_id(pieces.index("<|endoftext|>"))
    file.add_add_bos_token(False)  # noqa: FBT003 - the library's own order
    file.add_chat_template("{{ raise_exception('a template must never be rendered') }}")
    for name, tensor in _tensors(architecture, len(pieces)).items():
        file.add_tensor(name, tensor)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


def _vocabulary(marks: tuple[str, ...]) -> tuple[list[str], list[gguf.TokenType], list[str]]:
    tokeniser = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokeniser.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokeniser.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    )
    model = _learned(tokeniser)
    pieces = [piece for piece, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    kinds = [gguf.TokenType.NORMAL] * len(pieces)
    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *marks]
    pieces += control
    kinds += [gguf.TokenType.CONTROL] * len(control)
    while len(pieces) % 32:
        kinds.append(gguf.TokenType.UNUSED)
        pieces.append(f"[PAD{len(pieces)}]")
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return pieces, kinds, merges


def _learned(tokeniser: Tokenizer) -> dict[str, dict[str, int]]:
    import json

    learned: dict[str, dict[str, int]] = json.loads(tokeniser.to_str())["model"]
    return learned


def _tensors(architecture: str, words: int) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(0)
    head, hidden = WIDTH // HEADS, 2 * WIDTH
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (words, WIDTH), "output.weight": (words, WIDTH)}
    ones = {"output_norm.weight": WIDTH}
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        ones |= {f"{block}attn_norm.weight": WIDTH, f"{block}ffn_norm.weight": WIDTH}
        shapes |= {
            f"{block}attn_q.weight": (HEADS * head, WIDTH),
            f"{block}attn_k.weight": (KEY_HEADS * head, WIDTH),
            f"{block}attn_v.weight": (KEY_HEADS * head, WIDTH),
            f"{block}attn_output.weight": (WIDTH, HEADS * head),
            f"{block}ffn_gate.weight": (hidden, WIDTH),
            f"{block}ffn_up.weight": (hidden, WIDTH),
            f"{block}ffn_down.weight": (WIDTH, hidden),
        }
        if architecture == "qwen3":
            ones |= {f"{block}attn_q_norm.weight": head, f"{block}attn_k_norm.weight": head}
        else:
            for name, width in (("q", HEADS * head), ("k", KEY_HEADS * head), ("v", KEY_HEADS * head)):
                shapes[f"{block}attn_{name}.bias"] = (width,)
    tensors = {name: (random.standard_normal(shape) * 0.05).astype(np.float32) for name, shape in shapes.items()}
    return tensors | {name: np.ones(width, np.float32) for name, width in ones.items()}
