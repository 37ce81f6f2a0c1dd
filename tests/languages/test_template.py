import pytest

from assistant.errors import ConfigError
from assistant.languages.template import EMPTY, Choice, RuleRef, Sequence, Slot, Text, parse, rules, slots


def test_words_options_choices_rules_and_slots_are_told_apart() -> None:
    tree = parse("[please] (open|close) <the> {zone} {list:field}")

    assert tree == Sequence(
        (
            Choice((Text("please"), EMPTY)),
            Choice((Text("open"), Text("close"))),
            RuleRef("the"),
            Slot("zone"),
            Slot("field", "list"),
        ),
    )
    assert slots(tree) == (Slot("zone"), Slot("field", "list"))
    assert rules(tree) == ("the",)


def test_what_stands_without_a_space_is_one_word() -> None:
    assert parse("window[s]") == Choice((Text("windows"), Text("window")))
    assert parse("(de|un)frost") == Choice((Text("defrost"), Text("unfrost")))


@pytest.mark.parametrize("broken", ["open [the", "open the)", "<no end", "{a b}", "a ] b", "{}"])
def test_a_broken_template_shows_the_place_and_the_mend(broken: str) -> None:
    with pytest.raises(ConfigError, match=">>>") as caught:
        parse(broken)

    assert caught.value.mend
