"""Where a sentence says the words of a request, once the model has decided which it is."""

import re
from pathlib import Path
from typing import Final

import pytest

from assistant.core.text import LANGUAGES, Language
from assistant.errors import ConfigError
from assistant.languages.pack import load, read_files
from assistant.skills import by_request
from assistant.understand.hints import Hints

REQUESTS: Final = {request.__name__: request for request in by_request()}
HINTS: Final = {language: Hints(load(language)) for language in LANGUAGES}

SAID: Final = (
    ("en", "StartRoute", "a bakery at 12 mill lane how can i go there", {"place": "bakery at 12 mill lane"}),
    (
        "en",
        "OrderMeal",
        "i would like two veggie burgers and a large lemonade please",
        {"dish": "veggie burgers", "second": "lemonade"},
    ),
    (
        "en",
        "BookTicket",
        "a train leaving norwich and going to ely on friday",
        {"origin": "norwich", "destination": "ely"},
    ),
    ("en", "AskCalendar", "how long is my yoga class today and who is coming", {"about": "yoga class"}),
    (
        "en",
        "AddToPlaylist",
        "can northern sky be added to my winter playlist",
        {"song": "northern sky", "playlist": "winter"},
    ),
    ("en", "SendMessage", "reply to anna that i am late", {"who": "anna", "about": "i am late"}),
    ("zh", "StartRoute", "到桂花园小区开始导航", {"place": "桂花园小区"}),
    ("zh", "PlayMedia", "我要听林小姐的歌", {"artist": "林小姐"}),
    ("zh", "PlayMedia", "来一首蓝色的河流吧", {"artist": "蓝色", "song": "河流"}),
    ("zh", "FindPlace", "我想找一个评分高的，有酸菜鱼这道菜的餐馆", {"wish": "酸菜鱼"}),
    ("zh", "AskCalendar", "什么时候去参加同学会", {"about": "同学会"}),
)


@pytest.mark.parametrize(("language", "request_name", "text", "words"), SAID)
def test_the_form_of_a_sentence_tells_which_words(
    language: Language, request_name: str, text: str, words: dict[str, str]
) -> None:
    assert HINTS[language].words(REQUESTS[request_name], text) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_pattern_is_one_and_fills_fields_that_there_are(language: Language) -> None:
    for name in load(language).hints:
        HINTS[language].words(REQUESTS[name], "one")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_of_words_is_never_taken_back(language: Language) -> None:
    """A run inside a run that may give words back takes hours over a sentence of 500 characters."""
    pack = load(language)
    texts = [*pack.hint_parts.values(), *(text for texts in pack.hints.values() for text in texts)]

    assert [text for text in texts if re.search(r"\)[*+](?![+?])", text)] == []


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(?P<place>", "missing"),
        ("to (?P<nowhere>.+)", "no field 'nowhere'"),
        ("@unknown (?P<place>.+)", "unknown"),
        ("@itself (?P<place>.+)", "itself"),
    ],
)
def test_a_broken_pattern_says_which_and_what_to_mend(tmp_path: Path, pattern: str, told: str) -> None:
    path = tmp_path / "hints.toml"
    path.write_text(f"[hint_parts]\nitself = 'a @itself'\n[hints]\nStartRoute = ['{pattern}']\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=re.escape(told)):
        Hints(read_files([path], "en")).words(REQUESTS["StartRoute"], "to the mill")
