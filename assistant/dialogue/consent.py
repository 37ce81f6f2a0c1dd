"""Yes or no, by the grammar of the whole sentence; what is not wholly a yes is none.

The words stand in `languages/<code>/consent.toml`. A yes is one `consent_yes`, with nothing but
`consent_filler` and `consent_yes_ahead` before it and `consent_filler` and `consent_yes_tail` after it. A no is the same of the no pieces, or a sentence that begins with
a `consent_no_start` and holds no yes anywhere; neither holds a `consent_unclear` piece. A question is no answer.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from assistant.core.text import Language
from assistant.languages.pack import load

LONGEST: Final = {"en": 60, "zh": 20}
"""Characters of the longest sentence that is looked at; a yes is short, and long talk is for somebody else."""
LONGEST_NO: Final = 120


class Consent(StrEnum):
    """What a person said to a read-back."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class _Grammar:
    yes: re.Pattern[str]
    no: re.Pattern[str]
    no_start: re.Pattern[str]
    some_yes: re.Pattern[str]
    some_no: re.Pattern[str]
    unclear: re.Pattern[str]


def hear_consent(text: str, language: Language) -> Consent:
    """Return YES only for a sentence that is wholly one."""
    if re.search(r"[?？]", text):
        return Consent.UNCLEAR
    words, grammar = _plain(text, language), _grammar(language)
    short = len(words) <= LONGEST[language]
    if short and grammar.yes.fullmatch(words):
        return Consent.YES
    if len(words) > LONGEST_NO or grammar.unclear.search(words):
        return Consent.UNCLEAR
    if short and grammar.no.fullmatch(words):
        return Consent.NO
    rest = grammar.some_no.sub(" ", words)
    return Consent.NO if grammar.no_start.match(words) and not grammar.some_yes.search(rest) else Consent.UNCLEAR


def _plain(text: str, language: Language) -> str:
    """Return the words in lower case without punctuation; Chinese without spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "").replace("'", "")
    words = re.sub(r"[^\w-]+|(?<!\w)-+|-+(?!\w)", " ", folded).split()
    return ("" if language == "zh" else " ").join(words)


@cache
def _grammar(language: Language) -> _Grammar:
    words = load(language).words
    gap = "" if language == "zh" else " "
    edge = "" if language == "zh" else r"\b"

    def pieces(name: str) -> str:
        plain = {_plain(piece, language) for piece in words[f"consent_{name}"]}
        return "(?:" + "|".join(re.escape(piece) for piece in sorted(plain, key=len, reverse=True)) + ")"

    yes, no, filler, unclear = pieces("yes"), pieces("no"), pieces("filler"), pieces("unclear")
    ahead, yes_tail, no_tail = pieces("yes_ahead"), pieces("yes_tail"), pieces("no_tail")
    return _Grammar(
        yes=re.compile(f"(?:(?:{filler}|{ahead}){gap})*{yes}(?:{gap}(?:{filler}|{yes_tail}))*"),
        no=re.compile(f"(?:{filler}{gap})*{no}(?:{gap}(?:{filler}|{no}|{no_tail}))*"),
        no_start=re.compile(f"(?:{filler}{gap})*{pieces('no_start')}{edge}"),
        some_yes=re.compile(f"{edge}{yes}{edge}"),
        some_no=re.compile(f"{edge}{no}{edge}"),
        unclear=re.compile(f"{edge}{unclear}{edge}"),
    )
