"""Values as Mandarin speakers say them, in characters: the voices read digits of every language their own way."""

from datetime import date, time, timedelta
from typing import Final

from assistant.core.money import Money
from assistant.speak.parts import Conjunction, lengths, plain

_DIGITS: Final = "零一二三四五六七八九"
_CURRENCIES: Final = {"CNY": "元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元", "KRW": "韩元", "USD": "美元"}
_COUNTERS: Final = tuple("个度点小分秒天周星公千米块元欧美英日韩首条位次人辆站晚间份杯件张台扇项升")
"""First characters of what is counted; before them 2 is 两 (but 二档, 二号, 二月)."""
_HALVES_OF_DAY: Final = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (19, "下午"), (24, "晚上"))
"""Until this hour it is called so."""


def number(value: float, before: str, after: str) -> tuple[str, str]:
    """Return the number and what follows it; `%` becomes 百分之, a counted 2 becomes 两."""
    if after.startswith("%"):
        return f"百分之{cardinal(value)}", after[1:]
    if value == 2 and after.startswith(_COUNTERS) and not before.endswith(("第", "之", "点")):
        return "两", after
    return cardinal(value), after


def cardinal(value: float) -> str:
    """Return e.g. 二十二点五, 负五, 一千零五, 两万."""
    sign, (whole, _, decimals) = ("负" if plain(value).startswith("-") else ""), plain(abs(value)).partition(".")
    ending = "点" + "".join(_DIGITS[int(digit)] for digit in decimals) if decimals else ""
    return f"{sign}{_whole(int(whole))}{ending}"


def money(value: Money) -> str:
    """Return e.g. 十二元五角, 十二元零五分, 十二点五欧元."""
    name = _CURRENCIES.get(value.currency)
    if name is None:
        return str(value)
    sign, units = ("负" if value.minor < 0 else ""), abs(value.minor)
    if value.currency != "CNY" or not units % 100:
        return f"{sign}{''.join(number(units / 10**value.digits, '', name))}"
    yuan, jiao, fen = units // 100, units // 10 % 10, units % 10
    text = f"{_counted(yuan)}元" if yuan else ""
    text += f"{_counted(jiao)}角" if jiao else ("零" if yuan else "")
    return f"{sign}{text}{f'{_counted(fen)}分' if fen else ''}"


def clock(value: time) -> str:
    """Return e.g. 下午六点半, 早上七点零五分, 中午十二点."""
    half = next(name for until, name in _HALVES_OF_DAY if value.hour < until)
    hour = value.hour - 12 if value.hour > 12 else value.hour
    minutes = {0: "", 30: "半"}.get(value.minute)
    if minutes is None:
        minutes = f"{'零' if value.minute < 10 else ''}{_whole(value.minute)}分"
    return f"{half}{_counted(hour)}点{minutes}"


def day(value: date, today: date) -> str:
    """Return e.g. 今天, 明天, 后天, 星期五, 三月三号."""
    near = {-1: "昨天", 0: "今天", 1: "明天", 2: "后天"}.get((value - today).days)
    if near is not None:
        return near
    if 2 < (value - today).days < 7:
        return f"星期{'一二三四五六日'[value.weekday()]}"
    return calendar_day(value, today)


def calendar_day(value: date, today: date) -> str:
    """Return e.g. 三月三号, with the year where it is another one."""
    year = "" if value.year == today.year else "".join(_DIGITS[int(digit)] for digit in str(value.year)) + "年"
    return f"{year}{_whole(value.month)}月{_whole(value.day)}号"


def moment(on: str, at: str) -> str:
    """Return a day and a time together."""
    return f"{on}{at}"


def length(value: timedelta) -> str:
    """Return e.g. 十分钟, 一小时三十分钟, 四十五秒."""
    names = ("天", "小时", "分钟", "秒")
    return "".join(f"{_counted(amount)}{names[unit]}" for unit, amount in lengths(value))


def joined(items: tuple[str, ...], conjunction: Conjunction) -> str:
    """Return e.g. a、b和c."""
    if len(items) < 2:
        return "".join(items)
    word = "还是" if conjunction is Conjunction.OR else "和"
    return f"{'、'.join(items[:-1])}{word}{items[-1]}"


def switched(value: bool) -> str:
    """Return the word for a switch."""
    return "开" if value else "关"


def tidy(sentence: str) -> str:
    """Leave it: there are no capitals."""
    return sentence


def _counted(value: int) -> str:
    return "两" if value == 2 else _whole(value)


def _whole(value: int) -> str:
    """Return a whole number below 10**16, grouped by ten thousands."""
    if value >= 10**16:
        return "".join(_DIGITS[int(digit)] for digit in str(value))
    groups: list[str] = []
    for size, name in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1, "")):
        amount, value = divmod(value, size)
        if amount:
            gap = "零" if groups and amount < 1000 else ""
            words = "两" if amount == 2 and size > 1 else _below_ten_thousand(amount)
            groups.append(f"{gap}{words}{name}")
    text = "".join(groups) or "零"
    return text.removeprefix("一") if text.startswith("一十") else text


def _below_ten_thousand(value: int) -> str:
    text = ""
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, size)
        if digit:
            text += ("两" if digit == 2 and size == 1000 else _DIGITS[digit]) + name
        elif text and value and not text.endswith("零"):
            text += "零"
    return text
