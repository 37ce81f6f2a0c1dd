import pytest

from assistant.hear.guard import believed


@pytest.mark.parametrize(
    ("text", "language", "seconds", "confidence"),
    [
        ("♪♪♪♪", "en", 3.0, 0.95),
        ("...", "en", 3.0, 0.9),
        ("", "en", 3.0, 0.9),
        ("You", "en", 0.6, 0.4),
        ("Thanks for watching!", "en", 2.0, 0.5),
        ("谢谢观看。", "zh", 2.0, 0.5),
        ("you're in the world, you're in the world, you're in the world, you're in the world,", "en", 20.0, 0.9),
        ("no no no no no no no no", "en", 5.0, 0.9),
        ("好的好的好的好的好的", "zh", 5.0, 0.9),
        ("and then the whole story of the car was told again from its very beginning", "en", 1.0, 0.9),
        ("一二三四五六七八九十一二三四五六七八九十", "zh", 1.0, 0.9),
    ],
)
def test_what_nobody_said_is_dropped(text: str, language: str, seconds: float, confidence: float) -> None:
    assert believed(text, "zh" if language == "zh" else "en", seconds, confidence) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Turn on the fan.", 1.2),
        ("Stop.", 0.4),
        ("no no no", 1.0),
        ("Thank you.", 1.0),
        ("call five five five one two one two", 3.0),
        ("Set the temperature to 22 degrees on the driver's side and 20 on the passenger's side", 5.0),
    ],
)
def test_what_people_say_stays(text: str, seconds: float) -> None:
    assert believed(text, "en", seconds, 0.9) == text


def test_chinese_that_people_say_stays() -> None:
    assert believed("把空调调到二十二度", "zh", 2.0, 0.9) == "把空调调到二十二度"
    assert believed("谢谢", "zh", 1.0, 0.9) == "谢谢"
