"""Numbers as people say them."""

from typing import Final

from assistant.core.text import Language
from assistant.languages.english import ONES, TENS

_DIGITS: Final = "零一二三四五六七八九"


def spell(number: int, language: Language) -> str:
    """Return a whole number from -999 to 999 in words."""
    if number < 0:
        return {"en": "minus ", "zh": "零下"}[language] + spell(-number, language)
    return _chinese(number) if language == "zh" else _english(number)


def _english(number: int) -> str:
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f" {ONES[number % 10]}" if number % 10 else "")
    rest = f" {_english(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"


def _chinese(number: int) -> str:
    if number < 10:
        return _DIGITS[number]
    if number < 20:
        return "十" + (_DIGITS[number % 10] if number % 10 else "")
    if number < 100:
        return f"{_DIGITS[number // 10]}十" + (_DIGITS[number % 10] if number % 10 else "")
    rest = number % 100
    if not rest:
        tail = ""
    elif rest < 10:
        tail = f"零{_DIGITS[rest]}"
    else:
        tail = ("一" if rest < 20 else "") + _chinese(rest)
    return f"{_DIGITS[number // 100]}百{tail}"
