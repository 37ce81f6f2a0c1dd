import gzip
import json
import os
import tomllib
from pathlib import Path

import pytest

from assistant.core.text import LANGUAGES, Language
from assistant.dialogue.consent import Consent, hear_consent

HERE = Path(__file__).parent
ANSWERS: dict[Language, dict[str, list[str]]] = {
    language: tomllib.loads((HERE / f"answers_{language}.toml").read_text()) for language in LANGUAGES
}
SHARED = Path(os.environ.get("CABIN_SHARED", HERE.parents[2] / "shared"))


def heard_as(kind: str, consent: Consent) -> list[tuple[str, str]]:
    return [
        (language, text)
        for language in LANGUAGES
        for text in ANSWERS[language][kind]
        if hear_consent(text, language) is consent
    ]


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert sum(len(set(answers["never_a_yes"])) for answers in ANSWERS.values()) >= 300
    assert sum(len({*answers["yes"], *answers["no"]}) for answers in ANSWERS.values()) >= 150


@pytest.mark.parametrize("kind", ["never_a_yes", "no"])
def test_nothing_but_a_yes_is_a_yes(kind: str) -> None:
    assert heard_as(kind, Consent.YES) == []


def test_every_natural_yes_is_heard() -> None:
    assert heard_as("yes", Consent.UNCLEAR) + heard_as("yes", Consent.NO) == []


def test_every_natural_no_is_heard() -> None:
    assert heard_as("no", Consent.UNCLEAR) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_yes_with_anything_after_it_is_none(language: Language) -> None:
    gap = "" if language == "zh" else " "
    more = (
        ["但是", "不过", "如果", "不", "吗", "另一个"]
        if language == "zh"
        else ["but", "if", "not", "unless", "or", "said"]
    )

    assert not [
        (text, word)
        for text in ANSWERS[language]["yes"]
        for word in more
        for said in (f"{text}{gap}{word}", f"{word}{gap}{text}")
        if hear_consent(said, language) is Consent.YES
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_yes_and_a_no_in_one_breath_are_no_yes(language: Language) -> None:
    yes, no = ANSWERS[language]["yes"], ANSWERS[language]["no"]

    assert not [
        (one, other)
        for one in yes
        for other in no
        for said in (f"{one} {other}", f"{other} {one}")
        if hear_consent(said, language) is Consent.YES
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_yes_asked_back_is_none(language: Language) -> None:
    assert not [
        text for text in ANSWERS[language]["yes"] if hear_consent(f"{text.rstrip('.。!')}?", language) is Consent.YES
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_talk_is_neither_and_takes_no_time(language: Language) -> None:
    assert hear_consent("yes " * 10_000 + "but", language) is Consent.UNCLEAR
    assert hear_consent("好" * 10_000, language) is Consent.UNCLEAR
    assert hear_consent("no " * 10_000, language) is Consent.UNCLEAR


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_of_what_people_say_to_assistants_only_thanks_come_near_a_yes() -> None:
    with gzip.open(SHARED / "data/nlu/train.jsonl.gz", "rt") as rows:
        said = [json.loads(row) for row in rows]

    wrong = [
        row["text"]
        for row in said
        if row["intent"] == "general.deny" and hear_consent(row["text"], row["lang"]) is Consent.YES
    ]
    others = {row["intent"] for row in said if hear_consent(row["text"], row["lang"]) is Consent.YES}

    assert wrong == []
    assert others <= {"general.affirm", "general.thanks"}
