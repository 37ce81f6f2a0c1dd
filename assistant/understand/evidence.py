"""The second validation: of what a model wrote only those values count that were said; nothing is invented."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any, Final

from assistant.core.context import Context
from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.grammar import Grammar
from assistant.languages.kinds import Kind, kinds
from assistant.languages.net import parsed
from assistant.languages.readings import CLASSES, Day, Readings, settled
from assistant.languages.template import Choice, Node, RuleRef, Slot, Text
from assistant.languages.template import Sequence as Run
from assistant.languages.tokens import languages
from assistant.understand.hints import Hints
from assistant.understand.moments import Moments
from assistant.understand.rules import Rules
from assistant.understand.schema import Written
from assistant.understand.sound import nearest
from assistant.understand.ways import ends

_MOMENTS: Final = {"day": "date", "at": "time"}
"""Fields that a sentence may fill by itself, and their kinds."""
_DAYS: Final = "span"
"""Field of several days at once."""
LONGEST_NUMBER: Final = 8
"""Words of a number."""
COPIED_SURE: Final = 0.8
"""Probability from which copied values are righter than what a pattern of the language points at."""
MOST_BETWEEN: Final = 2
"""Words between two pieces of one value ("dinner" with my "sister")."""


class Evidence:
    """Checks what a model wrote against the sentence, the car's names and the user's preferences."""

    def __init__(self, rules: Rules) -> None:
        """Take the sentences, for how their language says values."""
        self._rules = rules
        self._moments: dict[Language, Moments] = {}
        self._hints: dict[Language, Hints] = {}

    def requests(
        self, written: Sequence[Written], text: str, language: Language, context: Context, copied: float = 1.0
    ) -> tuple[tuple[Request, ...], bool]:
        """Return the requests with the values that were said, in the language or the other in the text, and whether that is all of them.

        `copied` is the probability of the values as they are written; where it is low, the sentence's form tells which words they are.
        """
        spoken = languages(text, language)
        checkers = [_Checker(self._rules.grammar(one, context.names), text, context) for one in spoken]
        if len(written) == 1:
            one = written[0] if copied >= COPIED_SURE else self._hinted(written[0], text, language)
            written = [self._timed(_led(one, text, language), text, language, context)]
            written = [self._spanned(written[0], checkers, text, language)]
        found = [_request(checkers, one) for one in written]
        return tuple(request for request, _ in found), all(whole for _, whole in found)

    def _hinted(self, written: Written, text: str, language: Language) -> Written:
        """Return what was written with the free words that the sentence's form points at instead of those that were copied."""
        if language not in self._hints:
            self._hints[language] = Hints(self._rules.pack(language))
        said = self._hints[language].words(written.request, text)
        if not said:
            return written
        known = kinds(written.request)
        kept = {name: raw for name, raw in written.fields.items() if known[name].name not in ("name", "text")}
        return replace(written, fields={**kept, **said})

    def _timed(self, written: Written, text: str, language: Language, context: Context) -> Written:
        """Return what was written with the day and the time that the sentence says and it left out."""
        known = kinds(written.request)
        lacks = [
            name
            for name, kind in _MOMENTS.items()
            if name in known and known[name].name == kind and name not in written.fields
        ]
        said = self._moment_words(text, language, context) if lacks else {}
        return replace(written, fields={**written.fields, **{name: said[name] for name in lacks if name in said}})

    def _spanned(self, written: Written, checkers: "Sequence[_Checker]", text: str, language: Language) -> Written:
        """Return what was written with the days at once ("this week") that the sentence says, instead of a day made of them."""
        kind = kinds(written.request).get(_DAYS)
        if kind is None or kind.name != "enum" or _DAYS in written.fields:
            return written
        said = [value for value in kind.choices if any(checker.says(kind, value) for checker in checkers)]
        if len(said) != 1 or "day" in self._moment_words(text, language, checkers[0].context):
            return written
        kept = {name: raw for name, raw in written.fields.items() if name != "day"}
        return replace(written, fields={**kept, _DAYS: said[0]})

    def _moment_words(self, text: str, language: Language, context: Context) -> Mapping[str, str]:
        if language not in self._moments:
            self._moments[language] = Moments(self._rules.pack(language))
        return self._moments[language].words(text, context.now)

    def says(self, text: str, kind: Kind, value: Any, language: Language, context: Context) -> bool:
        """Tell whether these words and no more say the value of a field."""
        checker = _Checker(self._rules.grammar(language, context.names), text, context)
        match kind.name:
            case "enum":
                return checker.says(kind, value)
            case "number":
                return value in checker.numbers(kind.range.unit if kind.range else "")
            case "bool":
                return False
            case "name" | "text":
                return checker.words == checker.split(value)
            case _:
                return bool(checker.moment(kind, text) == value)

    def pieces(self, texts: Sequence[str], value: str, language: Language, context: Context) -> list[str]:
        """Return those of the texts that stand in a value, in any order and hardly apart, if they are all of it; else none."""
        checker = _Checker(self._rules.grammar(language, context.names), value, context)
        words = {text: checker.split(text) for text in texts}
        starts = {text: start for text, one in words.items() if (start := checker.place(one)) is not None}
        spans = sorted((start, start + len(words[text])) for text, start in starts.items())
        whole = bool(spans) and spans[0][0] == 0 and spans[-1][1] == len(checker.words)
        close = all(0 <= start - end <= MOST_BETWEEN for (_, end), (start, _) in itertools.pairwise(spans))
        return list(starts) if whole and close else []

    def moment(self, text: str, kind: Kind, language: Language, context: Context) -> Any:
        """Return the time, day, duration or money that these words and no more say, None if they say none."""
        return _Checker(self._rules.grammar(language, context.names), text, context).moment(kind, text)


def _led(written: Written, text: str, language: Language) -> Written:
    """Return what was written with from where and to where as the sentence says both; a favourite place is no words."""
    known = kinds(written.request)
    goal = next((name for name in ("destination", "place") if name in known), "")
    said = ends(text, language) if goal and "origin" in known and "favourite" not in written.fields else {}
    ours = {goal if name == "goal" else name: words for name, words in said.items()}
    return replace(written, fields={**written.fields, **ours})


def _request(checkers: "Sequence[_Checker]", written: Written) -> tuple[Request, bool]:
    """Return the request with the fields that hold for one of the languages, and whether all do."""
    fields = kinds(written.request)
    for checker in checkers:
        days = (raw for name, raw in written.fields.items() if fields[name].name == "date")
        checker.day = next((checker.readings.day(checker.split(raw), checker.context.now.date()) for raw in days), None)
    values = {name: _value(checkers, written, name) for name in written.fields}
    said = {name: value for name, value in values.items() if value is not None}
    return written.request(**said), len(said) == len(values)


def _value(checkers: "Sequence[_Checker]", written: Written, name: str) -> Any:
    """Return the value of one field, None if it was not said."""
    kind, raw = kinds(written.request)[name], written.fields[name]
    if kind.name == "enum" and not any(checker.says(kind, raw) for checker in checkers):
        implied = any(checker.implies(written.request, name, raw) for checker in checkers)
        contradicted = any(checker.contradicts(kind, raw) for checker in checkers)
        return kind.type(raw) if implied and not contradicted else None
    return next((value for checker in checkers if (value := checker.value(kind, raw)) is not None), None)


class _Checker:
    """One sentence as evidence."""

    def __init__(self, grammar: Grammar, text: str, context: Context) -> None:
        self.grammar, self.context, self.text = grammar, context, text
        self.words = self.split(text)
        self.readings: Readings = grammar.readings
        self.day: Day | None = None

    def split(self, text: str) -> tuple[str, ...]:
        """Return the words of a text."""
        return tuple(token.word for token in self.grammar.tokens(text))

    def value(self, kind: Kind, raw: str) -> Any:
        """Return the value of one field, None if it was not said; of an enum as it was written."""
        match kind.name:
            case "enum":
                return kind.type(raw)
            case "number":
                number = float(raw)
                unit = kind.range.unit if kind.range else ""
                return kind.type(number) if number in self.numbers(unit) else None
            case "bool":
                return raw == "true"
            case "name":
                return self.name(kind, raw)
            case "text":
                return raw if self.said(raw) else None
            case _:
                return self.moment(kind, raw) if self.said(raw) else None

    def said(self, raw: str) -> bool:
        """Tell whether the words stand in the sentence, in order and side by side."""
        return self.place(self.split(raw)) is not None

    def place(self, words: tuple[str, ...]) -> int | None:
        """Return where the words first stand in the sentence side by side, None if they don't or there are none."""
        starts = range(len(self.words) if words else 0)
        return next((start for start in starts if self.words[start : start + len(words)] == words), None)

    def name(self, kind: Kind, raw: str) -> str | None:
        """Return the known name that was said, or the words as they were said."""
        known = self.context.names.get(kind.names, ())
        if raw in known and (self.said(raw) or self.nearby(raw)):
            return raw
        return raw if self.said(raw) or raw in self.context.preferences.values() else None

    def nearby(self, raw: str) -> bool:
        """Tell whether some words of the sentence sound like the name and no other."""
        count = len(self.grammar.tokens(raw))
        spans = (
            self.words[start : start + length]
            for length in (count, count + 1, count - 1)
            if length > 0
            for start in range(len(self.words))
        )
        return any(nearest(span, (raw,), self.grammar.language) for span in spans)

    def says(self, kind: Kind, value: str) -> bool:
        """Tell whether a word for the value was said."""
        return any(self.fits(parsed(text)) for text in self.grammar.pack.lists.get(kind.list_name, {}).get(value, ()))

    def implies(self, request: type[Request], field: str, value: str) -> bool:
        """Tell whether some sentence of the request means the value without such a word ("activate": on)."""
        sentences = self.grammar.pack.sentences
        return any(one.request == request.__name__ and one.fields.get(field) == value for one in sentences)

    def contradicts(self, kind: Kind, value: str) -> bool:
        """Tell whether a word for another value was said."""
        lists = self.grammar.pack.lists.get(kind.list_name, {})
        return any(self.fits(parsed(text)) for other, texts in lists.items() if other != value for text in texts)

    def fits(self, tree: Node) -> bool:
        """Tell whether the tree's words stand somewhere in the sentence."""
        return any(end > start for start in range(len(self.words)) for end in self.ends(tree, start))

    def ends(self, tree: Node, start: int) -> Iterator[int]:
        """Yield where the tree may end if it begins at word `start`."""
        match tree:
            case Text(text) if text in CLASSES:
                if start < len(self.words) and CLASSES[text].fullmatch(self.words[start]):
                    yield start + 1
            case Text(text):
                words = self.split(text)
                if all(map(_alike, self.words[start : start + len(words)], words)) and start + len(words) <= len(
                    self.words
                ):
                    yield start + len(words)
            case Run(items):
                places = {start}
                for item in items:
                    places = {end for place in places for end in self.ends(item, place)}
                yield from places
            case Choice(items):
                yield from {end for item in items for end in self.ends(item, start)}
            case RuleRef(name):
                yield from self.ends(parsed(self.grammar.pack.rules.get(name, "")), start)
            case Slot():
                return

    def numbers(self, unit: str) -> set[float]:
        """Return every number that some words of the sentence say."""
        spans = (
            self.words[start : start + length]
            for start in range(len(self.words))
            for length in range(1, min(LONGEST_NUMBER, len(self.words) - start) + 1)
        )
        return {number for span in spans if (number := self.readings.number(span, unit)) is not None}

    def moment(self, kind: Kind, raw: str) -> time | date | timedelta | Any:
        """Return the time, day, duration or money that the words say, None if they say none."""
        words = self.split(raw)
        now = self.context.now
        match kind.name:
            case "time":
                clock = self.readings.clock(words)
                return None if clock is None or clock.hour > 24 or clock.minute > 59 else settled(clock, self.day, now)
            case "date":
                found = self.readings.day(words, now.date())
                return None if found is None else found.date
            case "duration":
                return self.readings.length(words)
            case _:
                return self.readings.money(words)


def _alike(one: str, other: str) -> bool:
    """Tell whether two words are one, or one is the other's plural."""
    return other in (one, f"{one}s") or one == f"{other}s"
