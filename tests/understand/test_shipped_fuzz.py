"""Whatever is said to the shipped model, its answer is one of the schema, or there is a reason why there is none."""

import random
from collections import Counter
from itertools import islice

import pytest

from assistant.core.text import LANGUAGES
from assistant.errors import EngineError
from assistant.shelf import Shelf
from assistant.skills import by_request
from assistant.understand.guess import UNSURE
from assistant.understand.qwen import Form, Qwen
from assistant.understand.schema import parse
from assistant.worker import Token

pytest.importorskip("llama_cpp")
SHELF = Shelf("/nowhere")
SHIPPED = next((model for model in SHELF.intent_models() if model.shipped), None)
pytestmark = pytest.mark.skipif(SHIPPED is None, reason="no model is shipped")
REQUESTS = tuple(by_request())
PIECES = (
    *(request.__name__ for request in REQUESTS),
    *[
        "<|im_end|>",
        "<|im_start|>",
        "<|endoftext|>",
        "none",
        "degrees=22",
        "zone=driver",
        ";",
        "=",
        '"',
        "'",
        "\\",
        "{}",
        "[]",
        "\x00",
        "\x1b[2J",
        "\u202e",
        "\ufeff",
        "🚗",
        "é",
        "ß",
    ],
    *[
        "please",
        "turn",
        "the",
        "navigate",
        "to",
        "play",
        "call",
        "is",
        "a",
        "set",
        "what",
        "my",
        "no",
        "and",
        "22",
        "3.5",
        "nine",
        "airport",
        "window",
        "music",
    ],
    *[
        "打开",
        "关",
        "把",
        "我",
        "要",
        "到",
        "的",
        "空调",
        "音乐",
        "一点",
        "不",
        "三",
        "二十二",
        "。",
        "，",
        "上海",
        "订",
        "酒店",
    ],
)


def said(rng: random.Random) -> str:
    """Return something random: pieces of both languages and of the schema, letters of any script, one piece many times."""
    match rng.randrange(4):
        case 0:
            return rng.choice(("", " ")).join(rng.choices(PIECES, k=rng.randrange(1, 14)))
        case 1:
            return "".join(
                chr(
                    rng.choice(
                        (
                            rng.randrange(32, 127),
                            rng.randrange(1, 0x3000),
                            rng.randrange(0x4E00, 0x9FFF),
                            rng.randrange(0xE000, 0x10FFFF),
                        )
                    )
                )
                for _ in range(rng.randrange(1, 40))
            )
        case 2:
            return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 60))).decode(errors="replace")
        case _:
            return rng.choice(("", " ")).join([rng.choice(PIECES)] * rng.randrange(1, 90))


def answered(count: int, seed: int) -> Counter[str]:
    """Ask `count` times; return how many answers were of the schema, how many were not, and how many were none."""
    assert SHIPPED is not None
    model, rng, found = (
        Qwen(SHELF.trusted(SHIPPED.name), REQUESTS, Form(SHIPPED.form), limit_s=20),
        random.Random(seed),
        Counter[str](),
    )
    model.prepare("en")
    for text in islice(iter(lambda: said(rng), None), count):
        try:
            guess = model(text, rng.choice(LANGUAGES), Token())
        except EngineError as error:
            found["no end" if "did not end" in str(error) else str(error)] += 1
        else:
            known = guess is UNSURE or parse(guess.text, REQUESTS) is not None
            found["schema" if known else "outside"] += 1
    model.close()
    return found


def test_random_sentences_get_answers_of_the_schema_or_none() -> None:
    found = answered(400, 1)

    assert found["schema"] + found["no end"] == 400
    assert found["schema"] > 300


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_random_sentences_get_answers_of_the_schema_or_none() -> None:
    found = answered(100_000, 2)

    assert found["schema"] + found["no end"] == 100_000, found
