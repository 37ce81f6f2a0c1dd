"""Number words as a recogniser may write them: "twenty two" as 22, "seven oh five" as 7 and 05, "third" as 3rd."""

from collections.abc import Iterator, Mapping

from assistant.core.ports import Sentences

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_IRREGULAR = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
    "twentieth": 20,
    "thirtieth": 30,
}
_UNIT = {word: value for value, word in enumerate(_UNITS, 1)}
_BELOW_TWENTY = {"zero": 0, **_UNIT, **{word: value for value, word in enumerate(_TEENS, 10)}}
_TEN = {word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)}
_ORDINALS = {
    f"{word}th": value for word, value in _BELOW_TWENTY.items() if value not in {0, 1, 2, 3, 5, 8, 9, 12}
} | _IRREGULAR
_ZERO = ("oh", "o", "zero")
_BEGINNINGS = frozenset({*_BELOW_TWENTY, *_TEN, *_ORDINALS, *_ZERO, "a"})

Path = tuple[tuple[str, ...], int]
"""Words of the graph and the state they lead to."""


def numerals(sentences: Sentences, state: int) -> Mapping[str, Path]:
    """Return every way to write, in digits, a number that may be spoken from `state`; below a thousand, or with one decimal."""
    found: dict[str, Path] = {}
    if _BEGINNINGS.isdisjoint(sentences.following(state)):
        return found
    for value, path in _whole(sentences, state):
        found.setdefault(str(value), path)
        for digit, after in _decimal(sentences, path):
            found.setdefault(f"{value}.{digit}", after)
    for value, path in _ordinal(sentences, state):
        found.setdefault(f"{value}{_suffix(value)}", path)
    for zero in _ZERO:
        for value, path in _step(sentences, ((), state), {zero: 0}, _UNIT):
            found.setdefault(f"0{value}", path)
    return found


def _step(sentences: Sentences, path: Path, *tables: Mapping[str, int]) -> Iterator[tuple[int, Path]]:
    """Yield the sum of one word from each table in turn, and where they lead."""
    words, state = path
    following = sentences.following(state)
    for word, value in tables[0].items():
        if word in following:
            after = ((*words, word), following[word])
            if len(tables) == 1:
                yield value, after
            else:
                for rest, end in _step(sentences, after, *tables[1:]):
                    yield value + rest, end


def _below_hundred(sentences: Sentences, path: Path) -> Iterator[tuple[int, Path]]:
    """Yield the numbers 0 to 99."""
    yield from _step(sentences, path, _BELOW_TWENTY)
    yield from _step(sentences, path, _TEN)
    yield from _step(sentences, path, _TEN, _UNIT)


def _whole(sentences: Sentences, state: int) -> Iterator[tuple[int, Path]]:
    """Yield the numbers 0 to 999."""
    start: Path = ((), state)
    yield from _below_hundred(sentences, start)
    for hundreds, path in _step(sentences, start, {**_UNIT, "a": 1}, {"hundred": 0}):
        yield hundreds * 100, path
        joined = [path, *(after for _, after in _step(sentences, path, {"and": 0}))]
        for begin in joined:
            for rest, end in _below_hundred(sentences, begin):
                yield hundreds * 100 + rest, end


def _decimal(sentences: Sentences, path: Path) -> Iterator[tuple[int, Path]]:
    """Yield the digit after a spoken point."""
    yield from _step(sentences, path, {"point": 0}, {"zero": 0, **_UNIT})


def _ordinal(sentences: Sentences, state: int) -> Iterator[tuple[int, Path]]:
    """Yield the ordinals first to thirty-first and beyond."""
    start: Path = ((), state)
    yield from _step(sentences, start, _ORDINALS)
    yield from _step(sentences, start, _TEN, {word: value for word, value in _ORDINALS.items() if value < 10})


def _suffix(value: int) -> str:
    """Return the letters after an ordinal's digits."""
    return "th" if value % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
