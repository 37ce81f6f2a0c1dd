"""The syntax of sentence templates: text in, a small tree out."""

import itertools
import re
from dataclasses import dataclass
from typing import Final

from assistant.errors import ConfigError

_WORD: Final = re.compile(r"[^\[\](){}<>|\s]+")


@dataclass(frozen=True, slots=True)
class Text:
    """Literal words."""

    text: str


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A piece of the language's `[rules]`."""

    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A field of the request; `list_name`, of a list or of a rule, is empty where the field's annotation decides."""

    field: str
    list_name: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of them; an empty `Sequence` among them makes it optional."""

    items: "tuple[Node, ...]"


Node = Text | RuleRef | Slot | Sequence | Choice
EMPTY: Final = Sequence(())


def parse(template: str) -> Node:
    """Return the tree of one template; ConfigError shows the place of a syntax error."""
    reader = _Reader(template)
    node = reader.choice("")
    if reader.at < len(template):
        raise reader.error(f"unexpected {template[reader.at]!r}")
    return node


def slots(node: Node) -> tuple[Slot, ...]:
    """Return every slot in the tree, in order (rules are not followed)."""
    match node:
        case Slot():
            return (node,)
        case Sequence(items) | Choice(items):
            return tuple(slot for item in items for slot in slots(item))
        case _:
            return ()


def rules(node: Node) -> tuple[str, ...]:
    """Return the name of every rule referred to, in order."""
    match node:
        case RuleRef(name):
            return (name,)
        case Sequence(items) | Choice(items):
            return tuple(name for item in items for name in rules(item))
        case _:
            return ()


class _Reader:
    """A place in a template."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.at = 0

    def error(self, what: str) -> ConfigError:
        """Build the error that shows where reading stopped."""
        shown = f"{self.template[: self.at]} >>> {self.template[self.at :]}"
        return ConfigError(
            f"broken sentence template: {what}: {shown}", "close every bracket; write < > only round rule names"
        )

    def choice(self, end: str) -> Node:
        """Read alternatives up to `end` (not consumed)."""
        items = [self.sequence(end)]
        while self.peek() == "|":
            self.at += 1
            items.append(self.sequence(end))
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def peek(self) -> str:
        """Return the next character, empty at the end."""
        return self.template[self.at : self.at + 1]

    def sequence(self, end: str) -> Node:
        """Read items up to `|` or `end` (not consumed)."""
        runs: list[list[Node]] = []
        apart = True
        while (mark := self.peek()) not in ("", "|", end):
            if mark.isspace():
                self.at += 1
                apart = True
                continue
            item = self.item(mark)
            if apart or not (_literal(item) and _literal(runs[-1][-1])):
                runs.append([item])
            else:
                runs[-1].append(item)
            apart = False
        items = tuple(_glue(run) for run in runs)
        return items[0] if len(items) == 1 else Sequence(items)

    def item(self, mark: str) -> Node:
        """Read one word, group, rule or slot that begins with `mark`."""
        match mark:
            case "[":
                inner = self.group("]")
                return Choice((*inner.items, EMPTY)) if isinstance(inner, Choice) else Choice((inner, EMPTY))
            case "(":
                return self.group(")")
            case "<":
                return RuleRef(self.name(">"))
            case "{":
                first, _, second = self.name("}").partition(":")
                return Slot(second, first) if second else Slot(first)
            case "]" | ")" | ">" | "}":
                raise self.error(f"unexpected {mark!r}")
            case _:
                word = _WORD.match(self.template, self.at)
                assert word is not None
                self.at = word.end()
                return Text(word[0])

    def group(self, end: str) -> Node:
        """Read a bracketed group, brackets included."""
        self.at += 1
        node = self.choice(end)
        if self.peek() != end:
            raise self.error(f"{end!r} is missing")
        self.at += 1
        return node

    def name(self, end: str) -> str:
        """Read a bracketed name, brackets included."""
        stop = self.template.find(end, self.at)
        name = self.template[self.at + 1 : stop] if stop > 0 else ""
        if not name or not name.replace(":", "_", 1).isidentifier():
            raise self.error("a name of letters, digits and _ is expected")
        self.at = stop + 1
        return name


def _literal(node: Node) -> bool:
    """Tell whether the node is made of nothing but letters of a language that writes spaces."""
    match node:
        case Text(text):
            return text.isascii()
        case Sequence(items) | Choice(items):
            return all(_literal(item) for item in items)
        case _:
            return False


def _glue(run: list[Node]) -> Node:
    """Join what stands without a space between, so that `window[s]` is window or windows."""
    if len(run) == 1:
        return run[0]
    texts = ("".join(parts) for parts in itertools.product(*(_strings(item) for item in run)))
    items = tuple(Text(text) if text else EMPTY for text in dict.fromkeys(texts))
    return items[0] if len(items) == 1 else Choice(items)


def _strings(node: Node) -> tuple[str, ...]:
    """Return every string a literal node stands for."""
    match node:
        case Text(text):
            return (text,)
        case Choice(items):
            return tuple(text for item in items for text in _strings(item))
        case Sequence(items):
            return tuple(
                " ".join(filter(None, parts)) for parts in itertools.product(*(_strings(item) for item in items))
            )
        case _:
            return ()
