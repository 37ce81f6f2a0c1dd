"""What the words of a label's template fill."""

import pytest

from assistant.skills import by_request
from assistant.training.roles import Roles

REQUESTS = {request.__name__: request for request in by_request()}


@pytest.mark.parametrize(
    ("label", "taken", "text", "answer"),
    [
        (
            "travel.ticket",
            [("city", "leeds", "a train from"), ("city", "york", "a train from leeds to"), ("tail", "please", "york")],
            "a train from leeds to york please",
            'BookTicket origin="leeds" destination="york"',
        ),
        (
            "travel.ticket",
            [("city", "绵阳", ""), ("city", "成都", "绵阳飞")],
            "绵阳飞成都",
            'BookTicket origin="绵阳" destination="成都"',
        ),
        ("travel.ticket", [("city", "york", "trains"), ("day", "monday", "trains york")], "trains york monday", ""),
        ("travel.ticket", [("dog", "rex", "a train for")], "a train for rex", ""),
        ("calendar.change", [("event", "gym", ""), ("day", "monday", "")], "move gym", 'ChangeCalendar what="gym"'),
        ("calendar.change", [("event", "gym", ""), ("event", "swim", "")], "move gym and swim", ""),
        ("phone.call", [("person", "ann", "call")], "call anna's", 'MakeCall contact="ann"'),
        ("phone.call", [("person", "ann", "call")], "call Ann", ""),
        ("general.stop", [], "stop it", ""),
    ],
)
def test_every_word_has_its_field_or_the_answer_is_not_known(
    label: str, taken: list[tuple[str, str, str]], text: str, answer: str
) -> None:
    roles = Roles(label)
    for rule, words, before in taken:
        roles.take(rule, words, before)
    assert roles.answer(REQUESTS, text) == answer
