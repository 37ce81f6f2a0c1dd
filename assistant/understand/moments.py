"""When something is to be: the day and the time of day that are said anywhere in a sentence, beyond doubt and once only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final

from assistant.core.request import Request
from assistant.languages.grammar import Grammar
from assistant.languages.pack import LanguagePack, Sentence


@dataclass(frozen=True, slots=True)
class Sometime(Request):
    """Something on a day, at a time."""

    words: str = ""
    day: date | None = None
    at: time | None = None


_CLOCK_AND_DAY: Final = ("day", "at")
_CLAUSE: Final = re.compile(r"[，。？！；]|[,.?!;](?:\s|$)")
_CLOCK: Final = {"en": "{sure_clock:at}", "zh": "{at}"}


class Moments:
    """Reads one language's moments."""

    def __init__(self, pack: LanguagePack) -> None:
        """Take the language's rules for days and times."""
        at, day = _CLOCK[pack.language], "{sure_day:day}"
        template = f"[{{words}}] ({day} [{{words}}] {at}|{at} [{{words}}] {day}|{day}|{at}) [{{words}}]"
        only = (Sentence(Sometime.__name__, {}, (template,), "moments"),)
        self._grammar = Grammar(replace(pack, sentences=only, others=()), (Sometime,))

    def words(self, text: str, now: datetime) -> Mapping[str, str]:
        """Return the words for `day` and `at`; nothing where two of a kind are said."""
        found = self._said(text, now)
        rest = self._said(found.get("words", ""), now) if found else {}
        once = {name: found[name] for name in _CLOCK_AND_DAY if name in found and name not in rest}
        return once if found else self._in_clauses(text, now)

    def _in_clauses(self, text: str, now: datetime) -> Mapping[str, str]:
        """Return the same of a sentence that falls into several: what one of its clauses alone says."""
        clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
        said = [self.words(clause, now) for clause in clauses] if len(clauses) > 1 else []
        alone = {name: [one[name] for one in said if name in one] for name in _CLOCK_AND_DAY}
        return {name: words[0] for name, words in alone.items() if len(words) == 1}

    def _said(self, text: str, now: datetime) -> Mapping[str, str]:
        readout = self._grammar.read(text, now)
        return readout.reads[0].slots if readout and len(readout.reads) == 1 else {}
