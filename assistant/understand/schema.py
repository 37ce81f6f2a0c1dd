"""The request classes as a language for a model: its grammar, its prompt, and the way back into requests.

An answer is one line, `none` or requests joined by ";" in the order said. A request is its class name, then every field that was
said, in declared order, each after one space:

    SetTemperature degrees=22 zone=driver;SetReminder text="buy milk" at="half past six"

Enums are bare values, numbers are digits ("-3", "22.5"), yes/no fields true or false. Everything else is quoted words of the
sentence itself: names, free words, and also times, days, durations and money, which the language's own readings turn into values,
so that a model only ever copies. Strings hold none of quote, backslash or control character; where the sentence is known the
grammar is `confined` to its words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.kinds import Kind, kinds

NONE: Final = "none"
MOST_REQUESTS: Final = 4
LONGEST_STRING: Final = 80
LONGEST_SAID: Final = 500
RULES: Final[Mapping[str, str]] = {
    "number": r'"-"? [0-9] [0-9]? [0-9]? [0-9]? ("." [0-9] [0-9]?)?',
    "whole": r'"-"? [0-9] [0-9]? [0-9]? [0-9]?',
    "words": rf'"\"" [^"\\\x7F\x00-\x1F]{{1,{LONGEST_STRING}}} "\""',
    "truth": '"true" | "false"',
}
"""Terminals of the grammar, in GBNF."""
_COPYABLE: Final = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+(?:['\u2019][a-zA-Z]+)*|\S"
)
"""A Chinese character, a word with what an apostrophe joins to it, or one sign."""
INTRODUCTION: Final = """You turn what a person in a car says into requests of the car's assistant. Answer with one line and nothing else:
none, if it is none of the requests below, small talk, or not meant for the car;
else the request's name and only the fields that were said, several requests joined by ";" in the order said.
Quoted values are copied word for word from what was said. Never invent a value.
Requests:
"""
EXAMPLES: Final[Mapping[Language, tuple[tuple[str, str], ...]]] = {
    "en": (
        ("what do you think of love", NONE),
        ("i want it to be twenty two degrees on my side", "SetTemperature degrees=22 zone=driver"),
        ("it is way too quiet in here could you play some radio", "SetVolume direction=up;PlayMedia source=radio"),
        (
            "don't let me forget at half past six that i should buy milk",
            'SetReminder text="buy milk" at="half past six"',
        ),
        ("i told you we should have gone to grandma's", NONE),
    ),
    "zh": (
        ("你觉得爱情是什么", NONE),
        ("主驾这边我想要二十二度", "SetTemperature degrees=22 zone=driver"),
        ("声音太小了放个广播来听", "SetVolume direction=up;PlayMedia source=radio"),
        ("六点半别让我忘了买牛奶", 'SetReminder text="买牛奶" at="六点半"'),
        ("我早就跟你说过应该去奶奶家", NONE),
    ),
}
"""What was said and its answer; those that do not fit the requests at hand are left out."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is shown; `prefix` is the same for every sentence of a language, so that its state can be kept."""

    prefix: str
    tail: str

    @property
    def whole(self) -> str:
        """Both in one."""
        return self.prefix + self.tail


def grammar(requests: Iterable[type[Request]]) -> str:
    """Return the GBNF grammar of every answer; its root rule is `root`."""
    classes = sorted(requests, key=lambda request: request.__name__)
    lines = [
        f'root ::= "{NONE}" | request (";" request){{0,{MOST_REQUESTS - 1}}}',
        f"request ::= {' | '.join(_rule_name(request.__name__) for request in classes)}",
    ]
    enums: dict[str, tuple[str, ...]] = {}
    for request in classes:
        fields = kinds(request)
        enums.update({kind.list_name: kind.choices for kind in fields.values() if kind.name == "enum"})
        options = "".join(f' (" {name}=" {_value_rule(kind)})?' for name, kind in fields.items())
        lines.append(f'{_rule_name(request.__name__)} ::= "{request.__name__}"{options}')
    for name, choices in sorted(enums.items()):
        lines.append(f"{_enum_rule(name)} ::= " + " | ".join(f'"{choice}"' for choice in choices))
    lines.extend(f"{name} ::= {rule}" for name, rule in RULES.items())
    return "\n".join(lines) + "\n"


def confined(grammar: str, said: str) -> str:
    """Return the grammar with its quoted values confined to runs of words of `plain(said)`; a space may stand before them.

    Raises ValueError for a sentence without a word.
    """
    text = plain(said)
    units = list(_COPYABLE.finditer(text))
    begins = [f"w{place}" for place, unit in enumerate(units) if any(map(str.isalnum, unit[0]))]
    if not begins:
        raise ValueError("a sentence without a word")
    ends = [unit.end() for unit in units]
    gaps = [text[end : unit.start()] for end, unit in zip(ends, units[1:], strict=False)]
    lines = [
        f'w{place} ::= "{unit[0]}" ("{gap}" w{place + 1})?'
        for place, (unit, gap) in enumerate(zip(units, gaps, strict=False))
    ]
    lines.append(f'w{len(units) - 1} ::= "{units[-1][0]}"')
    words = rf'words ::= "\"" " "? ({" | ".join(begins)}) "\""'
    return grammar.replace(f"words ::= {RULES['words']}", "\n".join((words, *lines)))


def prompt(requests: Iterable[type[Request]], text: str, language: Language) -> Prompt:
    """Return what a general model (Qwen's chat form) is shown; no data of services, contacts or maps is ever in it."""
    classes = sorted(requests, key=lambda request: request.__name__)
    listed = "\n".join(_described(request) for request in classes)
    fitting = [(said, answer) for said, answer in EXAMPLES[language] if parse(answer, classes) is not None]
    shown = "".join(
        f"<|im_start|>user\n{said}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n" for said, answer in fitting
    )
    prefix = f"<|im_start|>system\n{INTRODUCTION}{listed}<|im_end|>\n{shown}<|im_start|>user\n"
    return Prompt(prefix, f"{plain(text)}<|im_end|>\n<|im_start|>assistant\n")


def short_prompt(text: str) -> Prompt:
    """Return what a model trained on this very form is shown."""
    return Prompt("", f"{plain(text)}\n")


def wordy(text: str) -> bool:
    """Tell whether there is a word in it that a model could be asked about."""
    return any(char.isalnum() for char in plain(text))


def plain(text: str) -> str:
    """Return what was said in one line that cannot pass for a prompt's own signs, at most LONGEST_SAID characters of it."""
    signs = (" " if char in '<|>"\\' or not char.isprintable() else char for char in text[: 4 * LONGEST_SAID])
    return " ".join("".join(signs).split())[:LONGEST_SAID].rstrip()


def write(requests: Iterable[tuple[str, Mapping[str, str]]]) -> str:
    """Return the answer for requests given as class name and fields; the counterpart of `parse`, used to make training rows."""
    return (
        ";".join(
            " ".join((name, *(f"{field}={value}" for field, value in fields.items()))) for name, fields in requests
        )
        or NONE
    )


def parse(answer: str, requests: Iterable[type[Request]]) -> "tuple[Written, ...] | None":
    """Return the requests of an answer as written, () for `none`; None if it is not of the form, whatever a model did."""
    classes = {request.__name__: request for request in requests}
    if answer.strip() == NONE:
        return ()
    found = []
    for piece in _pieces(answer.strip(), ";"):
        name, *fields = _pieces(piece, " ")
        written = _written(classes.get(name), fields)
        if written is None:
            return None
        found.append(written)
    return tuple(found) if 0 < len(found) <= MOST_REQUESTS else None


@dataclass(frozen=True, slots=True)
class Written:
    """One request as the model wrote it: class, and each field's raw value without quotes."""

    request: type[Request]
    fields: Mapping[str, str]


def _written(request: type[Request] | None, fields: Iterable[str]) -> Written | None:
    """Check names, order and form of the fields."""
    if request is None:
        return None
    known = kinds(request)
    order, values = list(known), {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or name not in order or not _fits(known[name], value):
            return None
        order = order[order.index(name) + 1 :]
        values[name] = value.strip('" ')
    return Written(request, values)


def _fits(kind: Kind, value: str) -> bool:
    """Tell whether a raw value has the form of the kind."""
    match kind.name:
        case "enum":
            return value in kind.choices
        case "number":
            digits = value.removeprefix("-").replace(".", "", 0 if kind.type is int else 1)
            return 0 < len(digits) <= 6 and digits.isascii() and digits.isdigit()
        case "bool":
            return value in ("true", "false")
        case _:
            inner = value[1:-1].removeprefix(" ")  # in the short form a space may stand before the words
            quoted = len(value) > 2 and value[0] == value[-1] == '"'
            return (
                quoted and '"' not in inner and "\\" not in inner and inner.isprintable() and len(inner) <= LONGEST_SAID
            )


def _pieces(text: str, separator: str) -> Iterator[str]:
    """Split at separators that stand outside quotes."""
    start, quoted = 0, False
    for place, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == separator and not quoted:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _rule_name(name: str) -> str:
    """Return the GBNF rule of a request class."""
    return f"r-{name}"


def _enum_rule(name: str) -> str:
    """Return the GBNF rule of an enum."""
    return f"e-{name.replace('_', '-')}"


def _value_rule(kind: Kind) -> str:
    """Return the GBNF rule of a field's value."""
    match kind.name:
        case "enum":
            return _enum_rule(kind.list_name)
        case "number":
            return "whole" if kind.type is int else "number"
        case "bool":
            return "truth"
        case _:
            return "words"


def _described(request: type[Request]) -> str:
    """Return one line that tells a model what the request is and what its fields take."""
    fields = "".join(f" {name}={_shown(kind)}" for name, kind in kinds(request).items())
    return f"{request.__name__}{fields}  # {(request.__doc__ or '').strip().splitlines()[0]}"


def _shown(kind: Kind) -> str:
    """Return what a field takes, as shown to a model."""
    match kind.name:
        case "enum":
            return "|".join(kind.choices)
        case "number":
            return f"<number {kind.range.unit}>".replace(" >", ">") if kind.range else "<number>"
        case "bool":
            return "true|false"
        case _:
            return f'"<{kind.names or kind.name}>"'
