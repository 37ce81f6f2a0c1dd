"""Run this after writing sentences or phrases: it names what is missing and where."""

import pytest

from assistant.core.text import LANGUAGES, Language
from assistant.languages.check import phrase_problems, problems
from assistant.languages.pack import load
from assistant.skills import by_request


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_request_has_sentences_and_every_sentence_fits_its_request(language: Language) -> None:
    found = problems(load(language), by_request())

    assert not found, "\n".join(found)


def test_every_phrase_exists_in_both_languages_with_the_same_slots() -> None:
    found = phrase_problems(load("en"), load("zh"))

    assert not found, "\n".join(found)
