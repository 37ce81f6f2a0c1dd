"""A tiny Qwen checkpoint as Hugging Face stores it: the real files, random weights."""

import json
from pathlib import Path
from typing import Any

from assistant.training.vocabulary import SPLIT

TEXTS = (
    "stop it now please",
    "who is elvis presley",
    "set it to 22 degrees",
    "把空调打开一点",
    "remind me to buy milk",
) * 3
ANSWERS = ("none", "Stop", "SetTemperature", 'SetReminder text=" buy milk"') * 3
WIDTH, LAYERS = 64, 2
TRAINED = 384
"""Tokens of text and merges, control tokens aside."""
ROWS = 416
"""Rows of the embedding: as in the public ones, more than there are tokens."""
ADDED = (("<|endoftext|>", True), ("<|im_start|>", True), ("<|im_end|>", True), ("<tool_call>", False))
CLASSES = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


def describe(folder: Path, kind: str = "qwen2", **other: Any) -> Path:
    """Write `config.json` and `tokenizer.json`, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": [CLASSES[kind]], "model_type": kind, "vocab_size": ROWS, "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 96, "hidden_act": "silu",
        "max_position_embeddings": 1024, "rms_norm_eps": 1e-6, "rope_theta": 1e6, "tie_word_embeddings": kind == "qwen3",
        "initializer_range": 0.2,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config | other))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()))
    return folder


def make(folder: Path, kind: str, *, shards: str = "5GB") -> Path:
    """Write the weights too."""
    import torch
    import transformers

    describe(folder, kind)
    torch.manual_seed(7)
    network = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(folder))
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.dim() == 1:
                # Norms are ones and biases noughts in a fresh network: a mistaken name would not show.
                value.add_(torch.randn_like(value) * 0.1)
            assert name
    network.to(torch.bfloat16).save_pretrained(folder, max_shard_size=shards)
    return folder


def _tokenizer() -> dict[str, Any]:
    import tokenizers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

    made = tokenizers.Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS + ANSWERS, trainers.BpeTrainer(vocab_size=TRAINED, initial_alphabet=alphabet, show_progress=False)
    )
    for token, special in ADDED:
        made.add_tokens([tokenizers.AddedToken(token, special=special, normalized=False)])
    found: dict[str, Any] = json.loads(made.to_str())
    return found
