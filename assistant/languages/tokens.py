"""Text to words: lower case, no punctuation; Chinese is one character a word; every word remembers where it stood."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from assistant.core.text import Language


@dataclass(frozen=True, slots=True)
class Token:
    """One word."""

    word: str
    """As templates spell it, without apostrophes."""
    start: int
    end: int
    """Where it stood in the text, as character offsets."""
    pause: bool = False
    """Whether punctuation stands before it."""


LONGEST_TEXT: Final = 2_000
"""Characters looked at; nobody says more in one turn."""
CONTRACTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **{
            f"{word}'s": (word, "is")
            for word in ["what", "who", "where", "how", "when", "it", "that", "there", "here", "why", "she", "he"]
        },
        **{f"{word}'re": (word, "are") for word in ["we", "you", "they", "what", "who"]},
        **{f"{word}'ll": (word, "will") for word in ["i", "you", "we", "it", "that", "he", "she", "they"]},
        **{f"{word}'ve": (word, "have") for word in ["i", "you", "we", "they"]},
        **{f"{word}'d": (word, "would") for word in ["i", "you", "we", "he", "she", "they"]},
        **{
            f"{word}n't": (word, "not")
            for word in [
                "do",
                "does",
                "did",
                "is",
                "are",
                "was",
                "were",
                "has",
                "have",
                "could",
                "would",
                "should",
                "need",
                "must",
            ]
        },
        "i'm": ("i", "am"),
        "let's": ("let", "us"),
        "can't": ("can", "not"),
        "won't": ("will", "not"),
    },
)
"""Spelled with an apostrophe; the words each stands for."""
_BARE: Final = {
    **{short.replace("'", ""): words for short, words in CONTRACTIONS.items()},
    "cannot": ("can", "not"),
    "gimme": ("give", "me"),
    "wanna": ("want", "to"),
    "gonna": ("going", "to"),
    "lemme": ("let", "me"),
}
for _word in ("were", "well", "wed", "shell", "hell", "shed", "hed", "ill", "id", "its", "hes", "whos"):
    _BARE.pop(_word, None)
_ONE: Final = {
    "&": "and", "%": "percent", "°": "degrees", "℃": "degrees", "℉": "fahrenheit", "½": "half", "$": "dollars", "€": "euros",
    "£": "pounds", "¥": "yuan", "okay": "ok", "a/c": "ac", "a.c": "ac", "aircon": "ac", "p.m": "pm", "a.m": "am", "alright": "ok",
    "o'clock": "oclock", "tyre": "tire", "tyres": "tires", "colour": "color", "favourite": "favorite", "centre": "center",
}  # fmt: skip
_ONE_ZH: Final = {"°": "度", "℃": "度", "¥": "元", "$": "美元", "½": "半", "€": "欧元"}
_ONE_OF_CHARACTERS: Final = {**_ONE, **_ONE_ZH, "%": "%"}
_DOTTED: Final = {("p", "m"): "pm", ("a", "m"): "am", ("a", "c"): "ac"}
"""Written with full stops and spaces: "six p. m."."""
_TWO: Final = {
    ("a", "c"): "ac",
    ("p", "m"): "pm",
    ("o", "clock"): "oclock",
    ("per", "cent"): "percent",
    ("air", "con"): "ac",
}
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORDS: Final = re.compile(
    r"(?P<clock>\d{1,2}:\d{2})(?!\d)|(?P<number>\d{1,3}(?:,\d{3})+(?!\d)|\d+\.\d+|\d+(?:st|nd|rd|th)\b|\d+)"
    r"|(?P<money>[$€£¥](?=\s?\d))|(?P<sign>[%°℃℉½&]|[$€£¥])|(?P<dotted>a/c\b|a\.c\b|[ap]\.m\b)"
    rf"|(?P<han>[{_HAN}〇])|(?P<word>[^\W\d_{_HAN}]+(?:['’](?=[^\W\d_{_HAN}])[^\W\d_{_HAN}]+)*)|(?P<stop>[^\s\w'’\-])",  # noqa: RUF001
)
_FOREIGN: Final[Mapping[Language, re.Pattern[str]]] = {"en": re.compile(rf"[{_HAN}]"), "zh": re.compile("[A-Za-z]{2}")}
_KEEP: Final = frozenset("½℃℉°€£¥")


@lru_cache(maxsize=512)
def tokens(text: str, *, characters: bool = False) -> tuple[Token, ...]:
    """Return the words of a text; `characters` where the language writes no spaces. Never fails, whatever the text."""
    plain, places = _plain(text[:LONGEST_TEXT])
    return tuple(_merged(_split(plain, places, characters=characters)))


def words(text: str, *, characters: bool = False) -> tuple[str, ...]:
    """Return just the words of a text."""
    if text.isalpha() and text.isascii() and text.islower():  # one plain word, as most of what is compiled at the start
        return _spelled(text, _ONE)
    return tuple(token.word for token in tokens(text, characters=characters))


def languages(text: str, first: Language) -> tuple[Language, ...]:
    """Return the language of a text, and the other if words of its script stand in it too."""
    foreign = _FOREIGN[first].search(text[:LONGEST_TEXT])
    return (first, "en" if first == "zh" else "zh") if foreign else (first,)


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the text in lower case and compatibility form, and for each character its place in the original."""
    out: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for plain in char if char in _KEEP else unicodedata.normalize("NFKC", char).lower():
            out.append(plain)
            places.append(place)
    return "".join(out), places


def _split(plain: str, places: list[int], *, characters: bool) -> Iterator[Token]:
    """Yield the words of normalised text."""
    one = _ONE_OF_CHARACTERS if characters else _ONE
    pause, money = False, ""
    for match in _WORDS.finditer(plain):
        start, end = places[match.start()], places[match.end() - 1] + 1
        if match.lastgroup == "stop":
            pause = True
            continue
        raw = match[0].replace("’", "'")  # noqa: RUF001
        if match.lastgroup == "money":
            money = one.get(raw, raw)
            continue
        for word in _spelled(raw, one):
            yield Token(word, start, end, pause)
            pause = False
        if money:
            yield Token(money, start, end)
            money = ""


def _spelled(raw: str, one: Mapping[str, str]) -> tuple[str, ...]:
    """Return the word or words that one written word stands for."""
    if raw in one:
        return (one[raw],)
    if raw in CONTRACTIONS:
        return CONTRACTIONS[raw]
    bare = raw.replace("'", "")
    if raw[:1].isdigit():
        return (bare.replace(",", ""),)
    return _BARE.get(bare, (one.get(bare, bare),))


def _merged(found: Iterator[Token]) -> Iterator[Token]:
    """Join words that are one word written in two, and a contraction that was written with a space ("what 's")."""
    last: Token | None = None
    for token in found:
        if last is not None:
            joined = (_DOTTED if token.pause else _TWO).get((last.word, token.word))
            if joined:
                last = Token(joined, last.start, token.end, last.pause)
                continue
            if token.word == "s" and f"{last.word}'s" in CONTRACTIONS:
                token = Token("is", token.start, token.end)  # noqa: PLW2901
            yield last
        last = token
    if last is not None:
        yield last
