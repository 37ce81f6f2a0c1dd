"""Labelled sentences to training rows: the decision always, the whole answer only where rules or annotated slots vouch for it."""

import dataclasses
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from assistant.bench.slots import slot_fields
from assistant.core.context import Context
from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.compile import RULES
from assistant.languages.grammar import Readout
from assistant.languages.kinds import Kind, kinds
from assistant.languages.values import Read
from assistant.understand.evidence import MOST_BETWEEN, Evidence
from assistant.understand.rules import Rules
from assistant.understand.schema import MOST_REQUESTS, NONE, parse, plain, write

SEEDS: Final = Path(__file__).with_name("seeds")
NOW: Final = datetime.fromisoformat("2026-01-07T10:00:00+00:00")
"""The day of every reading: a written-out set must not depend on when it was written."""
GENERATED: Final = "generated"
"""Source of the sentences that are drawn from templates."""
LEADING: Final = re.compile("^(on|at) ")
"""What may stand before a day or time and says nothing of it; people do not mark it."""
TAUGHT: Final = "taught"
"""Source of the sentences whose decision only a teacher knows."""
TEMPERATURE: Final = 2.0
"""What a teacher's logits are divided by, that what it finds less likely can be told apart too."""
LOOSE: Final = 3.0
"""Cost above which a reading took too many words for anything at all."""

BARE: Final = ("enum", "number", "bool")
"""Kinds that an answer writes without quotes."""
HOUR: Final = re.compile(r"(?i)\b[ap]\.?m\b|\bo'?clock\b|noon|midday|midnight|\d:\d|点|时")
"""What is said of a time of day and not of a day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence to learn from."""

    text: str
    language: Language
    source: str
    intent: str
    first: tuple[str, ...]
    """What the answer may begin with: class names, or `none`."""
    answer: str = ""
    """The whole answer, empty where only its beginning is known."""
    soft: tuple[tuple[str, float], ...] = ()
    """What a teacher thinks: decisions and how likely they are at TEMPERATURE."""

    def line(self) -> str:
        """Return the row as one line of JSON."""
        entry = dataclasses.asdict(self)
        return json.dumps(entry if self.soft else {**entry, "soft": None}, ensure_ascii=False).replace(
            ', "soft": null', ""
        )


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a written-out set."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            soft = tuple(_pair(name, share) for name, share in entry.pop("soft", ()))
            yield Row(**{**entry, "first": tuple(entry["first"])}, soft=soft)


@cache
def _pair(name: str, share: float) -> tuple[str, float]:
    """Return the pair: a few thousand of them stand in a million places."""
    return name, share


class Mapper:
    """Turns labelled rows into training rows."""

    def __init__(self, requests: Iterable[type[Request]]) -> None:
        """Take the request classes."""
        self.requests = tuple(requests)
        self.rules = Rules(self.requests)
        self.evidence = Evidence(self.rules)
        self.answering: dict[str, list[str]] = {}
        for request in sorted(self.requests, key=lambda request: request.__name__):
            for label in request.labels:
                self.answering.setdefault(label, []).append(request.__name__)

    def row(self, entry: Mapping[str, Any]) -> Row:
        """Return the row of a labelled sentence (`text`, `lang`, `intent`, `source`, maybe `intents` and `slots`)."""
        text, language, intent = plain(entry["text"]), entry["lang"], entry["intent"]
        labels = entry.get("intents") or [intent]
        several = intent == "multi.multi"
        any_request = sorted(request.__name__ for request in self.requests) if several else [NONE]
        first = tuple(self.answering.get(labels[0] if several else intent, any_request))
        answer = NONE if first == (NONE,) and not several else ""
        if not answer:
            marked = self.by_slots(entry, text, language, intent)
            answer = self.merged(marked, self.by_rules(text, language, intent), language)
        return self.answered(Row(text, language, entry["source"], intent, first), answer)

    @staticmethod
    def answered(row: Row, answer: str) -> Row:
        """Return a row with its answer; as it is where there is none."""
        return dataclasses.replace(row, first=(re.split("[ ;]", answer)[0],), answer=answer) if answer else row

    def by_rules(self, text: str, language: Language, intent: str) -> str:
        """Return the answer that the sentences of the language give, empty if they give none or another label."""
        found = self.rules.read(text, language, Context(0.0, NOW, language))
        if found is None or not found.reads or found.cost > LOOSE:
            return ""
        if intent == "multi.multi":
            return answer(found, text) if len(found.reads) > 1 else ""
        fits = all(intent in read.request.labels for read in found.reads)
        return answer(found, text) if fits else ""

    def by_slots(self, entry: Mapping[str, Any], text: str, language: Language, intent: str) -> str:
        """Return the answer that annotated slots give, empty if one of them has no field."""
        known = slot_fields().get(intent)
        slots = entry.get("slots")
        if not known or not slots or language not in known.get("languages", ["en", "zh"]):
            return ""
        request = next(request for request in self.requests if request.__name__ == known["request"])
        filled = {**known["fields"], **known.get("teaches", {})}
        pieces: dict[str, list[str]] = {}
        for slot, said in slots.items():
            field = filled.get(slot)
            if field is None:
                return ""
            if field:
                pieces.setdefault(field, []).extend([said] if isinstance(said, str) else said)
        fields: dict[str, str] = {}
        for field, marked in pieces.items():
            words = spanned(marked, text, language)
            if not words:
                return ""
            if self.readable(words, kinds(request)[field], language):
                fields[field] = f'"{words}"'
        if not fields and len(self.answering[intent]) > 1:
            return ""
        return write([(request.__name__, {name: fields[name] for name in kinds(request) if name in fields})])

    def merged(self, marked: str, ruled: str, language: Language) -> str:
        """Return what people marked, with what the rules read beside it: choices, numbers and moments that no mark holds; either where only one is known."""
        ours, theirs = parse(marked, self.requests) or (), parse(ruled, self.requests) or ()
        if len(ours) != 1 or len(theirs) != 1 or ours[0].request is not theirs[0].request:
            return marked or ruled
        request, read = ours[0].request, theirs[0].fields
        known = kinds(request)
        context = Context(0.0, NOW, language)
        chosen = {name: known[name].type(value) for name, value in read.items() if known[name].name == "enum"}
        held = {
            name: value
            for name, value in ours[0].fields.items()
            if not any(
                self.evidence.says(value, known[one], choice, language, context) for one, choice in chosen.items()
            )
        }
        fields = {}
        for name, kind in known.items():
            value = held.get(name, "") or read.get(name, "")
            moment = kind.name in RULES and not any(value in one for one in held.values())
            if value and (name in held or kind.name in BARE or moment):
                fields[name] = value if kind.name in BARE else f'"{value}"'
        return write([(request.__name__, fields)])

    def readable(self, words: str, kind: Kind, language: Language) -> bool:
        """Tell whether the language reads the words as a value of the kind; of names and free words it reads all."""
        if kind.name == "date" and HOUR.search(words):
            return False
        return (
            kind.name not in RULES
            or self.evidence.moment(words, kind, language, Context(0.0, NOW, language)) is not None
        )


def answer(readout: Readout, text: str) -> str:
    """Return a readout in the form of `schema`; empty if a value cannot be copied from the text."""
    written = [(type(read.request).__name__, _fields(read, text)) for read in readout.reads]
    if len(written) > MOST_REQUESTS or any(fields is None for _, fields in written):
        return ""
    return write([(name, fields) for name, fields in written if fields is not None])


def _fields(read: Read, text: str) -> dict[str, str] | None:
    """Return a request's fields as written, None if one of them cannot be."""
    found: dict[str, str] = {}
    defaults = {field.name: field.default for field in dataclasses.fields(read.request)}
    for name, kind in kinds(type(read.request)).items():
        value = getattr(read.request, name)
        if value in (defaults[name], None, ""):
            continue
        written = _written(kind, value, read.slots.get(name, ""), text)
        if not written:
            return None
        found[name] = written
    return found


def _written(kind: Kind, value: Any, words: str, text: str) -> str:
    """Return one value as an answer writes it."""
    match kind.name:
        case "enum":
            return str(value.value)
        case "number":
            return f"{value:g}"
        case "bool":
            return str(value).lower()
        case _:
            free = kind.name in ("text", "name")
            copied = located((words if free else LEADING.sub("", words)).split(), text)
            if free and copied in str(value) and str(value) in text:  # "can't", "rock & roll", "Dajia (West Gate)"
                copied = str(value)
            return f'"{copied}"' if copied else ""


def spanned(pieces: Sequence[str], text: str, language: Language) -> str:
    """Return what stands from the first of the pieces to the last, empty if one is missing or they are apart."""
    found = [located(piece.split() if language == "en" else list(piece.replace(" ", "")), text) for piece in pieces]
    if not all(found):
        return ""
    starts = [(text.index(words), words) for words in found]
    spans = sorted((start, start + len(words)) for start, words in starts)
    between = [text[end:begin] for (_, end), (begin, _) in itertools.pairwise(spans)]
    if any(len(one.split() if language == "en" else one) > MOST_BETWEEN for one in between):
        return ""
    return text[spans[0][0] : max(end for _, end in spans)]


def located(words: Iterable[str], text: str) -> str:
    """Return the words as they stand in the text, empty if they do not stand there side by side."""
    pattern = r"[\W_]*".join("[.'’]? ?".join(map(re.escape, word)) for word in words)  # noqa: RUF001
    found = re.search(rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])", text, re.IGNORECASE) if pattern else None
    return found.group().strip(" ,.!?，。！？") if found else ""
