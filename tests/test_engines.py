"""The engines of one configuration."""

import gc
import weakref

import pytest

from assistant.config import Config, Hear
from assistant.engines import Engines
from assistant.hear.moonshine import Moonshine


def test_a_full_graph_and_one_with_other_names_go_and_the_recogniser_is_bound_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engines = Engines(Config(hear=Hear(engine="moonshine")))
    recogniser = engines.recogniser()
    assert isinstance(recogniser, Moonshine)

    def bound() -> "weakref.ref[object]":
        assert engines.recogniser() is recogniser
        assert recogniser._bound is not None
        assert recogniser._bound.read("Turn on the radio.") == ("turn", "on", "the", "radio")
        return weakref.ref(recogniser._bound.sentences)

    gc.disable()
    try:
        first = bound()
        assert bound() == first
        with monkeypatch.context() as small:
            small.setattr("assistant.languages.graph.MOST_STATES", 50)
            engines.recogniser()
        second = bound()
        assert first() is None
        engines.take_names({"contact": ("Anna",)})
        assert bound()() is not None
        assert second() is None
    finally:
        gc.enable()
