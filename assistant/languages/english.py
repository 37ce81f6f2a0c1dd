"""Numbers, times, days, lengths and money as English says them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from assistant.core.money import Money
from assistant.languages.readings import Clock, Day, Half, dated, month_end, next_month, weekday

ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBERS: Final[Mapping[str, int]] = MappingProxyType(
    {word: value for value, word in enumerate(ONES)}
    | {word: 20 + 10 * index for index, word in enumerate(TENS)}
    | {"oh": 0, "fourty": 40},
)
FIRSTS: Final = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
]
LASTS: Final = {"seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30}
ORDINALS: Final[Mapping[str, int]] = MappingProxyType({word: value for value, word in enumerate(FIRSTS)} | LASTS)
DAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
HALVES: Final = {
    "am": Half.MORNING, "morning": Half.MORNING, "pm": Half.AFTERNOON, "afternoon": Half.AFTERNOON, "evening": Half.AFTERNOON,
    "night": Half.NIGHT, "tonight": Half.NIGHT, "tonights": Half.NIGHT, "noon": Half.NOON,
}  # fmt: skip
PARTS: Final = {"morning", "afternoon", "evening", "mornings", "afternoons", "evenings"}
SECONDS: Final = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "hr": 3600,
    "day": 86400,
    "week": 604800,
    "month": 2592000,
}
CURRENCIES: Final = {
    "dollar": "USD",
    "buck": "USD",
    "euro": "EUR",
    "pound": "GBP",
    "quid": "GBP",
    "yuan": "CNY",
    "rmb": "CNY",
    "kuai": "CNY",
}
SHARES: Final = {
    ("three", "quarters"): 75.0,
    ("quarter",): 25.0,
    ("two", "thirds"): 67.0,
    ("third",): 33.0,
    ("half",): 50.0,
    ("halfway",): 50.0,
}

characters: Final = False
ends: Final = ""


SOUND_LIKE: Final = {"to": "two", "too": "two", "for": "four", "ate": "eight", "won": "one"}
"""What recognisers write for a number's word."""


def joined(before: str, after: str) -> str:
    """Return one text of two that were said apart."""
    return f"{before} {after}"


def number(words: Sequence[str], unit: str = "") -> float | None:
    """Return the number in the words; words that are none are passed over."""
    words = [SOUND_LIKE.get(word, word) for word in words]
    if unit == "percent" and not any(
        _digits(word) is not None or (word in NUMBERS and word not in ("one", "two", "three")) for word in words
    ):
        for share, part in SHARES.items():
            if " ".join(share) in " ".join(words):
                return part
    value = _cardinal([word for word in words if word not in ("minus", "negative")])
    if value is None:
        return None
    return -value if words[0] in ("minus", "negative") else value


def _cardinal(words: Sequence[str]) -> float | None:
    """Return the value of number words, whole or with "point" or "and a half"; other words are passed over."""
    total, current, tenth = 0.0, None, 0.0
    for word in words:
        value = _digits(word) if word not in NUMBERS else float(NUMBERS[word])
        if value is not None:
            current = (current or 0.0) + value * (tenth or 1.0)
            tenth /= 10
        elif word == "hundred":
            current = (current or 1.0) * 100
        elif word == "thousand":
            total, current = total + (current or 1.0) * 1000, 0.0
        elif word in ("point", "dot"):
            tenth = 0.1
        elif word in ("half", "quarter"):
            current = (current or 0.0) + (0.5 if word == "half" else 0.25)
    return None if current is None else round(total + current, 3)


def spell(value: float) -> tuple[str, ...]:
    """Return a number below a thousand as it is said and written."""
    whole, tenth = divmod(round(abs(value) * 10), 10)
    sign = "minus " if value < 0 else ""
    said = sign + _spelled(whole)
    if not tenth:
        return (said, f"{sign}{whole}")
    halves = (f"{said} and a half",) if tenth == 5 else ()
    return (f"{said} point {ONES[tenth]}", f"{sign}{whole}.{tenth}", *halves)


def _spelled(whole: int) -> str:
    """Return a whole number in words."""
    if whole < len(ONES):
        return ONES[whole]
    if whole < 100:
        return f"{TENS[whole // 10 - 2]} {ONES[whole % 10] if whole % 10 else ''}".strip()
    above, below = divmod(whole, 1000 if whole >= 1000 else 100)
    return f"{_spelled(above)} {'thousand' if whole >= 1000 else 'hundred'} {_spelled(below) if below else ''}".strip()


def clock(words: Sequence[str]) -> Clock | None:
    """Return the time in the words, e.g. "half past six in the evening"."""
    half = next((HALVES[word] for word in reversed(words) if word in HALVES), Half.UNSAID)
    if "midnight" in words:
        return Clock(0, 0)
    for word in ("past", "after", "to", "till", "before", "of"):
        if word in words:
            at = words.index(word)
            minute = 30 if "half" in words[:at] else 15 if "quarter" in words[:at] else sum(_values(words[:at]))
            hour = next(iter(_values(words[at + 1 :])), 12)
            return (
                Clock(hour, minute, half)
                if word in ("past", "after")
                else Clock((hour - 2) % 12 + 1, 60 - minute, half)
            )
    values = list(_values(words))
    if not values:
        return Clock(12, 0, Half.NOON) if {"noon", "midday"} & set(words) else None
    return Clock(values[0], sum(values[1:]), half)


def day(words: Sequence[str], today: date) -> Day | None:
    """Return the day in the words, e.g. "next friday", "the third of may", "tomorrow evening"."""
    half = next((HALVES[word] for word in reversed(words) if word in HALVES), Half.UNSAID)
    found = _relative_day(words, today)
    if found is None:
        month = next((MONTHS.index(word) + 1 for word in words if word in MONTHS), None)
        begin = today
        if month is None and "month" in words:
            begin = next_month(today) if "next" in words else today.replace(day=1)
            month = begin.month
        if "end" in words and month is not None:
            return Day(month_end(today, month), half)
        number_of_day = sum(_values(words))
        found = dated(begin, month, number_of_day) if number_of_day else None
    return None if found is None else Day(found, half)


def _relative_day(words: Sequence[str], today: date) -> date | None:
    """Return the day if it is said by name or distance."""
    if {"tomorrow", "tomorrows"} & set(words):
        return today + timedelta(days=2 if "after" in words else 1)
    if {"today", "tonight", "todays", "tonights"} & set(words) or ("this" in words and PARTS & set(words)):
        return today
    name = next((word.removesuffix("s") for word in words if word.removesuffix("s") in DAYS), "")
    if name:
        return weekday(today, DAYS.index(name), 1 if "next" in words else None)
    if "weekend" in words:
        return weekday(today, 5, 1 if "next" in words else None)
    if "week" in words and "next" in words:
        return today + timedelta(days=7)
    if "in" in words or "from" in words:
        distance = length(words)
        return None if distance is None else today + distance
    return None


def length(words: Sequence[str]) -> timedelta | None:
    """Return the duration in the words, e.g. "an hour and a half", "two minutes thirty seconds"."""
    seconds, unit = 0.0, 0
    said: list[str] = []
    for place, word in enumerate(words):
        unit_now = SECONDS.get(word.removesuffix("s"), 0)
        if unit_now:
            seconds, unit = seconds + _count(said) * unit_now, unit_now
            said = []
        elif (
            word in ("half", "quarter")
            and unit
            and not any(other.removesuffix("s") in SECONDS for other in words[place:])
        ):
            seconds += unit * (0.5 if word == "half" else 0.25)
        else:
            said.append(word)
    return timedelta(seconds=round(seconds)) if seconds else None


def money(words: Sequence[str]) -> Money | None:
    """Return the amount in the words, e.g. "twenty dollars and fifty cents"."""
    place = next((place for place, word in enumerate(words) if word.removesuffix("s") in CURRENCIES), None)
    if place is None:
        return None
    whole = number(words[:place]) or 0.0
    cents = (number(words[place + 1 :]) or 0.0) if place + 1 < len(words) else 0.0
    return Money(round(whole * 100 + cents), CURRENCIES[words[place].removesuffix("s")])


def _count(words: Sequence[str]) -> float:
    """Return how many of a unit are meant."""
    if "couple" in words:
        return 2
    if "few" in words:
        return 3
    if "quarters" in words:
        return 0.75
    value = number([word for word in words if word not in ("a", "an")]) if words else 1.0
    return 1.0 if value is None else value


def _digits(word: str) -> float | None:
    """Return the value of a word of digits."""
    try:
        return float(word) if word[:1].isdigit() else None
    except ValueError:
        return None


def _values(words: Iterable[str]) -> Iterable[int]:
    """Yield the whole numbers in the words, twenty five as 20 and 5, 6:30 and 630 as 6 and 30, 21st as 21."""
    for word in words:
        if ":" in word:
            yield from map(int, word.split(":"))
        elif word in NUMBERS:
            yield NUMBERS[word]
        elif word in ORDINALS:
            yield ORDINALS[word]
        elif word[:1].isdigit() and word.rstrip("sthndr").isdigit():
            value = int(word.rstrip("sthndr"))
            yield from divmod(value, 100) if value >= 100 else (value,)
