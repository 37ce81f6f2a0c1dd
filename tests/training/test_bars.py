from dataclasses import replace

import pytest

from assistant.skills import by_request
from assistant.training.bars import ASKS, Case, ask, cases, choose, weighed

REQUESTS = tuple(by_request())
OURS = Case(ours=True, ruled=False, loose=False, rules_right=False, decided=True, decision=0.95, none=0.001, right=True)
NOT_OURS = replace(OURS, ours=False, decision=0.65, none=0.02, right=False)


def test_the_bars_let_through_what_is_ours_and_keep_out_what_is_not() -> None:
    found = choose([OURS] * 50 + [NOT_OURS] * 50)

    assert found.right == 50
    assert found.acts == 0
    assert found.act > NOT_OURS.decision or found.none <= NOT_OURS.none


def test_rules_with_free_words_are_doubted_where_the_model_says_nobody_asked() -> None:
    loose = replace(OURS, ruled=True, loose=True, rules_right=True)
    strange = replace(loose, ours=False, none=0.9)

    assert weighed([loose, strange], 0.5, 0.3, 2.0).acts == 1
    assert weighed([loose, strange], 0.5, 0.3, 0.5).acts == 0
    assert weighed([loose, strange], 0.5, 0.3, 0.5).right == 1
    assert weighed([replace(strange, loose=False)], 0.5, 0.3, 0.5).acts == 1


def test_where_no_bar_is_high_enough_the_fewest_acts_are_chosen() -> None:
    sure = replace(NOT_OURS, decision=0.99, none=0.0)

    assert choose([sure] * 10).acts == 10


def test_a_question_is_asked_where_it_helps_more_people_than_it_bothers() -> None:
    likely, chatter = replace(OURS, decision=0.38), replace(NOT_OURS, decision=0.33)

    assert ask([likely] * 3 + [chatter]) == 0.35
    assert ask([replace(likely, decision=0.32)] * 3 + [chatter]) == 0.3
    assert ask([chatter] * 3 + [replace(likely, decision=0.22)]) == max(ASKS)


@pytest.mark.parametrize(
    ("text", "intent", "ruled", "right"),
    [("open the window", "window.control", True, True), ("qwzx flurb", "window.control", False, True)],
)
def test_a_case_tells_what_rules_and_model_made_of_a_row(text: str, intent: str, *, ruled: bool, right: bool) -> None:
    decided = ["none", "MoveWindow", "PlayMedia"]

    (found,) = cases([{"text": text, "lang": "en", "intent": intent}], [[0.1, 0.8, 0.1]], decided, REQUESTS)

    assert found.ours
    assert found.ruled is ruled
    assert found.decided
    assert found.right is right
    assert found.none == pytest.approx(0.1)
    assert found.decision == pytest.approx(0.8)
