import random
from typing import Any

import pytest


def _walk(graph: Any, chance: random.Random, most: int = 25) -> list[str]:
    """Follow the graph at random to an end."""
    state = graph.start
    words: list[str] = []
    for _ in range(most):
        following = graph.following(state)
        if graph.complete(state) and (not following or chance.random() < 0.4):
            return words
        assert following, f"a way that leads nowhere: {words}"
        word = chance.choice(sorted(following))
        words.append(word)
        state = following[word]
    return []


def test_every_way_through_the_graph_is_a_sentence_of_the_rules(small: Any) -> None:
    graph, chance = small.grammar.graph(), random.Random(5)
    sentences = [words for _ in range(400) if (words := _walk(graph, chance))]

    assert len(sentences) > 200
    unread = [" ".join(words) for words in sentences if small.readout(" ".join(words)) is None]
    assert not unread


def test_the_graph_is_deterministic_and_holds_names_and_numbers_both_ways(small: Any) -> None:
    graph = small.grammar.graph()

    def reach(text: str) -> int | None:
        state: int | None = graph.start
        for word in text.split():
            state = None if state is None else graph.following(state).get(word)
        return state

    for text in (
        "call anna o'neil",
        "make it twenty two",
        "make it 22",
        "make it 22.5",
        "that's cold",
        "that is cold",
        "open the driver's side window",
    ):
        state = reach(text)
        assert state is not None, text
        assert graph.complete(state), text
    assert reach("make it 45") is None
    assert reach("call peter") is None
    assert reach("play") is None
    assert reach("make it 22") == reach("make it 22")


def test_a_list_without_names_leads_nowhere_and_is_left_out(small: Any) -> None:
    from assistant.languages.grammar import Grammar

    graph = Grammar(small.pack, small.grammar.requests, {}).graph()

    assert "call" not in graph.following(graph.start)


def test_what_a_graph_forgot_it_works_out_again_alike(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, chance = small.grammar.graph(), random.Random(6)
    ways = [words for _ in range(100) if (words := _walk(whole, chance))]
    monkeypatch.setattr("assistant.languages.graph.MOST_FOLLOWING", 3)
    monkeypatch.setattr("assistant.languages.walk.MOST_CLOSURES", 5)
    graph = small.grammar.graph()

    for words in ways * 2:
        state, other = graph.start, whole.start
        for word in words:
            assert {*graph.following(state)} == {*whole.following(other)}
            state, other = graph.following(state)[word], whole.following(other)[word]
        assert graph.complete(state)
        assert len(graph._following) <= 3
    assert len(graph._walk._closures) < len(whole._walk._closures) / 2


def test_steps_through_a_graph_are_forgotten_too(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = small.grammar.graph()
    monkeypatch.setattr("assistant.languages.walk.MOST_REMEMBERED", 10)

    for number in range(50):
        assert graph.step(graph.start, f"strange{number}") is None
        assert len(graph._walk.start.pairs) <= 11
    assert graph.step(graph.start, "call") is not None
