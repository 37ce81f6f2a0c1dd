import pytest

from assistant.languages.tokens import LONGEST_TEXT, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set the A/C to 22.5°C, please!", "set the ac to 22.5 degrees c please"),
        ("what's the driver's temp; don't", "what is the drivers temp do not"),
        ("6:30pm, 6 p.m., 6 p. m.", "6:30 pm 6 pm 6 pm"),
        ("twenty-two ½", "twenty two half"),
        ("it's $5.50 & 50%", "it is 5.50 dollars and 50 percent"),
        ("what 's up", "what is up"),
        ("were we well ill", "were we well ill"),
        ("1,000 on the 21st", "1000 on the 21st"),
        ("O'Neil’s naïve 😀 🚗", "oneils naïve"),
        ("", ""),
    ],
)
def test_english_becomes_words_without_signs(text: str, expected: str) -> None:
    assert words(text) == tuple(expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("把空调调到22.5℃，打开wifi", "把 空 调 调 到 22.5 度 打 开 wifi"),
        ("下午3：30，音量５０％", "下 午 3:30 音 量 50 %"),
    ],
)
def test_chinese_becomes_characters_and_runs_of_digits(text: str, expected: str) -> None:
    assert words(text, characters=True) == tuple(expected.split())


def test_every_word_remembers_where_it_stood() -> None:
    text = "Remind me: Buy 2½ Äpfel, now"

    found = tokens(text)

    assert [text[token.start : token.end] for token in found] == ["Remind", "me", "Buy", "2", "½", "Äpfel", "now"]
    assert [token.word for token in found if token.pause] == ["buy", "now"]


def test_a_text_without_end_is_cut() -> None:
    assert len(tokens("go " * 10_000)) <= LONGEST_TEXT
