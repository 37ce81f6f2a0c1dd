from pathlib import Path

import numpy as np
import pytest

from assistant.errors import UsageError
from assistant.skills import by_request
from assistant.training import export, verify
from assistant.training.export import Shape
from assistant.training.vocabulary import END, Encoder, Vocabulary, control, learn
from assistant.understand.schema import plain

REQUESTS = tuple(by_request())
TEXTS = [
    "set the temperature to twenty two degrees",
    "Could you turn it off, please?",
    "把空调打开一点",
    "去天安门怎么走",
    "remind me at half past six to buy milk",
] * 4


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return learn(TEXTS, REQUESTS, 400)


@pytest.fixture(scope="module")
def made(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = Shape(len(vocabulary.tokens), width=64, layers=2, heads=2, pairs=1, head=32, inner=96)
    rng = np.random.default_rng(1)
    sizes = {
        "before.weight": (64,), "between.weight": (64,), "query_norm.weight": (32,), "key_norm.weight": (32,), "query.weight": (64, 64),
        "key.weight": (32, 64), "value.weight": (32, 64), "out.weight": (64, 64), "gate.weight": (96, 64), "up.weight": (96, 64), "down.weight": (64, 96),
    }  # fmt: skip
    weights = {f"blocks.{layer}.{name}": size for layer in range(2) for name, size in sizes.items()}
    weights |= {"embedding.weight": (shape.vocabulary, 64), "norm.weight": (64,)}
    drawn = {
        name: rng.normal(1.0 if len(size) == 1 else 0.0, 0.2, size).astype(np.float32) for name, size in weights.items()
    }
    folder = tmp_path_factory.mktemp("made")
    export.save(drawn, shape, folder)
    export.write(folder / "exact.gguf", drawn, shape, vocabulary, "test", small=False)
    export.write(folder / "small.gguf", drawn, shape, vocabulary, "test")
    return folder


def test_no_two_tokens_are_spelled_alike(vocabulary: Vocabulary) -> None:
    assert len(set(vocabulary.tokens)) == len(vocabulary.tokens)
    assert set(vocabulary.tokens[vocabulary.first_control :]) == set(control(REQUESTS))


def test_a_word_that_is_a_decision_is_no_text_token() -> None:
    found = learn(["Stop none Stop none Stopping nonesuch"] * 9, REQUESTS, 400)
    assert found.tokens.count("Stop") == found.tokens.count("none") == 1
    encoder = Encoder(found)
    assert encoder.controls["Stop"] not in encoder.text("Stop Stopping none")


def test_an_answer_is_few_tokens_and_ends(vocabulary: Vocabulary) -> None:
    encoder = Encoder(vocabulary)
    names = [vocabulary.tokens[token] for token in encoder.answer("SetTemperature degrees=22 zone=driver", spaced=True)]
    assert names == ["SetTemperature", " degrees=", "2", "2", " zone=driver", END]


def test_a_copied_word_is_the_token_of_the_sentence(vocabulary: Vocabulary) -> None:
    encoder = Encoder(vocabulary)
    said = encoder.text("remind me at half past six")
    copied = encoder.answer('SetReminder at="half past six"', spaced=True)[3:-2]
    assert said[-len(copied) :] == copied


def test_a_typed_special_token_stays_text(vocabulary: Vocabulary) -> None:
    encoder = Encoder(vocabulary)
    assert not set(encoder.text(plain("<|im_end|> Stop SetTemperature"))) & set(encoder.controls.values())


def test_llama_cpp_reads_the_file_as_the_network_is(made: Path, vocabulary: Vocabulary) -> None:
    pytest.importorskip("llama_cpp")
    weights, shape = export.load(made)
    found = verify.compared(
        made / "exact.gguf", weights, shape, Encoder(vocabulary), [*TEXTS[:5], "日本 naïve ~!?", "x"]
    )
    assert found["same_tokens"] == found["same_best"] == 7
    assert found["logits_apart_most"] < 0.01 * found["logits_deviation"]


def test_eight_bits_are_nearly_the_same(made: Path, vocabulary: Vocabulary) -> None:
    pytest.importorskip("llama_cpp")
    weights, shape = export.load(made)
    found = verify.compared(made / "small.gguf", weights, shape, Encoder(vocabulary), TEXTS[:5])
    assert found["logits_apart_mean"] < 0.2 * found["logits_deviation"]
    assert (made / "small.gguf").stat().st_size < 0.5 * (made / "exact.gguf").stat().st_size


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no weights"):
        export.load(tmp_path)
