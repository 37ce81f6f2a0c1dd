"""A Whisper of the real format with random weights: tokenizer trained here, two layers of 64."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ctranslate2.specs import whisper_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

LAYERS, HEADS, WIDTH, MELS = 2, 2, 64, 80
SENTENCES = ["set the temperature to twenty two degrees", "navigate to the airport", "打开空调 导航到机场"] * 4


def _tokenizer() -> tuple[Tokenizer, list[str]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    languages = [f"<|{code}|>" for code in _LANGUAGE_CODES]
    tasks = ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    times = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    special = ["<|endoftext|>", "<|startoftranscript|>", *languages, *tasks, *times, "<pad>"]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return tokenizer, languages


class _Weights:
    """Fills the parts of a specification."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def some(self, *shape: int) -> npt.NDArray[np.float32]:
        return (self._random.standard_normal(shape) * 0.05).astype(np.float32)

    def norm(self, part: Any) -> None:
        part.gamma, part.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def linear(self, part: Any, outputs: int, inputs: int) -> None:
        part.weight, part.bias = self.some(outputs, inputs), np.zeros(outputs, np.float32)

    def attention(self, part: Any, sizes: list[int]) -> None:
        self.norm(part.layer_norm)
        for linear, outputs in zip(part.linear, sizes, strict=True):
            self.linear(linear, outputs, WIDTH)

    def feed_forward(self, part: Any) -> None:
        self.norm(part.layer_norm)
        self.linear(part.linear_0, 4 * WIDTH, WIDTH)
        self.linear(part.linear_1, WIDTH, 4 * WIDTH)


def _specification(vocabulary: int) -> whisper_spec.WhisperSpec:
    weights, spec = _Weights(), whisper_spec.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    encoder, decoder = spec.encoder, spec.decoder
    for part, inputs in ((encoder.conv1, MELS), (encoder.conv2, WIDTH)):
        part.weight, part.bias = weights.some(WIDTH, inputs, 3), np.zeros(WIDTH, np.float32)
    encoder.position_encodings.encodings = weights.some(1500, WIDTH)
    decoder.position_encodings.encodings = weights.some(448, WIDTH)
    decoder.embeddings.weight = decoder.projection.weight = weights.some(vocabulary, WIDTH)
    decoder.scale_embeddings = False
    for half in (encoder, decoder):
        weights.norm(half.layer_norm)
        for layer in half.layer:
            weights.attention(layer.self_attention, [3 * WIDTH, WIDTH])
            weights.feed_forward(layer.ffn)
    for layer in decoder.layer:
        weights.attention(layer.attention, [WIDTH, 2 * WIDTH, WIDTH])
    return spec


def make_whisper(folder: Path, *, multilingual: bool) -> Path:
    """Write the model; CTranslate2 calls it multilingual if its vocabulary holds an empty token."""
    tokenizer, languages = _tokenizer()
    words = [word for word, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    if multilingual:
        words[words.index("<pad>")] = ""
    spec = _specification(len(words))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokenizer.token_to_id("<|endoftext|>")]
    spec.config.lang_ids = [tokenizer.token_to_id(language) for language in languages]
    spec.config.alignment_heads = [[LAYERS - 1, head] for head in range(HEADS)]
    spec.register_vocabulary(words)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    features = {"feature_size": MELS, "sampling_rate": 16000, "hop_length": 160, "n_fft": 400, "chunk_length": 30}
    (folder / "preprocessor_config.json").write_text(json.dumps(features), "utf-8")
    return folder
