"""When something is to be: the day and the time of day that are said anywhere in a sentence, beyond doubt and once only."""

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
        return {name: found[name] for name in ("day", "at") if name in found and name not in rest}

    def _said(self, text: str, now: datetime) -> Mapping[str, str]:
        readout = self._grammar.read(text, now)
        return readout.reads[0].slots if readout and len(readout.reads) == 1 else {}
