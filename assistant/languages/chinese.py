"""Numbers, times, days, lengths and money as Chinese says them; a word is one character or one run of digits."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from assistant.core.money import Money
from assistant.languages.readings import Clock, Day, Half, dated, month_end, next_month, weekday

DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    {char: value for value, char in enumerate("零一二三四五六七八九")}
    | {"两": 2, "俩": 2, "\u3007": 0, "幺": 1, "仨": 3},
)
SCALES: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
HALVES: Final = (
    ("早上", Half.MORNING), ("早晨", Half.MORNING), ("上午", Half.MORNING), ("凌晨", Half.MORNING), ("清晨", Half.MORNING), ("早", Half.MORNING),
    ("中午", Half.NOON), ("下午", Half.AFTERNOON), ("傍晚", Half.AFTERNOON), ("晚上", Half.NIGHT), ("夜里", Half.NIGHT), ("半夜", Half.NIGHT),
    ("深夜", Half.NIGHT), ("晚", Half.NIGHT),
)  # fmt: skip
AHEAD: Final = (("大后天", 3), ("后天", 2), ("明", 1), ("今", 0))
UNITS: Final = (
    ("秒", 1),
    ("分", 60),
    ("刻", 900),
    ("小时", 3600),
    ("钟头", 3600),
    ("天", 86400),
    ("周", 604_800),
    ("星期", 604_800),
    ("个月", 2_592_000),
)
CURRENCIES: Final = {"美": "USD", "欧": "EUR", "英": "GBP", "日": "JPY", "港": "HKD"}
NUMBER: Final = rf"[\d.零一二三四五六七八九十百千万两俩\u3007幺仨{''.join(SCALES)}]"

characters: Final = True
ends: Final = re.compile("[，。？！；,?!;]")


def joined(before: str, after: str) -> str:
    """Return one text of two that were said apart."""
    return before + after


def number(words: Sequence[str], unit: str = "") -> float | None:
    """Return the number in the words, e.g. 二十二点五, 百分之五十, 一半, 三成, 二十六度半."""
    text = "".join(words)
    if unit == "percent":
        if "一半" in text or text in ("半", "半开"):
            return 50.0
        parts = re.fullmatch(rf"({NUMBER}+)分之({NUMBER}+)", text)
        if parts and parts[1] != "百":
            below, above = _value(parts[1]), _value(parts[2])
            return round(100 * above / below) if below and above is not None else None
        text = text.removeprefix("百分之")
        tenths = re.fullmatch(rf"({NUMBER}+)成(半?)", text)
        if tenths:
            return (_value(tenths[1]) or 0) * 10 + (5 if tenths[2] else 0)
    minus = text.startswith(("负", "零下"))
    text = text.removeprefix("负").removeprefix("零下")
    found = re.match(rf"({NUMBER}+)(?:点({NUMBER}+))?(?:个)?(半)?(?:度({NUMBER})(?!{NUMBER}))?(度半)?", text)
    value = _value(found[1]) if found else None
    if found is None or value is None:
        return None
    tail = found[2] or found[4]
    if tail:
        digits = "".join(str(int(_value(char) or 0)) for char in tail) if not tail[0].isdigit() else tail
        value += float(f"0.{digits}")
    value += 0.5 if found[3] or found[5] else 0.0
    return -value if minus else value


def spell(value: float) -> tuple[str, ...]:
    """Return a number below ten thousand as it is said and written."""
    whole, tenth = divmod(round(abs(value) * 10), 10)
    sign = "零下" if value < 0 else ""
    said = sign + _spelled(whole)
    if not tenth:
        return (said, f"{sign}{whole}")
    halves = (f"{said}度半",) if tenth == 5 else ()
    return (f"{said}点{'零一二三四五六七八九'[tenth]}", f"{sign}{whole}.{tenth}", *halves)


def _spelled(whole: int) -> str:
    """Return a whole number in characters."""
    digits = "零一二三四五六七八九"
    if whole < 10:
        return digits[whole]
    if whole < 100:
        return f"{digits[whole // 10] if whole >= 20 else ''}十{digits[whole % 10] if whole % 10 else ''}"
    scale, name = (1000, "千") if whole >= 1000 else (100, "百")
    above, below = divmod(whole, scale)
    gap = "零" if 0 < below < scale // 10 else "一" if 10 <= below < 20 else ""
    return f"{digits[above]}{name}{gap}{_spelled(below) if below else ''}"


def clock(words: Sequence[str]) -> Clock | None:
    """Return the time in the words, e.g. 下午三点半, 6:30, 差五分七点."""
    text = "".join(words)
    half = _half(text)
    written = re.search(r"(\d{1,2}):(\d{2})", text)
    if written:
        return Clock(int(written[1]), int(written[2]), half)
    found = re.search(rf"({NUMBER}+)[点时](?:过)?(半|一刻|三刻|{NUMBER}+)?", text)
    if not found:
        return (
            Clock(12, 0, Half.NOON)
            if "中午" in text or "正午" in text
            else Clock(0, 0)
            if "半夜" in text or "午夜" in text
            else None
        )
    hour = int(_value(found[1]) or 0)
    minute = {"半": 30, "一刻": 15, "三刻": 45, None: 0}.get(found[2])
    minute = int(_value(found[2]) or 0) if minute is None else minute
    early = re.search(rf"差(一刻|{NUMBER}+)", text)
    if early:
        return Clock((hour - 2) % 12 + 1, 60 - (15 if early[1] == "一刻" else int(_value(early[1]) or 0)), half)
    return Clock(hour, minute, half)


def day(words: Sequence[str], today: date) -> Day | None:
    """Return the day in the words, e.g. 明天, 下周一, 五月三号, 今晚."""
    text = "".join(words)
    half = _half(text)
    ahead = next((days for word, days in AHEAD if word in text), None)
    if ahead is not None:
        return Day(today + timedelta(days=ahead), half)
    named = re.search(r"(下个?|这个?|本)?(?:周|星期|礼拜)([一二三四五六日天末1-7])", text)
    if named:
        index = 5 if named[2] == "末" else "一二三四五六日".find(named[2].replace("天", "日"))
        index = int(named[2]) - 1 if index < 0 else index
        weeks = None if named[1] is None else 1 if named[1].startswith("下") else 0
        return Day(weekday(today, index, weeks), half)
    later = re.search(rf"({NUMBER}+)(天|周|个?星期)[之以]?后", text)
    if later:
        return Day(today + timedelta(days=int(_value(later[1]) or 0) * (1 if later[2] == "天" else 7)), half)
    begin, month = _month(text, today)
    if month is not None and text.endswith("底"):
        return Day(month_end(today, month), half)
    written = re.search(rf"({NUMBER}+)[号日]", text) or re.search(rf"月({NUMBER}+)", text)
    if written:
        found = dated(begin, month, int(_value(written[1]) or 0))
        return None if found is None else Day(found, half)
    return Day(today, half) if half is not Half.UNSAID else None


def _month(text: str, today: date) -> tuple[date, int | None]:
    """Return from when to count and the month in the words, e.g. 五月, 下个月; None if none was said."""
    named = re.search(rf"({NUMBER}+)月", text)
    if named:
        return today, int(_value(named[1]) or 0)
    if "月" not in text:
        return today, None
    begin = next_month(today) if "下" in text else today.replace(day=1)
    return begin, begin.month


def length(words: Sequence[str]) -> timedelta | None:
    """Return the duration in the words, e.g. 十分钟, 一个半小时, 两小时二十分, 半个小时, 一刻钟."""
    text, seconds = "".join(words), 0.0
    units = "|".join(unit for unit, _ in UNITS)
    for found in re.finditer(rf"(半|{NUMBER}+)(个?半|个)?({units})(?:钟)?(半)?", text):
        scale = dict(UNITS)[found[3]]
        count = 0.5 if found[1] == "半" else _value(found[1]) or 0.0
        count += (0.5 if found[2] and found[2].endswith("半") else 0.0) + (0.5 if found[4] else 0.0)
        seconds += count * scale
    return timedelta(seconds=round(seconds)) if seconds else None


def money(words: Sequence[str]) -> Money | None:
    """Return the amount in the words, e.g. 五十块, 十二块五, 二十美元."""
    text = "".join(words)
    found = re.match(rf"({NUMBER}+)(?:点({NUMBER}+))?(?:块|元|美元|美金|欧元|英镑|港币|港元|日元|人民币)", text)
    whole = number(words) if found else None
    if found is None or whole is None:
        return None
    currency = next((code for sign, code in CURRENCIES.items() if sign in text), "CNY")
    change = re.search(rf"[块元]({NUMBER})(?:毛|角)?", text)
    minor = whole * 100 + (10 * (_value(change[1]) or 0) if change else 0)
    return Money(round(minor / 100) if currency == "JPY" else round(minor), currency)


def _half(text: str) -> Half:
    """Return the half of the day said in the text."""
    return next((half for word, half in HALVES if word in text), Half.UNSAID)


def _value(text: str) -> float | None:
    """Return the value of a run of digits or of 一百二十三, None if it is neither."""
    try:
        return float(text)
    except ValueError:
        pass
    if text and all(char in DIGITS for char in text):
        return float("".join(str(DIGITS[char]) for char in text))
    total, current, scale = 0, 0, 1
    for char in text:
        if char in SCALES:
            scale = SCALES[char]
            if scale == SCALES["万"]:
                total, current = (total + current) * scale, 0
            else:
                total, current = total + (current or 1) * scale, 0
        elif char in DIGITS:
            current = DIGITS[char]
            scale = 1 if char == "零" else scale
        else:
            return None
    trailing = scale // 10 if current and scale >= SCALES["百"] else 1
    return float(total + current * trailing)
