"""What languages and voices have in common."""

from datetime import timedelta
from enum import StrEnum


class Conjunction(StrEnum):
    """What stands before the last of several."""

    AND = "and"
    OR = "or"


def plain(value: float) -> str:
    """Return the number in digits, at most two decimals, none that is zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def lengths(value: timedelta) -> tuple[tuple[int, int], ...]:
    """Return the two largest neighbouring units (0 day, 1 hour, 2 minute, 3 second) and their amounts; zeros are left out."""
    seconds = max(0, round(value.total_seconds()))
    amounts = (seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    first = next((unit for unit, amount in enumerate(amounts) if amount), 3)
    return tuple(
        (unit, amounts[unit])
        for unit in (first, first + 1)
        if unit < len(amounts) and (amounts[unit] or unit == 3 == first)
    )


def speakable(sentence: str) -> str:
    """Return the text without what voices take for phonemes or commands, on one line."""
    plain = sentence.replace("[[", " ").replace("]]", " ")
    return "".join(character if character.isprintable() else " " for character in plain).strip()
