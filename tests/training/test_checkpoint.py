import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.training import checkpoint, export, verify
from assistant.training.checkpoint import Checkpoint, Speller
from tests.training import checkpoint_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return checkpoint_file.describe(tmp_path / "tiny")


def opened(folder: Path) -> Checkpoint:
    config, tokenizer = (json.loads((folder / name).read_text()) for name in ("config.json", "tokenizer.json"))
    return Checkpoint(folder, config, tokenizer, ())


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"holds no config.json \(give the folder of a Qwen2"):
            checkpoint.read(folder)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}, "a checkpoint of LlamaForCausalLM"),
        ({"architectures": ["Qwen2ForSequenceClassification"]}, "a checkpoint of Qwen2ForSequenceClassification"),
        ({"architectures": None}, "a checkpoint of qwen2"),
        ({"quantization_config": {"quant_method": "gptq"}}, "is quantized"),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0}}, "stretches its context"),
    ],
)
def test_another_kind_is_named(folder: Path, other: dict[str, Any], reason: str) -> None:
    checkpoint_file.describe(folder, **other)
    with pytest.raises(UsageError, match=reason):
        checkpoint.read(folder)


def test_a_broken_config_is_named(folder: Path) -> None:
    for text in ("{", "[]", '"qwen2"'):
        (folder / "config.json").write_text(text)
        with pytest.raises(UsageError, match=r"config.json is cut or broken \(copy the checkpoint again\)"):
            checkpoint.read(folder)


def test_a_missing_tokenizer_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(UsageError, match=r"holds no tokenizer\.json"):
        checkpoint.read(folder)


def test_missing_weights_are_named(folder: Path) -> None:
    pytest.importorskip("safetensors")
    with pytest.raises(UsageError, match=r"holds no model\.safetensors"):
        checkpoint.read(folder)


def test_cut_weights_are_named(folder: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    whole = numpy.save({"x": np.zeros((9, 9), np.float32)})
    for size in (0, 4, 20, len(whole) - 1):
        (folder / "model.safetensors").write_bytes(whole[:size])
        with pytest.raises(UsageError, match=r"model.safetensors is cut or broken .*copy the checkpoint again"):
            checkpoint.read(folder)


def test_a_shard_that_is_not_there_is_named(folder: Path) -> None:
    pytest.importorskip("safetensors")
    for name in ("model-2.safetensors", "../elsewhere.safetensors"):
        (folder / checkpoint.INDEX).write_text(json.dumps({"weight_map": {"x": name}}))
        with pytest.raises(UsageError, match=f"holds no {Path(name).name}"):
            checkpoint.read(folder)


def test_a_tokenizer_that_llama_cpp_would_not_follow_is_named(folder: Path) -> None:
    pytest.importorskip("safetensors.numpy").save_file({}, folder / "model.safetensors")
    whole = json.loads((folder / "tokenizer.json").read_text())
    other_cuts = {**whole, "pre_tokenizer": {"type": "Whitespace"}}
    no_end = {**whole, "added_tokens": whole["added_tokens"][:2]}
    far = {**whole, "added_tokens": [{**entry, "id": entry["id"] + 999} for entry in whole["added_tokens"]]}
    no_merges = {**whole, "model": {"type": "BPE", "vocab": {}}}
    reasons = (
        (other_cuts, "otherwise than"),
        (no_end, r"no <\|im_end\|>"),
        (far, "more tokens than"),
        (no_merges, "broken"),
    )
    for table, reason in reasons:
        (folder / "tokenizer.json").write_text(json.dumps(table))
        with pytest.raises(UsageError, match=reason):
            checkpoint.read(folder)


def test_merges_are_read_in_both_forms(folder: Path) -> None:
    found = opened(folder)
    pairs = [merge.split(" ") for merge in found.merges()]
    table = {**found.tokenizer, "model": {**found.tokenizer["model"], "merges": pairs}}
    assert Checkpoint(folder, found.config, table, ()).merges() == found.merges()
    assert len(found.merges()) > 30


def test_a_copied_word_is_the_token_of_the_sentence(folder: Path) -> None:
    speller = Speller(opened(folder))
    said = speller.prompts(["remind me to buy milk"])[0]
    written = speller.answer('SetReminder text="buy milk"', spaced=True)
    copied = speller.text(" buy milk")
    assert said[-len(copied) - 1 :] == [*copied, *speller.line]
    assert written[-len(copied) - 2 : -2] == copied
    assert written[-1] == speller.end


def test_a_language_without_spaces_gets_none(folder: Path) -> None:
    speller = Speller(opened(folder))
    assert speller.words(speller.answer('SetReminder text="把空调"', spaced=False)) == 'SetReminder text="把空调"'


def test_text_is_spelled_as_llama_cpp_gets_it(folder: Path) -> None:
    speller = Speller(opened(folder))
    assert speller.text("e\u0301") != speller.text("\u00e9")


def test_another_checkpoint_has_another_digest(folder: Path, tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    for place, value in ((folder, 0.0), (other, 1.0)):
        numpy.save_file({"x": np.full((3, 3), value, np.float32)}, place / "model.safetensors")
    assert checkpoint.read(folder).digest() == checkpoint.read(folder).digest() != checkpoint.read(other).digest()


SIZES = {
    "input_layernorm": (64,), "post_attention_layernorm": (64,), "self_attn.q_proj": (64, 64), "self_attn.k_proj": (32, 64),
    "self_attn.v_proj": (32, 64), "self_attn.o_proj": (64, 64), "mlp.gate_proj": (96, 64), "mlp.up_proj": (96, 64),
    "mlp.down_proj": (64, 96),
}  # fmt: skip
"""Weights of a layer of both families."""
OURS = {
    "input_layernorm": "before", "post_attention_layernorm": "between", "self_attn.q_proj": "query", "self_attn.k_proj": "key",
    "self_attn.v_proj": "value", "self_attn.o_proj": "out", "mlp.gate_proj": "gate", "mlp.up_proj": "up", "mlp.down_proj": "down",
    "self_attn.q_norm": "query_norm", "self_attn.k_norm": "key_norm",
}  # fmt: skip


def drawn(folder: Path, kind: str) -> dict[str, NDArray[np.float32]]:
    """Write random weights without torch, and return them under our own names."""
    numpy = pytest.importorskip("safetensors.numpy")
    layer = dict(SIZES)
    if kind == "qwen3":
        layer |= {"self_attn.q_norm": (16,), "self_attn.k_norm": (16,)}
    else:
        layer |= {"self_attn.q_proj.bias": (64,), "self_attn.k_proj.bias": (32,), "self_attn.v_proj.bias": (32,)}
    sizes = {f"layers.{number}.{name}": size for number in range(2) for name, size in layer.items()}
    sizes |= {"embed_tokens": (checkpoint_file.ROWS, 64), "norm": (64,)}
    rng = np.random.default_rng(1)
    values = {
        name: rng.normal(1.0 if "norm" in name else 0.0, 0.2, size).astype(np.float32) for name, size in sizes.items()
    }
    stored = {f"model.{name}" + ("" if "bias" in name else ".weight"): value for name, value in values.items()}
    numpy.save_file(stored, folder / "model.safetensors")
    found = {"embedding.weight": values["embed_tokens"], "norm.weight": values["norm"]}
    for number in range(2):
        for theirs, ours in OURS.items():
            if f"layers.{number}.{theirs}" in values:
                found[f"blocks.{number}.{ours}.weight"] = values[f"layers.{number}.{theirs}"]
    return found


def test_a_file_of_a_checkpoint_is_the_network(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    folder = checkpoint_file.describe(tmp_path, "qwen3", rope_theta=export.ROPE_BASE)
    weights = drawn(folder, "qwen3")
    read = checkpoint.read(folder)
    export.write_checkpoint(tmp_path / "tiny.gguf", read, "tiny", "random", small=False)
    shape, speller = export.shape_of(read), Speller(read)
    found = verify.beside(
        tmp_path / "tiny.gguf",
        512,
        lambda text: speller.prompts([text])[0],
        lambda tokens: verify.logits(weights, shape, tokens),
        [*checkpoint_file.TEXTS[:5], "日本 naïve ~!?", "e\u0301 [PAD410] x"],
    )
    assert found["same_tokens"] == found["same_best"] == 7
    assert found["logits_apart_most"] < 0.01 * found["logits_deviation"]


def test_the_older_family_has_its_biases_and_its_own_output(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    folder = checkpoint_file.describe(tmp_path, "qwen2")
    drawn(folder, "qwen2")
    export.write_checkpoint(tmp_path / "tiny.gguf", checkpoint.read(folder), "tiny", "random")
    file = gguf.GGUFReader(tmp_path / "tiny.gguf")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in file.tensors}
    assert kinds["blk.1.attn_q.bias"] == kinds["output_norm.weight"] == "F32"
    assert kinds["blk.1.attn_q.weight"] == kinds["token_embd.weight"] == "Q8_0"
    assert len(kinds) == 2 * 12 + 2
    assert file.fields["general.architecture"].contents() == "qwen2"
    assert file.fields["qwen2.rope.freq_base"].contents() == 1e6
    tokens = file.fields["tokenizer.ggml.tokens"].contents()
    assert tokens[file.fields["tokenizer.ggml.eos_token_id"].contents()] == "<|im_end|>"
    types = dict(zip(tokens, file.fields["tokenizer.ggml.token_type"].contents(), strict=True))
    assert [types[token] for token in ("<|im_start|>", "<tool_call>", "a", "[PAD415]")] == [3, 4, 1, 5]
