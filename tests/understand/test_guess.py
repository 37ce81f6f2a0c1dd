from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import pytest

from assistant.core.request import Request
from assistant.understand.guess import Bars, Judge, Trust
from assistant.understand.process import Ending, ModelAnswer

BARS = Bars(act=0.8, ask=0.5, values=0.6, none=0.05, doubt=0.3, foreign=0.9)


@dataclass(frozen=True, slots=True)
class Warm(Request):
    labels = ("climate.control", "vehicle.setting")


@dataclass(frozen=True, slots=True)
class Cool(Request):
    labels = ("climate.control",)


@dataclass(frozen=True, slots=True)
class Call(Request):
    labels = ("phone.call",)


JUDGE = Judge((Warm, Cool, Call), BARS)


def answer(pieces: Sequence[tuple[str, float]], **first: float) -> ModelAnswer:
    """Return an answer of these pieces and their probabilities, the last of which ends it."""
    text, steps = "", []
    for piece, probability in pieces:
        steps.append((len(text.encode()), log(probability)))
        text += piece
    return ModelAnswer(Ending.DONE, text, tuple(steps), first)


def test_the_decision_is_weighed_apart_from_the_values() -> None:
    guess = JUDGE(answer([("Call", 0.9), (' who="', 0.9), ("妈", 0.8), ('"', 1.0), ("", 0.9)], Call=0.9))

    assert guess.decision == pytest.approx(0.9)
    assert guess.values == pytest.approx(0.9 * 0.8 * 0.9)
    assert guess.trust is Trust.ACT
    assert guess.confidence == pytest.approx(0.9 * 0.9 * 0.8 * 0.9)


def test_requests_of_the_same_effect_decide_together() -> None:
    guess = JUDGE(answer([("Warm", 0.5), ("", 1.0)], Warm=0.5, Cool=0.35, Call=0.1))

    assert guess.decision == pytest.approx(0.85)
    assert guess.trust is Trust.ACT


def test_a_name_of_several_tokens_has_the_probability_of_all_of_them() -> None:
    guess = JUDGE(answer([("Wa", 0.9), ("rm", 0.8), ("", 1.0)], Wa=0.9, Co=0.05))

    assert guess.decision == pytest.approx(0.72)


def test_every_name_of_an_answer_counts_and_no_quoted_word_is_one() -> None:
    pieces = [("Call", 0.9), (' who="', 1.0), ("a;b c", 0.7), ('"', 1.0), (";", 1.0), ("Warm", 0.5), ("", 1.0)]
    guess = JUDGE(answer(pieces, Call=0.9))

    assert guess.decision == pytest.approx(0.45)
    assert guess.values == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("decision", "value", "trust"),
    [
        (0.8, 0.6, Trust.ACT),
        (0.79, 0.6, Trust.ASK),
        (0.8, 0.59, Trust.ASK),
        (0.49, 1.0, Trust.SILENT),
        (0.5, 0.01, Trust.ASK),
    ],
)
def test_the_bars_are_what_is_least(decision: float, value: float, trust: Trust) -> None:
    guess = JUDGE(answer([("Call", decision * 1.0001), (" x=1", value * 1.0001), ("", 1.0)], Call=decision * 1.0001))

    assert guess.trust is trust


def test_what_may_have_been_for_nobody_is_asked_about_however_sure_the_decision_is() -> None:
    assert JUDGE(answer([("Call", 0.9), ("", 1.0)], Call=0.9, none=0.04)).trust is Trust.ACT
    doubtful = JUDGE(answer([("Call", 0.9), ("", 1.0)], Call=0.9, none=0.06))
    assert (doubtful.trust, doubtful.doubts) == (Trust.ASK, False)
    assert JUDGE(answer([("Call", 0.6), ("", 1.0)], Call=0.6, none=0.4)).doubts


def test_none_is_foreign_only_if_it_is_certain() -> None:
    assert JUDGE(answer([("none", 0.95), ("", 1.0)], none=0.95)).foreign
    unsure = JUDGE(answer([("none", 0.85), ("", 1.0)], none=0.85))
    assert (unsure.foreign, unsure.trust) == (False, Trust.SILENT)
