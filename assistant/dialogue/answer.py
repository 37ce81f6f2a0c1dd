"""The answer to a question, put into the request that lacked it."""

import dataclasses
import re
import types
import unicodedata
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from assistant.core.context import Context
from assistant.core.event import Understood
from assistant.core.plan import Question
from assistant.core.request import OneOf, Request
from assistant.core.text import Language
from assistant.languages.pack import load

LONGEST_ANSWER: Final = 60
"""Characters; what is longer is no answer to a short question."""


def merge(question: Question, heard: Understood, context: Context) -> Request | None:
    """Return the request with the asked field filled in, or None if the sentence does not answer the question."""
    request = question.request
    for other in heard.understanding.requests:
        if type(other) is type(request):
            merged = dataclasses.replace(request, **_said(other))
            if getattr(merged, question.field) != getattr(request, question.field):
                return merged
    if heard.understanding.requests:
        return None
    text = plain(heard.transcript.text)
    chosen = choose(text, question.choices, heard.transcript.language)
    value = _value(type(request), question.field, chosen or text, context)
    return None if value is None else dataclasses.replace(request, **{question.field: value})


def choose(text: str, choices: Sequence[str], language: Language) -> str | None:
    """Return the choice that plain text names, by its words or by its place ("the second", 第二个); None if neither."""
    for choice in choices:
        if plain(choice) == text:
            return choice
    words = load(language).words
    for number, choice in enumerate(choices, 1):
        if text in words.get(f"choice_{number}", ()):
            return choice
    return choices[-1] if choices and text in words.get("choice_last", ()) else None


def plain(text: str) -> str:
    """Return text in lower case, without punctuation at the ends of words and without doubled spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return " ".join(re.sub(r"[^\w\s'.+-]|(?<!\d)\.|\.(?!\d)", " ", folded).split())


def _said(request: Request) -> dict[str, Any]:
    """Return the fields that the sentence gave, that is those away from their default."""
    given = {field.name: (getattr(request, field.name), field.default) for field in dataclasses.fields(request)}
    return {name: value for name, (value, default) in given.items() if value != default}


def _value(request: type[Request], field: str, text: str, context: Context) -> object | None:
    """Return the text as a value of the field's type, or None if it cannot be one."""
    if not text or len(text) > LONGEST_ANSWER:
        return None
    kind, extras = _kind(get_type_hints(request, include_extras=True)[field])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next((member for member in kind if plain(str(member.value)) == plain(text)), None)
    if kind in {int, float}:
        return _number(text, kind)
    if kind is not str:
        return None
    lists = [context.names.get(extra.names, ()) for extra in extras if isinstance(extra, OneOf)]
    known = (name for names in lists for name in names if plain(name) == plain(text))
    return next(known, text)


def _number(text: str, kind: Any) -> object | None:
    """Return digits as a number, None for anything else."""
    return kind(float(text)) if re.fullmatch(r"[+-]?\d{1,9}(\.\d{1,3})?", text) else None


def _kind(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the plain type of an annotation and what annotates it; `| None` is dropped."""
    extras: tuple[Any, ...] = ()
    while get_origin(hint) in {Annotated, Union, types.UnionType}:
        if get_origin(hint) is Annotated:
            extras += hint.__metadata__
            hint = get_args(hint)[0]
        else:
            hint = next(part for part in get_args(hint) if part is not types.NoneType)
    return hint, extras
