"""Values as English-speaking people say them; digits stay where voices read them well."""

from datetime import date, time, timedelta
from typing import Final

from assistant.core.money import Money
from assistant.speak.parts import Conjunction, lengths, plain

_CURRENCIES: Final = {
    "CNY": ("yuan", "yuan", "fen"),
    "EUR": ("euro", "euros", "cents"),
    "GBP": ("pound", "pounds", "pence"),
    "JPY": ("yen", "yen", ""),
    "KRW": ("won", "won", ""),
    "USD": ("dollar", "dollars", "cents"),
}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_COUNTED: Final = frozenset(
    ["alarms", "cents", "days", "degrees", "doors", "euros", "hours", "items", "kilometers", "kilometres", "levels", "meters", "metres", "miles", "minutes", "nights", "pieces", "points", "pounds", "reminders", "rooms", "seats", "seconds", "steps", "stops", "timers", "tyres", "tires", "weeks", "windows", "years"]
)  # fmt: skip
"""Plurals that lose their s after exactly 1."""


def number(value: float, before: str, after: str) -> tuple[str, str]:
    """Return the number and what follows it, `%` turned into a word, a counted noun put into the singular."""
    del before
    if after.startswith("%"):
        after = " percent" + after[1:]
    gap, _, rest = after.partition(" ")
    if value == 1 and not gap:
        word = rest.split(" ", 1)[0].rstrip(".,;:!?")
        if word in _COUNTED:
            after = f" {word[:-1]}{rest[len(word) :]}"
    return plain(value).replace("-", "minus "), after


def money(value: Money) -> str:
    """Return e.g. `12 euros 50`, `50 cents`, `12.50 CHF` for a currency without a name here."""
    if value.currency not in _CURRENCIES:
        return str(value)
    sign = "minus " if value.minor < 0 else ""
    whole, rest = divmod(abs(value.minor), 10**value.digits)
    one, many, small = _CURRENCIES[value.currency]
    if not whole and rest:
        return f"{sign}{rest} {'cent' if rest == 1 and small == 'cents' else small}"
    said = f"{sign}{whole} {one if whole == 1 else many}"
    if 0 < rest < 10 and value.digits:
        return f"{said} and {rest} {'cent' if rest == 1 and small == 'cents' else small}"
    return f"{said} {rest}" if rest else said


def clock(value: time) -> str:
    """Return e.g. `6:30 pm`, `6 pm`, `noon`, `midnight`."""
    if value.minute == 0 and value.hour in {0, 12}:
        return "noon" if value.hour else "midnight"
    minutes = f":{value.minute:02d}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes} {'am' if value.hour < 12 else 'pm'}"


def day(value: date, today: date) -> str:
    """Return e.g. `today`, `tomorrow`, `Friday`, `March 3rd`."""
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((value - today).days)
    if near is not None:
        return near
    if 1 < (value - today).days < 7:
        return _WEEKDAYS[value.weekday()]
    return calendar_day(value, today)


def calendar_day(value: date, today: date) -> str:
    """Return e.g. `March 3rd`, with the year where it is another one."""
    ending = "th" if value.day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(value.day % 10, "th")
    year = "" if value.year == today.year else f", {value.year}"
    return f"{_MONTHS[value.month - 1]} {value.day}{ending}{year}"


def moment(on: str, at: str) -> str:
    """Return a day and a time together."""
    return f"{on} at {at}"


def length(value: timedelta) -> str:
    """Return e.g. `10 minutes`, `1 hour and 30 minutes`, `45 seconds`."""
    names = ("day", "hour", "minute", "second")
    parts = [f"{amount} {names[unit]}{'' if amount == 1 else 's'}" for unit, amount in lengths(value)]
    return " and ".join(parts)


def joined(items: tuple[str, ...], conjunction: Conjunction) -> str:
    """Return e.g. `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def switched(value: bool) -> str:
    """Return the word for a switch."""
    return "on" if value else "off"


def tidy(sentence: str) -> str:
    """Start with a capital letter."""
    return sentence[:1].upper() + sentence[1:]
