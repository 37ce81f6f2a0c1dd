"""Sentences out of templates: the skills' own and the seeds', each with the answer a model should give."""

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.core.request import Request
from assistant.languages.compile import OTHER_FIELDS, RULES
from assistant.languages.kinds import Kind, kinds
from assistant.languages.net import parsed
from assistant.languages.pack import LanguagePack, Sentence
from assistant.languages.template import Choice, Node, RuleRef, Slot, Text
from assistant.languages.template import Sequence as Run
from assistant.training.numbers import spell
from assistant.training.roles import Roles
from assistant.understand.schema import NONE, write

CORRECTED: Final = 0.02
"""Share of slots said twice, the second time right."""
SPELLED: Final = 0.6
"""Share of numbers in words."""
DEEPEST: Final = 60
"""Rules within rules."""
LOOSE: Final[Mapping[str, str]] = {"day": "day", "at": "clock", "after": "length", "by": "length", "duration": "length"}
"""Rule of the language that words for a field are drawn from where the request has no such field."""
SEAM: Final = re.compile(r"(?<=[A-Za-z]{2})\0(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])\0(?=[A-Za-z]{2})")
"""Where two pieces of a Chinese sentence meet that need a space between: English words, not the letter and number of a train."""
DIGITS: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "int": lambda rng: str(rng.choice((rng.randint(1, 30), rng.randint(1, 100)))),
    "number": lambda rng: str(rng.choice((rng.randint(1, 30), rng.randint(1, 100), f"{rng.randint(1, 30)}.5"))),
    "hour": lambda rng: str(rng.randint(1, 12)),
    "minute": lambda rng: f"{rng.randint(0, 59):02d}",
    "day": lambda rng: str(rng.randint(1, 31)),
    "month": lambda rng: str(rng.randint(1, 12)),
    "clock": lambda rng: f"{rng.randint(0, 23)}:{rng.choice((0, 15, 30, 45, rng.randint(0, 59))):02d}",
    "hhmm": lambda rng: f"{rng.randint(1, 12)}{rng.randint(0, 59):02d}",
    "ordinal": lambda rng: f"{rng.randint(4, 20)}th",
}
"""What `#name` in a template stands for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words; those of a slot must not be touched."""

    text: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sentence and the request it stands for."""

    pieces: tuple[Piece, ...]
    request: str
    """Class name, empty if it is none."""
    fields: Mapping[str, str]

    @property
    def answer(self) -> str:
        """As `schema` writes it."""
        return write([(self.request, self.fields)]) if self.request else NONE


class Sampler:
    """Draws sentences of one language."""

    def __init__(
        self,
        pack: LanguagePack,
        requests: Iterable[type[Request]],
        banks: Mapping[str, Sequence[str]],
        rng: random.Random,
    ) -> None:
        """Take a pack (with the seeds' rules and lists in it) and names by kind (`song`, `place`), by field, or by `Request.field`."""
        self.pack, self.banks, self.rng = pack, banks, rng
        self.spaced = pack.language != "zh"
        self.kinds = {request.__name__: kinds(request) for request in requests}

    def draw(self, sentence: Sentence, template: str, roles: Roles | None = None) -> Drawn:
        """Return one way of saying the sentence; `roles` hears of every rule in it."""
        fields = self.kinds[sentence.request] if sentence.request else OTHER_FIELDS
        drawing = _Drawing(self, sentence.request, fields, roles)
        drawing.add(parsed(template), 0)
        fixed = {name: _bare(value) for name, value in sentence.fields.items() if fields[name].name != "name"}
        found = {**fixed, **drawing.values}
        ordered = {name: found[name] for name in fields if name in found}
        return Drawn(tuple(drawing.pieces), sentence.request, ordered if sentence.request else {})

    def words(self, rule: str) -> str:
        """Return one way of saying a rule of the pack."""
        drawing = _Drawing(self, "", OTHER_FIELDS)
        drawing.add(parsed(self.pack.rules[rule]), 0)
        return self.joined(drawing.pieces)

    def joined(self, pieces: Iterable[Piece]) -> str:
        """Return pieces as one text."""
        texts = [piece.text for piece in pieces if piece.text]
        return " ".join(texts) if self.spaced else SEAM.sub(" ", "\0".join(texts)).replace("\0", "")


def _bare(value: object) -> str:
    """Return a fixed value as an answer writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Drawing:
    """One sentence being put together."""

    def __init__(self, sampler: Sampler, request: str, fields: Mapping[str, Kind], roles: Roles | None = None) -> None:
        self.sampler, self.request, self.fields, self.roles = sampler, request, fields, roles
        self.rng = sampler.rng
        self.pieces: list[Piece] = []
        self.values: dict[str, str] = {}
        self.last = ("", 0)
        """The field said last, and the number of pieces after its words."""

    def add(self, node: Node, depth: int) -> None:
        """Add one way of saying the node."""
        if depth > DEEPEST:
            raise RecursionError(f"rules of {self.request or 'other'} never end")
        match node:
            case Text(text):
                self.pieces.append(Piece(self.digits(text)))
            case Run(items):
                for item in items:
                    self.add(item, depth + 1)
            case Choice(items):
                self.add(self.rng.choice(items), depth + 1)
            case RuleRef(name):
                self.rule(name, depth)
            case Slot():
                self.slot(node, depth)

    def rule(self, name: str, depth: int) -> None:
        """Add one way of saying a rule."""
        tree = parsed(self.sampler.pack.rules[name])
        if self.roles is None:
            self.add(tree, depth + 1)
            return
        before, roles, self.roles = self.sampler.joined(self.pieces), self.roles, None
        words = self.aside(tree, depth)
        self.roles = roles
        roles.take(name, words, before)
        self.pieces.append(Piece(words, fixed=True))

    def digits(self, text: str) -> str:
        """Return literal text with its `#int` and the like filled in."""
        if "#" not in text:
            return text
        for name in sorted(DIGITS, key=len, reverse=True):
            text = text.replace(f"#{name}", DIGITS[name](self.rng))
        return text

    def slot(self, slot: Slot, depth: int) -> None:
        """Add the words of a field, now and then after words that the speaker takes back."""
        if slot.field not in self.fields:  # words that the request does not keep
            self.loose(slot.field, depth)
            return
        if slot.field in self.values:
            self.more(slot, depth)
            return
        said, value = self.said(slot, depth)
        repairs = self.sampler.pack.words.get("repairs", ())
        if repairs and self.request and self.rng.random() < CORRECTED:
            wrong, _ = self.said(slot, depth)
            if wrong != said:
                self.pieces += [Piece(wrong, fixed=True), Piece(self.rng.choice(repairs))]
        self.pieces.append(Piece(said, fixed=True))
        self.values[slot.field] = value
        self.last = slot.field, len(self.pieces)

    def more(self, slot: Slot, depth: int) -> None:
        """Add more words of a text where its first ones have just been said: "dentist" "appointment"."""
        if self.last != (slot.field, len(self.pieces)) or self.fields[slot.field].name != "text":
            return
        said, _ = self.said(slot, depth)
        self.pieces.append(Piece(said, fixed=True))
        between = " " if self.sampler.spaced else ""
        self.values[slot.field] = f'"{self.values[slot.field].strip(chr(34))}{between}{said}"'
        self.last = slot.field, len(self.pieces)

    def loose(self, name: str, depth: int) -> None:
        """Add words of a kind that no field of the request takes."""
        bank = self.sampler.banks.get(name)
        rule = LOOSE.get(name)
        if bank is None and rule is None:
            raise KeyError(f"no words for {{{name}}} of {self.request or 'other'} in the seeds' banks")
        before, roles, self.roles = self.sampler.joined(self.pieces), self.roles, None
        words = self.rng.choice(bank) if bank else self.aside(RuleRef(str(rule)), depth)
        self.roles = roles
        if roles is not None:
            roles.take(name, words, before)
        self.pieces.append(Piece(words))

    def said(self, slot: Slot, depth: int) -> tuple[str, str]:
        """Return words for a field and its value in an answer."""
        kind = self.fields[slot.field]
        if kind.name == "enum" or (slot.list_name in self.sampler.pack.lists and kind.name not in RULES):
            values = self.sampler.pack.lists[slot.list_name or kind.list_name]
            value = self.rng.choice(sorted(values))
            words = self.aside(parsed(self.rng.choice(values[value])), depth)
            return words, value if kind.name in ("enum", "number", "bool") else f'"{words}"'
        if kind.name == "number":
            return self.number(kind)
        if kind.name in RULES:
            words = self.aside(RuleRef(slot.list_name or RULES[kind.name]), depth)
        else:
            words = self.rng.choice(self.bank(slot.field, kind))
        return words, f'"{words}"'

    def aside(self, node: Node, depth: int) -> str:
        """Return one way of saying a node, not added to the sentence."""
        kept, self.pieces = self.pieces, []
        self.add(node, depth + 1)
        words, self.pieces = self.sampler.joined(self.pieces), kept
        return words

    def bank(self, field: str, kind: Kind) -> Sequence[str]:
        """Return names for a field."""
        banks = self.sampler.banks
        for key in (f"{self.request}.{field}", kind.names, field):
            if key in banks:
                return banks[key]
        raise KeyError(f"no words for {self.request}.{field} in the seeds' banks")

    def number(self, kind: Kind) -> tuple[str, str]:
        """Return a number in words or digits, its unit after it now and then."""
        spoken, language = kind.range, self.sampler.pack.language
        least, most = (spoken.minimum, spoken.maximum) if spoken else (1, 10)
        number = self.rng.randint(int(least), min(int(most), 999))
        if spoken and spoken.unit == "percent":
            number = self.rng.choice((number, number // 5 * 5, number // 10 * 10))
        said = spell(number, language) if self.rng.random() < SPELLED else str(number)
        unit = f"unit_{spoken.unit}" if spoken else ""
        if unit in self.sampler.pack.rules and self.rng.random() < 0.7:
            if language == "zh" and unit == "unit_percent":
                return f"百分之{said}", str(number)
            tail = {"unit_degrees": {"zh": "度", "en": " degrees"}, "unit_percent": {"en": " percent"}}
            said += tail.get(unit, {}).get(language, "")
        return said, str(number)
