"""The answer to a question, put into the request that lacked it."""

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from assistant.core.context import Context
from assistant.core.event import Understood
from assistant.core.plan import Question
from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.grammar import Grammar
from assistant.languages.kinds import kinds
from assistant.languages.pack import Sentence, load
from assistant.languages.tokens import words

LONGEST_ANSWER: Final = 60
"""Characters; what is longer is no answer to a short question."""
FREE_WORD: Final = 1.0
"""From this cost on a reading took a word for anything at all."""


def merge(question: Question, heard: Understood, context: Context) -> Request | None:
    """Return the request with the asked field filled in, or None if the sentence does not answer the question.

    A value that the field's words or lists know wins over any other meaning of the sentence; free words are an answer only
    where the sentence means nothing else.
    """
    request, requests = question.request, heard.understanding.requests
    for other in requests:
        if type(other) is type(request):
            merged = dataclasses.replace(request, **_said(other))
            if getattr(merged, question.field) != getattr(request, question.field):
                return merged
    text, language = heard.transcript.text, heard.transcript.language
    if len(text) > LONGEST_ANSWER:
        return None
    chosen = choose(text, question.choices, language)
    value, cost = _read(type(request), question.field, chosen or text, language, context)
    if value is None or (requests and cost >= FREE_WORD):
        return None
    return dataclasses.replace(request, **{question.field: value})


def choose(text: str, choices: Sequence[str], language: Language) -> str | None:
    """Return the choice that a text names, by its words or by its place ("the second", 第二个); None if neither."""
    said = _plain(text, language)
    for choice in choices:
        if _plain(choice, language) == said:
            return choice
    places = load(language).words
    for number, choice in enumerate(choices, 1):
        if said in {_plain(place, language) for place in places.get(f"choice_{number}", ())}:
            return choice
    last = {_plain(place, language) for place in places.get("choice_last", ())}
    return choices[-1] if choices and said in last else None


def _plain(text: str, language: Language) -> tuple[str, ...]:
    return words(text, characters=language == "zh")


def _said(request: Request) -> dict[str, Any]:
    """Return the fields that the sentence gave, that is those away from their default."""
    given = {field.name: (getattr(request, field.name), field.default) for field in dataclasses.fields(request)}
    return {name: value for name, (value, default) in given.items() if value != default}


def _read(
    request: type[Request], field: str, text: str, language: Language, context: Context
) -> tuple[object | None, float]:
    """Return the text as a value of the field, None if it is none, and what it cost to take it for one."""
    kind = kinds(request)[field]
    if kind.choices and text in kind.choices:
        return kind.type(text), 0.0
    names = context.names.get(kind.names, ()) if kind.names else ()
    grammar = _grammar(request, field, language, names)  # type: ignore[arg-type]  # a class is hashable
    readout = grammar.read(text, context.now)
    if readout is None or len(readout.reads) != 1:
        return None, 0.0
    return getattr(readout.reads[0].request, field), readout.cost


@lru_cache(maxsize=64)
def _grammar(request: type[Request], field: str, language: Language, names: tuple[str, ...]) -> Grammar:
    """Return the grammar of the bare answers to a question for one field."""
    pack = load(language)
    lead = "|".join(pack.words["answer_lead"])
    gap = "" if language == "zh" else " "
    sentence = Sentence(request.__name__, {}, (f"[({lead})]{gap}{{{field}}}",), "answer")
    lists = {kinds(request)[field].names: names}
    return Grammar(dataclasses.replace(pack, sentences=(sentence,)), (request,), lists)
