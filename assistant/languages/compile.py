"""A language's sentences and the request classes they fill, compiled to one network of words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from assistant.core.request import Range, Request
from assistant.errors import ConfigError
from assistant.languages import chinese, english, template
from assistant.languages.kinds import Kind, kinds
from assistant.languages.net import REST, SOME_NAME, WILD, Begins, Builder, Net, Part, parsed
from assistant.languages.pack import LanguagePack, Sentence
from assistant.languages.readings import Readings
from assistant.languages.template import Node, RuleRef, Slot
from assistant.languages.tokens import words

READINGS: Final[Mapping[str, Readings]] = MappingProxyType({"en": english, "zh": chinese})
LONGEST_NAME: Final = {False: 6, True: 12}
"""Words of a name the car does not know; characters in Chinese."""
MOST_NUMBERS: Final = 400
"""Numbers of one range that are spelled out for a bound recogniser."""
RULES: Final = {"time": "clock", "date": "day", "duration": "length", "money": "money"}
"""Rule of `general.toml` that a kind of slot is written in."""


Names = Mapping[str, tuple[str, ...]]
"""`Context.names`."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The network, and what its `Begins` marks stand for."""

    net: Net
    start: int
    end: int
    sentences: tuple[tuple[Sentence, type[Request], Mapping[str, Kind]], ...]


class Compiler:
    """Compiles one pack; `bound` leaves out free words and unknown names, keeps numbers in range and politeness short, and joins sentences."""

    def __init__(self, pack: LanguagePack, requests: Iterable[type[Request]], names: Names, *, bound: bool) -> None:
        """Take what to compile and the names the car knows."""
        self.pack, self.bound, self.known = pack, bound, names
        self.characters = READINGS[pack.language].characters
        self.classes = {request.__name__: (request, kinds(request)) for request in requests}
        self.net = Net()
        self.parts: dict[object, Part] = {}
        self.names: dict[str, Part] = {}
        """List of `Context.names` to the part that holds its names."""
        self.dead: list[Part] = []
        self.fields: Mapping[str, Kind] = {}
        self.to_end = False
        self.builder = Builder(self.net, self.split, self.rule, self.slot)

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
        net = self.net
        start, end = net.node(), net.node()
        ready, done = net.node(), net.node()
        net.jump(start, ready)
        net.jump(done, end)
        self.polite(start, ready if self.bound else start, "before")
        self.polite(done, end if self.bound else done, "after")
        sentences = []
        for sentence in self.pack.sentences:
            if sentence.request not in self.classes:
                raise ConfigError(f"{sentence.where}: no request class of that name", "correct `request`")
            request, self.fields = self.classes[sentence.request]
            self.to_end = sentence.to_end
            sentences.append((sentence, request, self.fields))
            before = net.node()
            net.jump(ready, before, Begins(len(sentences) - 1))
            for text in sentence.text:
                try:
                    net.jump(self.builder.build(parsed(text), before), done)
                except ConfigError as error:
                    raise ConfigError(f"{sentence.where}: {error.message}: {text}", error.mend) from error
        if self.bound:
            self.join(done, start)
            net.prune(self.dead, {end, *(part.end for part in (*self.parts.values(), *self.names.values()))})
        return Compiled(net, start, end, tuple(sentences))

    def polite(self, start: int, end: int, rule: str) -> None:
        """Let the politeness of `rule` lead from `start` to `end`; its words add nothing."""
        if rule not in self.pack.rules:
            return
        before, after = self.net.node(), self.net.node()
        self.net.jump(start, before)
        self.net.call(before, self.rule_part(rule), after)
        self.net.jump(after, end)
        self.net.tail.add(after)

    def join(self, done: int, start: int) -> None:
        """Let the words that join two requests lead from the end of one to the start of the next."""
        for joiner in self.pack.words.get("joiners", ()):
            self.net.jump(self.builder.words(self.split(joiner), done), start)

    def rule(self, name: str) -> Node | Part:
        """Return a rule as a shared part, or as its tree where it holds slots of the request at hand."""
        if name not in self.pack.rules:
            raise ConfigError(f"{self.pack.language}: no rule <{name}>", "define it under [rules]")
        tree = parsed(self.pack.rules[name])
        return tree if self.has_slots(tree) else self.rule_part(name)

    def has_slots(self, tree: Node) -> bool:
        """Tell whether the tree holds a slot, rules followed."""
        return bool(template.slots(tree)) or any(
            self.has_slots(parsed(self.pack.rules.get(name, ""))) for name in template.rules(tree)
        )

    def rule_part(self, name: str) -> Part:
        """Return the shared part of a rule without slots."""
        return self.shared(("rule", name), parsed(self.pack.rules[name]))

    def shared(self, key: object, tree: Node) -> Part:
        """Return the part known by `key`, built from the tree at first."""
        if key not in self.parts:
            self.parts[key] = self.builder.part(tree)
        return self.parts[key]

    def slot(self, slot: Slot) -> Part:
        """Return the part that takes the words of a slot of the request at hand."""
        kind = self.fields.get(slot.field)
        if kind is None:
            raise ConfigError(f"no field {slot.field!r}", f"one of {', '.join(self.fields)}")
        if slot.list_name or kind.name == "enum":
            return self.list_part(slot.list_name or kind.list_name)
        match kind.name:
            case "number":
                return self.number_part(kind)
            case "name":
                return self.name_part(kind.names)
            case "text":
                return self.free_part(REST if self.to_end else WILD)
            case "bool":
                raise ConfigError(
                    f"slot {slot.field!r} is true or false", f"fix it: fields = {{ {slot.field} = true }}"
                )
            case _:
                return self.rule_part(RULES[kind.name])

    def list_part(self, name: str) -> Part:
        """Return the part of a word list."""
        if name not in self.pack.lists:
            raise ConfigError(f"{self.pack.language}: no list {name!r}", f"define [lists.{name}]")
        key = ("list", name)
        if key not in self.parts:
            entries = ((text, value) for value, texts in self.pack.lists[name].items() for text in texts)
            self.parts[key] = self.builder.chosen(entries)
        return self.parts[key]

    def number_part(self, kind: Kind) -> Part:
        """Return the part of a number with its unit."""
        unit = kind.range.unit if kind.range else ""
        key = ("number", kind.range if self.bound else unit)
        if key not in self.parts:
            start, middle, end = self.net.node(), self.net.node(), self.net.node()
            if self.bound and kind.range:
                spelled = self.parts["spelled", kind.range] = self.builder.listed(
                    (text, "") for text in self.spelled(kind.range)
                )
                self.net.call(start, spelled, middle)
            else:
                whole = self.builder.build(RuleRef("number"), start)
                self.net.jump(whole, middle)
                self.polite(whole, middle, "number_tail")
            self.net.jump(middle, end)
            self.polite(middle, end, f"unit_{unit}")
            if unit == "percent":
                self.net.jump(self.builder.build(RuleRef("share"), start), end)
            self.parts[key] = Part(start, end)
        return self.parts[key]

    def spelled(self, bounds: Range) -> Iterator[str]:
        """Yield every way to say the numbers of a range; steps are made coarser until they are few enough."""
        step = bounds.step
        while (bounds.maximum - bounds.minimum) / step > MOST_NUMBERS:
            step *= 10
        for index in range(int((bounds.maximum - bounds.minimum) / step) + 1):
            yield from READINGS[self.pack.language].spell(bounds.minimum + index * step)

    def name_part(self, names: str) -> Part:
        """Return the part of a list of names, those of the car; in free text it also takes names the car does not know."""
        key = ("name", names)
        if key not in self.parts:
            entries = self.known.get(names, ())
            start, end = self.net.node(), self.net.node()
            self.names[names] = self.builder.listed((name, name) for name in entries)
            self.net.call(start, self.names[names], end)
            if not self.bound:
                self.net.call(start, self.builder.free(SOME_NAME, LONGEST_NAME[self.characters]), end)
            self.parts[key] = Part(start, end)
            if self.bound and not entries:
                self.dead.append(self.parts[key])
        return self.parts[key]

    def free_part(self, label: str) -> Part:
        """Return the part of free words; it leads nowhere in a bound network."""
        key = ("free", label)
        if key not in self.parts:
            self.parts[key] = self.builder.free(label)
            if self.bound:
                self.dead.append(self.parts[key])
        return self.parts[key]
