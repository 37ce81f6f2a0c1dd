"""How words sound, roughly, and how far apart two sounds are: English by letter-to-sound rules, Chinese by pinyin.

A sound is a string with one character a phone: consonants p b t d k g f v s z S Z C J T m n N l r w y h; vowels i I e a A o u U V
and the diphthongs E Y W O. Costs follow what recognisers confuse: voicing, place, vowel quality, a lost r, h or final t.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Final

from assistant.core.text import Language

MOST_READINGS: Final = 2
"""Readings of a character that count; the others are rare."""
VOWELS: Final = frozenset("iIeaAouUVEYWO")
_NEAR: Final = {
    0.3: (
        "pb",
        "td",
        "kg",
        "fv",
        "sz",
        "SZ",
        "CJ",
        "nN",
        "yi",
        "iI",
        "IV",
        "eV",
        "aV",
        "AV",
        "UV",
        "uU",
        "oA",
        "aA",
        "eI",
        "ea",
        "oV",
        "oO",
        "wu",
        "Vi",
        "Ei",
        "Ee",
        "Ea",
    ),
    0.45: (
        "mn",
        "sS",
        "zZ",
        "Ts",
        "Tf",
        "Tt",
        "Td",
        "Tv",
        "lr",
        "rw",
        "lw",
        "bv",
        "wv",
        "CS",
        "JZ",
        "Ct",
        "Jd",
        "kC",
        "sk",
        "oW",
        "YA",
        "YI",
        "AW",
        "uo",
        "Yi",
        "iE",
    ),
    0.6: ("kt", "pt", "pk", "bd", "gd", "zd", "st", "mN", "hf", "CT", "ks"),
}
_ANY_VOWEL: Final = 0.5
_LOST: Final = {"r": 0.35, "h": 0.35, "y": 0.4, "w": 0.5, "V": 0.3, "t": 0.6, "d": 0.6, "n": 0.7}
_LOST_VOWEL: Final = 0.5
_RULES: Final = tuple(
    (re.compile(pattern), phones)
    for pattern, phones in (
        ("tion|cian", "SVn"), ("sion", "ZVn"), ("[ct]ious", "SVs"), ("ture", "CVr"), ("ought|aught", "At"), ("ough", "o"), ("eigh", "E"),
        ("igh", "Y"), ("tch", "C"), ("dge", "J"), ("sch", "sk"), ("ch", "C"), ("sh", "S"), ("th", "T"), ("ph", "f"), ("wh", "w"), ("gh", ""),
        ("qu", "kw"), ("ck", "k"), ("^kn|^gn", "n"), ("^wr", "r"), ("mb$", "m"), ("ng", "N"), ("cc(?=[ei])", "C"), ("sc(?=[eiy])", "s"),
        ("c(?=[eiy])", "s"), ("g(?=[eiy])(?!et|ive|irl|ift|ear)", "J"), ("x", "ks"), ("^y", "y"), ("(?<=.)y$", "i"), ("(?<=.)ie$", "i"),
        ("oo", "u"), ("ee|ea|ie", "i"), ("ou|ow", "W"), ("oi|oy", "O"), ("ai|ay|ei|ey", "E"), ("au|aw", "A"), ("oa", "o"), ("ue|ew|ui", "u"),
        ("[ei]r$|or$|er(?=[^aeiouy])|ir|ur", "Vr"), ("ar", "Ar"), ("a(?=[^aeiouywrx][e]s?$)", "E"), ("i(?=[^aeiouywrx][e]s?$)", "Y"),
        ("o(?=[^aeiouywrx][e]s?$)", "o"), ("u(?=[^aeiouywrx][e]s?$)", "u"), ("(?<=[^aeiou])e$", ""), ("(?<=[^aeiou])es$", "s"), ("ed$", "d"),
        ("a$", "V"), ("o$", "o"), ("a", "a"), ("e", "e"), ("i", "I"), ("o", "A"), ("u", "V"), ("y", "I"), ("c|q", "k"), ("j", "J"),
    )
)  # fmt: skip
_SPELLED: Final = {
    "of": ("Af", "Vv"), "one": ("wVn",), "two": ("tu",), "eight": ("Et",), "the": ("TV",), "a": ("V",), "off": ("Af",), "to": ("tu",), "you": ("yu",), "do": ("du",), "ac": ("EsI",),
    "one's": ("wVnz",), "was": ("wVz",), "your": ("yor",), "are": ("Ar",), "have": ("hav",), "what": ("wVt",), "who": ("hu",), "some": ("sVm",), "come": ("kVm",), "mocha": ("mokV",),
    "latte": ("latE",), "coffee": ("kofi",), "home": ("hom",), "drive": ("drYv",), "warm": ("worm",), "give": ("gIv",), "put": ("pUt",), "i": ("Y",), "iced": ("Yst",),
}  # fmt: skip
"""Frequent words that the rules get wrong."""
_INITIALS: Final = re.compile("(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)(.*)")
_NEAR_INITIALS: Final = tuple(
    frozenset(group.split()) for group in ("n l r", "z zh j", "c ch q", "s sh x", "f h", "b p", "d t", "g k h")
)
_NEAR_FINALS: Final = tuple(
    frozenset(group.split())
    for group in (
        "an ang ian",
        "en eng in",
        "in ing en",
        "on ong eng",
        "uan uang",
        "ian iang",
        "u v",
        "o uo e",
        "ai ei",
        "un ong",
        "ie e",
        "i v",
        "ou o",
    )
)


def sounds(word: str, language: Language) -> tuple[str, ...]:
    """Return the likely sounds of a word, at most four; in Chinese pinyin syllables of one character."""
    return _pinyin(word) if language == "zh" else _english(word)


@lru_cache(maxsize=16384)
def _english(word: str) -> tuple[str, ...]:
    """Return the sounds of an English word; `ch` and a first `h` are heard both ways."""
    if word in _SPELLED:
        return _SPELLED[word]
    plain = re.sub(r"[^a-z]", "", word)
    variants = {_letters(plain)}
    if "ch" in plain:
        variants.add(_letters(plain.replace("ch", "k", 1)))
    return tuple(sorted(variants))


def _letters(word: str) -> str:
    """Apply the letter-to-sound rules from left to right."""
    word = re.sub(r"([bdfgjklmnpqrstvz])\1", r"\1", word)
    place, found = 0, ""
    while place < len(word):
        for pattern, phones in _RULES:
            match = pattern.match(word, place) if not pattern.pattern.startswith("^") or place == 0 else None
            if match and match.end() > place:
                found, place = found + phones, match.end()
                break
        else:
            found, place = found + word[place], place + 1
    return found


def _pairs() -> dict[tuple[str, str], float]:
    """Return the cost of every pair of near phones."""
    return {
        key: cost for cost, pairs in _NEAR.items() for pair in pairs for key in ((pair[0], pair[1]), (pair[1], pair[0]))
    }


_COSTS: Final = _pairs()


def swap(one: str, other: str) -> float:
    """Return the cost of hearing one phone for another."""
    if one == other:
        return 0.0
    cost = _COSTS.get((one, other))
    if cost is not None:
        return cost
    return _ANY_VOWEL if one in VOWELS and other in VOWELS else 1.0


def lost(phone: str) -> float:
    """Return the cost of a phone too many or too few."""
    return _LOST.get(phone, _LOST_VOWEL if phone in VOWELS else 0.9)


@lru_cache(maxsize=8192)
def distance(one: str, other: str) -> float:
    """Return the cost of the cheapest alignment of two sounds (weighted Levenshtein)."""
    row = [0.0]
    for phone in other:
        row.append(row[-1] + lost(phone))
    for phone in one:
        above, row = row, [row[0] + lost(phone)]
        for index, target in enumerate(other):
            row.append(
                min(above[index] + swap(phone, target), above[index + 1] + lost(phone), row[index] + lost(target))
            )
    return row[-1]


def between(one: Sequence[str], other: Sequence[str], language: Language) -> float:
    """Return how far apart two runs of words sound, from 0 to about 1 a phone (a syllable in Chinese), as the sum of costs."""
    if language == "zh":
        return _syllables(one, other)
    return min(
        distance("".join(heard), "".join(meant))
        for heard in product(*(sounds(word, language) for word in one))
        for meant in product(*(sounds(word, language) for word in other))
    )


def size(words: Sequence[str], language: Language) -> int:
    """Return how many phones (syllables in Chinese) the words have."""
    return len(words) if language == "zh" else sum(len(sounds(word, language)[0]) for word in words)


def _syllables(one: Sequence[str], other: Sequence[str]) -> float:
    """Align two runs of characters by their syllables."""
    row = [float(index) for index in range(len(other) + 1)]
    for heard in one:
        above, row = row, [row[0] + 1.0]
        for index, meant in enumerate(other):
            row.append(min(above[index] + syllable(heard, meant), above[index + 1] + 1.0, row[index] + 1.0))
    return row[-1]


def syllable(heard: str, meant: str) -> float:
    """Return how far apart two characters sound, 0 to 1."""
    if heard == meant:
        return 0.0
    ours, theirs = _pinyin(heard), _pinyin(meant)
    return min((_syllable(one, other) for one in ours for other in theirs), default=1.0)


@lru_cache(maxsize=16384)
def _syllable(one: str, other: str) -> float:
    """Return how far apart two pinyin syllables are."""
    if one == other:
        return 0.1
    (first, rhyme), (second, other_rhyme) = _halves(one), _halves(other)
    onset = 0.0 if first == second else 0.2 if _together(first, second, _NEAR_INITIALS) else 0.7
    rime = 0.0 if rhyme == other_rhyme else 0.2 if _together(rhyme, other_rhyme, _NEAR_FINALS) else 0.7
    return min(1.0, 0.1 + onset + rime)


@lru_cache(maxsize=1024)
def _halves(syllable: str) -> tuple[str, str]:
    """Return initial and final of a pinyin syllable."""
    match = _INITIALS.match(syllable)
    return (match[1], match[2]) if match else ("", syllable)


def _together(one: str, other: str, groups: Sequence[frozenset[str]]) -> bool:
    """Tell whether both stand in one group."""
    return any(one in group and other in group for group in groups)


@lru_cache(maxsize=16384)
def _pinyin(char: str) -> tuple[str, ...]:
    """Return the syllables of a character without tones, none where it has none or pypinyin is missing."""
    return tuple(dict.fromkeys(_reader()(char)[:MOST_READINGS])) if len(char) == 1 and not char.isascii() else ()


@cache
def _reader() -> Callable[[str], Sequence[str]]:
    """Return what turns a character into syllables."""
    import os  # noqa: PLC0415 - only to keep pypinyin small

    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # its phrase table costs 30 MB and serves whole sentences only
    try:
        from pypinyin import Style, pinyin  # noqa: PLC0415 - only Chinese needs it
    except ImportError:
        return lambda _: ()
    return lambda char: (
        pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore")[0] if pinyin(char, errors="ignore") else ()
    )
