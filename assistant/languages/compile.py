"""A language's sentences and the request classes they fill, compiled to one network of words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from assistant.core.request import Range, Request
from assistant.errors import ConfigError
from assistant.languages import chinese, english, template
from assistant.languages.kinds import Kind, kinds
from assistant.languages.net import REST, SOME_NAME, WILD, Begins, Builder, Node, Part, parsed
from assistant.languages.pack import LanguagePack, Sentence
from assistant.languages.readings import Readings
from assistant.languages.template import RuleRef, Slot
from assistant.languages.tokens import words

READINGS: Final[Mapping[str, Readings]] = MappingProxyType({"en": english, "zh": chinese})
LONGEST_NAME: Final = {False: 8, True: 20}
"""Words of a name the car does not know; characters in Chinese."""
MOST_NUMBERS: Final = 400
"""Numbers of one range that are spelled out for a bound recogniser."""
OTHER_FIELDS: Final[Mapping[str, Kind]] = MappingProxyType({"words": Kind("text", str)})
"""Slots of sentences that are not for us."""
RULES: Final = {"time": "clock", "date": "day", "duration": "length", "money": "money"}
"""Rule of `general.toml` that a kind of slot is written in, unless the slot names another: `{sure_clock:at}`."""

Names = Mapping[str, tuple[str, ...]]
"""`Context.names`."""


Known = tuple[Sentence, type[Request] | None, Mapping[str, Kind]]
"""A sentence, the class of its request (none if it is not for us) and the class's fields."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The network, and what its `Begins` marks stand for."""

    start: Node
    end: Node
    sentences: "tuple[Known, ...]"


class Compiler:
    """Compiles one pack; `bound` leaves out free words and unknown names, keeps numbers in range and politeness short, and joins sentences."""

    def __init__(self, pack: LanguagePack, requests: Iterable[type[Request]], names: Names, *, bound: bool) -> None:
        """Take what to compile and the names the car knows."""
        self.pack, self.bound, self.known = pack, bound, names
        self.characters = READINGS[pack.language].characters
        self.classes = {request.__name__: (request, kinds(request)) for request in requests}
        self.parts: dict[object, Part | None] = {}
        self.rules: dict[str, template.Node | Part] = {}
        self.fields: Mapping[str, Kind] = {}
        self.to_end = False
        self.builder = Builder(self.split, self.rule, self.slot)

    def split(self, text: str) -> tuple[str, ...]:
        """Return the words of literal text; `#int` and its like stay whole."""
        if "#" not in text:
            return words(text, characters=self.characters)
        found: list[str] = []
        for index, piece in enumerate(text.split("#")):
            name = "".join(char for char in piece if char.isascii() and char.isalpha()) if index else ""
            found.extend([f"#{name}"] if name else [])
            found.extend(words(piece[len(name) :], characters=self.characters))
        return tuple(found)

    def compile(self) -> Compiled:
        """Return the network of all sentences, politeness round them; ConfigError for a sentence that does not fit its request."""
        start, done, free, end = Node(), Node(), Node(), Node()
        sentences: list[Known] = []
        begins: list[tuple[Begins, Node]] = []
        for sentence in self.pack.sentences:
            if sentence.request and sentence.request not in self.classes:
                raise ConfigError(f"{sentence.where}: no request class of that name", "correct `request`")
            request, self.fields = self.classes[sentence.request] if sentence.request else (None, OTHER_FIELDS)
            self.to_end = sentence.to_end
            first = self.builder.union(
                [
                    self.compiled(sentence, text, free if self.to_end and not self.bound else done)
                    for text in sentence.text
                ]
            )
            if first is not None:
                begins.append((Begins(len(sentences)), first))
            sentences.append((sentence, request, self.fields))
        ready = Node()
        ready.jumps = tuple(begins)
        self.polite(start, ready if self.bound else start, "before")
        self.polite(done, end if self.bound else done, "after")
        self.polite(free, free, "after_free" if "after_free" in self.pack.rules else "after")
        start.jumps = (*start.jumps, (None, ready))
        free.jumps = (*free.jumps, (None, end))
        done.jumps = (*done.jumps, (None, end))
        if self.bound:
            joiners = (self.builder.words(self.split(joiner), start) for joiner in self.pack.words.get("joiners", ()))
            done.jumps = (*done.jumps, *((None, joiner) for joiner in joiners))
        self.builder.forget()
        return Compiled(start, end, tuple(sentences))

    def compiled(self, sentence: Sentence, text: str, done: Node) -> Node | None:
        """Build one template of a sentence; an error tells where it stands."""
        try:
            return self.builder.build(parsed(text), done)
        except ConfigError as error:
            raise ConfigError(f"{sentence.where}: {error.message}: {text}", error.mend) from error

    def polite(self, place: Node, then: Node, rule: str) -> None:
        """Let the politeness of `rule` lead from `place` to `then`; its words add nothing."""
        part = self.rule_part(rule) if rule in self.pack.rules else None
        if part is not None:
            place.jumps = (*place.jumps, (None, self.builder.call(part, then, adds=False)))

    def rule(self, name: str) -> template.Node | Part:
        """Return a rule as a shared part, or as its tree where it holds slots of the request at hand."""
        if name not in self.pack.rules:
            raise ConfigError(f"{self.pack.language}: no rule <{name}>", "define it under [rules]")
        if name not in self.rules:
            tree = parsed(self.pack.rules[name])
            self.rules[name] = (None if self.has_slots(tree) else self.rule_part(name)) or tree
        return self.rules[name]

    def has_slots(self, tree: template.Node) -> bool:
        """Tell whether the tree holds a slot, rules followed."""
        return bool(template.slots(tree)) or any(
            self.has_slots(parsed(self.pack.rules.get(name, ""))) for name in template.rules(tree)
        )

    def rule_part(self, name: str) -> Part | None:
        """Return the shared part of a rule without slots."""
        key = ("rule", name)
        if key not in self.parts:
            self.parts[key] = self.builder.part(parsed(self.pack.rules[name]))
        return self.parts[key]

    def slot(self, slot: Slot) -> Part | None:
        """Return the part that takes the words of a slot of the request at hand, None where nothing can."""
        kind = self.fields.get(slot.field)
        if kind is None:
            raise ConfigError(f"no field {slot.field!r}", f"one of {', '.join(self.fields)}")
        key = self.key(slot, kind)
        if key not in self.parts:
            self.parts[key] = self.built(slot, kind)
        return self.parts[key]

    def key(self, slot: Slot, kind: Kind) -> tuple[object, ...]:
        """Return what two slots have in common if one part serves both."""
        if kind.name in RULES or self.ruled(slot, kind):
            return ("rule", slot.list_name or RULES[kind.name])
        if slot.list_name or kind.name == "enum":
            return ("list", slot.list_name or kind.list_name)
        return (kind.name, kind.range, kind.names, self.to_end and kind.name == "text")

    def ruled(self, slot: Slot, kind: Kind) -> bool:
        """Tell whether a slot of text takes the words of a rule only: `{phone_number:number}`."""
        return kind.name == "text" and slot.list_name in self.pack.rules

    def built(self, slot: Slot, kind: Kind) -> Part | None:
        """Build the part of a slot."""
        if self.ruled(slot, kind):
            return self.rule_part(slot.list_name)
        if kind.name == "enum" or (slot.list_name and kind.name not in RULES):
            return self.list_part(slot.list_name or kind.list_name)
        match kind.name:
            case "number":
                return self.number_part(kind)
            case "name":
                return self.name_part(kind.names)
            case "text":
                return None if self.bound else self.builder.free(REST if self.to_end else WILD)
            case "bool":
                raise ConfigError(
                    f"slot {slot.field!r} is true or false", f"fix it: fields = {{ {slot.field} = true }}"
                )
            case _:
                return self.rule_part(slot.list_name or RULES[kind.name])

    def list_part(self, name: str) -> Part | None:
        """Return the part of a word list."""
        if name not in self.pack.lists:
            raise ConfigError(f"{self.pack.language}: no list {name!r}", f"define [lists.{name}]")
        return self.builder.chosen((text, value) for value, texts in self.pack.lists[name].items() for text in texts)

    def number_part(self, kind: Kind) -> Part | None:
        """Return the part of a number with its unit."""
        unit, end = kind.range.unit if kind.range else "", Node()
        after = self.optional(f"unit_{unit}", end)
        if self.bound and kind.range:
            spelled = self.builder.listed((text, "") for text in self.spelled(kind.range))
            number = None if spelled is None else self.builder.call(spelled, after)
        else:
            number = self.builder.build(RuleRef("number"), self.optional("number_tail", after))
        start = self.builder.union((number, self.builder.build(RuleRef("share"), end) if unit == "percent" else None))
        return None if start is None else Part(start, end)

    def optional(self, rule: str, then: Node) -> Node:
        """Return the node from which the words of a rule, which add nothing, or nothing lead to `then`."""
        part = self.rule_part(rule) if rule in self.pack.rules else None
        return then if part is None else self.builder.union((self.builder.call(part, then, adds=False), then)) or then

    def spelled(self, bounds: Range) -> Iterator[str]:
        """Yield every way to say the numbers of a range; steps are made coarser until they are few enough."""
        step = bounds.step
        while (bounds.maximum - bounds.minimum) / step > MOST_NUMBERS:
            step *= 10
        for index in range(int((bounds.maximum - bounds.minimum) / step) + 1):
            yield from READINGS[self.pack.language].spell(bounds.minimum + index * step)

    def name_part(self, names: str) -> Part | None:
        """Return the part of a list of names, those of the car; in free text it also takes names the car does not know."""
        known = self.builder.listed((name, name) for name in self.known.get(names, ()))
        unknown = None if self.bound else self.builder.free(SOME_NAME, LONGEST_NAME[self.characters])
        end = Node()
        start = self.builder.union(self.builder.call(part, end) for part in (known, unknown) if part is not None)
        return None if start is None else Part(start, end)
