"""What is wrong or missing in a language, as lines a writer of sentences can act on."""

import string
from collections.abc import Iterable, Iterator, Mapping

from assistant.core.request import Request
from assistant.errors import ConfigError
from assistant.languages import template
from assistant.languages.compile import RULES
from assistant.languages.kinds import Kind, kinds
from assistant.languages.pack import LanguagePack, Sentence


def problems(pack: LanguagePack, requests: Iterable[type[Request]]) -> tuple[str, ...]:
    """Return every fault of the sentences against the request classes, and every request without a sentence."""
    classes = {request.__name__: request for request in requests}
    found = list(_rule_problems(pack))
    for sentence in pack.sentences:
        if sentence.request not in classes:
            found.append(f"{sentence.where}: no request class is named {sentence.request}")
            continue
        found.extend(_sentence_problems(pack, sentence, kinds(classes[sentence.request])))
    said = {sentence.request for sentence in pack.sentences}
    found.extend(f"{pack.language}: no sentence for {name}" for name in sorted(classes) if name not in said)
    return tuple(dict.fromkeys(found))


def phrase_problems(one: LanguagePack, other: LanguagePack) -> tuple[str, ...]:
    """Return every phrase key that one of the two languages lacks or says with other slots."""
    found: list[str] = []
    for key in sorted({*one.phrases, *other.phrases}):
        lacking = [pack.language for pack in (one, other) if key not in pack.phrases]
        if lacking:
            found.append(f"{lacking[0]}: no phrase {key}")
            continue
        try:
            mine, theirs = (_phrase_slots(pack.phrases[key]) for pack in (one, other))
        except ValueError as error:
            found.append(f"phrase {key}: {error}")
            continue
        if mine != theirs:
            found.append(f"phrase {key}: slots {sorted(mine)} in {one.language}, {sorted(theirs)} in {other.language}")
    return tuple(found)


def _phrase_slots(variants: Iterable[str]) -> set[str]:
    """Return the slots of all variants of one phrase."""
    return {name for text in variants for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _rule_problems(pack: LanguagePack) -> Iterator[str]:
    """Yield faults of rules and lists by themselves."""
    for name, text in pack.rules.items():
        yield from _syntax(pack, text, f"{pack.language} rule {name}")
        if name in _reachable(pack, name):
            yield f"{pack.language} rule {name}: it contains itself"
    for list_name, values in pack.lists.items():
        for value, texts in values.items():
            for text in texts:
                yield from _syntax(pack, text, f"{pack.language} lists.{list_name}.{value}")


def _reachable(pack: LanguagePack, name: str) -> set[str]:
    """Return every rule that the rule leads to."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        for inner in template.rules(_tree(pack.rules.get(todo.pop(), ""))):
            if inner not in seen:
                seen.add(inner)
                todo.append(inner)
    return seen


def _tree(text: str) -> template.Node:
    """Parse, taking a broken template for an empty one (it is reported elsewhere)."""
    try:
        return template.parse(text)
    except ConfigError:
        return template.EMPTY


def _syntax(pack: LanguagePack, text: str, where: str) -> Iterator[str]:
    """Yield what is wrong with a template whatever the request."""
    try:
        tree = template.parse(text)
    except ConfigError as error:
        yield f"{where}: {error.message}"
        return
    for name in template.rules(tree):
        if name not in pack.rules:
            yield f"{where}: no rule <{name}> in {pack.language}"


def _sentence_problems(pack: LanguagePack, sentence: Sentence, fields: Mapping[str, Kind]) -> Iterator[str]:
    """Yield what is wrong with the sentences of one request."""
    for name, value in sentence.fields.items():
        if name not in fields:
            yield f"{sentence.where}: no field {name!r}; it has {', '.join(fields) or 'none'}"
        elif fields[name].name == "enum" and value not in fields[name].choices:
            yield f"{sentence.where}: {value!r} is not one of {', '.join(fields[name].choices)}"
    for text in sentence.text:
        yield from _syntax(pack, text, sentence.where)
        trees = [_tree(text), *(_tree(pack.rules[rule]) for rule in _rules_of(pack, text))]
        for slot in (slot for tree in trees for slot in template.slots(tree)):
            yield from _slot_problems(pack, sentence, slot, fields)


def _rules_of(pack: LanguagePack, text: str) -> Iterator[str]:
    """Yield every known rule a template leads to."""
    for name in template.rules(_tree(text)):
        for reached in (name, *_reachable(pack, name)):
            if reached in pack.rules:
                yield reached


def _slot_problems(
    pack: LanguagePack, sentence: Sentence, slot: template.Slot, fields: Mapping[str, Kind]
) -> Iterator[str]:
    """Yield what is wrong with one slot of a sentence."""
    if slot.field not in fields:
        yield f"{sentence.where}: no field {slot.field!r}; it has {', '.join(fields) or 'none'}"
        return
    kind = fields[slot.field]
    list_name = slot.list_name or (kind.list_name if kind.name == "enum" else "")
    if kind.name == "bool" and not list_name:
        yield f"{sentence.where}: {slot.field!r} is true or false: fix it with fields = {{ {slot.field} = true }}"
    if kind.name in RULES:
        if list_name and list_name not in pack.rules:
            yield f"{sentence.where}: no rule <{list_name}> in {pack.language}"
    elif kind.name == "text" and list_name in pack.rules:
        return
    elif list_name and list_name not in pack.lists:
        yield f"{sentence.where}: no list [lists.{list_name}] in {pack.language}"
    elif list_name and kind.name == "enum":
        strange = [value for value in pack.lists[list_name] if value not in kind.choices]
        if strange:
            yield f"{pack.language} lists.{list_name}: {strange[0]!r} is not one of {', '.join(kind.choices)}"
