"""A language read from its folder: phrases, rules, lists, sentences; nothing is compiled here."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from assistant.core.text import LANGUAGES, Language
from assistant.errors import ConfigError

FOLDER: Final = Path(__file__).parent
TABLES: Final = ("phrases", "rules", "lists", "words", "sentence", "other", "hints", "hint_parts")
KEYS: Final = ("request", "text", "fields", "to_end", "aside")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Templates that all mean one request."""

    request: str
    fields: Mapping[str, Any]
    text: tuple[str, ...]
    where: str
    """File name and number of the sentence in it, for errors."""
    to_end: bool = False
    """Whether its free words go on to the end of what was said, even if they hold another command."""
    aside: bool = False
    """Whether it is a courtesy, left out where something else is said along with it."""


@dataclass(frozen=True, slots=True)
class LanguagePack:
    """Everything Cabin says and hears in one language, as written."""

    language: Language
    phrases: Mapping[str, tuple[str, ...]]
    """Phrase key to its variants."""
    rules: Mapping[str, str]
    lists: Mapping[str, Mapping[str, tuple[str, ...]]]
    """List name, value, the words for it."""
    words: Mapping[str, tuple[str, ...]]
    """Plain word lists of the language: fillers, joiners, repairs."""
    sentences: tuple[Sentence, ...]
    others: tuple[Sentence, ...] = ()
    """Sentences that look like ours and are not; their request is empty."""
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Request to patterns that find its words where something else decided that it is meant (`understand/hints.py`)."""
    hint_parts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What @name in a pattern stands for."""


@cache
def load(language: Language) -> LanguagePack:
    """Return the pack in this package's folder of the language; ConfigError names file and mend."""
    if language not in LANGUAGES:
        raise ConfigError(f"no language {language!r}", f"one of {', '.join(LANGUAGES)}")
    return read(FOLDER / language, language)


def read(folder: Path, language: Language) -> LanguagePack:
    """Return the pack of any folder of TOML files; ConfigError names file and mend."""
    return read_files(sorted(folder.glob("*.toml")), language)


def read_files(paths: Iterable[Path], language: Language) -> LanguagePack:
    """Return the pack that TOML files add up to; ConfigError names file and mend."""
    gathered = _Gathered()
    for path in paths:
        try:
            with path.open("rb") as file:
                table = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ConfigError(f"{language}/{path.name}: {error}", "correct the file's TOML, UTF-8") from error
        gathered.add(f"{language}/{path.name}", table)
    return LanguagePack(
        language,
        MappingProxyType(gathered.phrases),
        MappingProxyType(gathered.rules),
        MappingProxyType({name: MappingProxyType(values) for name, values in gathered.lists.items()}),
        MappingProxyType(gathered.words),
        tuple(gathered.sentences),
        tuple(gathered.others),
        MappingProxyType(gathered.hints),
        MappingProxyType(gathered.hint_parts),
    )


class _Gathered:
    """What the files of a folder add up to."""

    def __init__(self) -> None:
        self.phrases: dict[str, tuple[str, ...]] = {}
        self.rules: dict[str, str] = {}
        self.lists: dict[str, dict[str, tuple[str, ...]]] = {}
        self.words: dict[str, tuple[str, ...]] = {}
        self.sentences: list[Sentence] = []
        self.others: list[Sentence] = []
        self.hints: dict[str, tuple[str, ...]] = {}
        self.hint_parts: dict[str, str] = {}

    def add(self, where: str, table: Mapping[str, Any]) -> None:
        """Take one file's tables; refuse unknown tables, wrong types and what is defined twice."""
        for name in table:
            if name not in TABLES:
                raise ConfigError(f"{where}: unknown table [{name}]", f"one of {', '.join(TABLES)}")
        for name, several in (("phrases", self.phrases), ("words", self.words)):
            for key, value in table.get(name, {}).items():
                _once(several, key, f"{where}: {name}")
                several[key] = _strings(value, f"{where}: {name} {key}")
        for name, single in (("rules", self.rules), ("hint_parts", self.hint_parts)):
            for key, value in table.get(name, {}).items():
                _once(single, key, f"{where}: {name}")
                single[key] = _string(value, f"{where}: {name} {key}")
        for key, value in table.get("hints", {}).items():
            self.hints[key] = (*self.hints.get(key, ()), *_strings(value, f"{where}: hints {key}"))
        for name, values in table.get("lists", {}).items():
            into = self.lists.setdefault(name, {})
            for value, words in values.items():
                into[value] = (*into.get(value, ()), *_strings(words, f"{where}: lists.{name}.{value}"))
        self._add_sentences(where, table)

    def _add_sentences(self, where: str, table: Mapping[str, Any]) -> None:
        for number, entry in enumerate(table.get("sentence", []), 1):
            self.sentences.append(_sentence(entry, f"{where} sentence {number}"))
        for number, entry in enumerate(table.get("other", []), 1):
            place = f"{where} other {number}"
            self.others.append(_sentence({"request": "", **entry}, place))


def _sentence(entry: Mapping[str, Any], where: str) -> Sentence:
    """Check one `[[sentence]]`."""
    unknown = set(entry) - set(KEYS)
    if unknown or "request" not in entry or "text" not in entry:
        what = f"unknown key {min(unknown)!r}" if unknown else "request and text are needed"
        raise ConfigError(f"{where}: {what}", f"keys are {', '.join(KEYS)}")
    request = _string(entry["request"], f"{where}: request")
    fields, text = MappingProxyType(dict(entry.get("fields", {}))), _strings(entry["text"], where)
    flags = {name: entry.get(name) is True for name in ("to_end", "aside")}
    return Sentence(request, fields, text, f"{where} ({request})", **flags)


def _once(table: Mapping[str, object], key: str, what: str) -> None:
    """Refuse a key that another file already defined."""
    if key in table:
        raise ConfigError(f"{what} {key!r} is defined twice", "keep one of them")


def _string(value: object, what: str) -> str:
    """Return a string or refuse."""
    if not isinstance(value, str):
        raise ConfigError(f"{what}: {value!r} is not text", "write it in quotes")
    return value


def _strings(value: object, what: str) -> tuple[str, ...]:
    """Return a string or list of strings as a tuple, or refuse."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ConfigError(f"{what}: an empty list", "give at least one text")
    return tuple(_string(item, what) for item in values)
