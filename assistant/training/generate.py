"""The written-out set: labelled rows beside sentences drawn from the skills' templates and the seeds, the same for the same seed."""

import gzip
import json
import math
import random
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from assistant.bench.rows import folded, measured
from assistant.core.request import Request
from assistant.core.text import LANGUAGES, Language
from assistant.languages import pack as packs
from assistant.languages.net import parsed
from assistant.languages.pack import LanguagePack, Sentence
from assistant.languages.template import Choice, Node, RuleRef, Text
from assistant.languages.template import Sequence as Run
from assistant.training.noise import Noise
from assistant.training.roles import Roles
from assistant.training.rows import GENERATED, SEEDS, Mapper, Row
from assistant.training.sampler import Drawn, Sampler
from assistant.understand.schema import NONE, parse, plain

DRAWS: Final[Mapping[str, float]] = {"templates": 4.0, "seeds": 9.0, "others": 9.0, "labels": 10.0}
"""Draws of a template for every doubling of the ways to say it."""
MOST_DOUBLINGS: Final = 14.0
LABELS: Final = "labels.toml"
"""Seeds that tell a label only."""
SEVERAL: Final[Mapping[Language, int]] = {"en": 1500, "zh": 5000}
"""Sentences that hold two or three requests."""


def banks(language: Language) -> dict[str, list[str]]:
    """Return the seeds' names and free words of a language."""
    table = tomllib.loads((SEEDS / language / "banks.toml").read_text(encoding="utf-8"))
    return dict(table["banks"])


def joined(language: Language) -> tuple[LanguagePack, LanguagePack]:
    """Return the language's own pack, and the seeds as one that has its rules and lists too."""
    own = packs.load(language)
    seeds = packs.read_files(
        [path for path in sorted((SEEDS / language).glob("*.toml")) if path.name not in ("banks.toml", LABELS)],
        language,
    )
    rules = {**own.rules, **seeds.rules}
    return own, LanguagePack(language, {}, rules, own.lists, own.words, seeds.sentences, seeds.others)


def ways(node: Node, rules: Mapping[str, str], known: dict[str, float]) -> float:
    """Return the binary logarithm of how many ways there are to say a node, names and numbers aside; `known` keeps those of rules."""
    match node:
        case Text():
            return 0.0
        case Run(items):
            return sum(ways(item, rules, known) for item in items)
        case Choice(items):
            return math.log2(sum(2 ** min(60.0, ways(item, rules, known)) for item in items))
        case RuleRef(name):
            if name not in known:
                known[name] = ways(parsed(rules[name]), rules, known)
            return known[name]
        case _:
            return 2.0


class Generator:
    """Draws the sentences of one language."""

    def __init__(self, language: Language, requests: Iterable[type[Request]], seed: int) -> None:
        """Take the language's sentences and the seeds."""
        self.language = language
        self.requests = tuple(requests)
        self.labels = {request.__name__: request.labels[0] for request in self.requests if request.labels}
        self.seed = f"{seed}/{language}"
        self.rng = random.Random(self.seed)
        self.own, self.seeds = joined(language)
        self.known_ways: dict[str, float] = {}
        self.sampler = Sampler(self.seeds, self.requests, banks(language), self.rng)
        self.confused = _confusions(self.own.words.get("alike", ()))
        self.noise = Noise(self.sampler, self.confused, self.rng)

    def rows(self) -> Iterator[Row]:
        """Yield all of them."""
        drawn: list[Drawn] = []
        for sentences, kind in ((self.own.sentences, "templates"), (self.seeds.sentences, "seeds")):
            for sentence in sentences:
                for one in self.draws(sentence, DRAWS[kind]):
                    drawn.append(one)
                    yield self.row(self.noise.said(one), one.answer)
        for sentence in (*self.own.others, *self.seeds.others):
            for one in self.draws(sentence, DRAWS["others"]):
                yield self.row(self.noise.said(one), NONE)
        yield from self.labels_only()
        acting = [
            one for one in drawn if self.labels.get(one.request, "general.").split(".")[0] not in ("general", "oos")
        ]
        for _ in range(SEVERAL[self.language]):
            chosen = self.rng.sample(acting, self.rng.choice((2, 2, 2, 3)))
            yield self.row(*self.noise.together(chosen))

    def labels_only(self) -> Iterator[Row]:
        """Yield the seeds that tell a label only, by chance of their own; the rules may know the whole answer."""
        path = SEEDS / self.language / LABELS
        if not path.exists():
            return
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        pack = LanguagePack(self.language, {}, {**self.own.rules, **table["rules"]}, {}, self.own.words, ())
        rng = random.Random(self.seed)
        sampler = Sampler(pack, self.requests, banks(self.language), rng)
        noise = Noise(sampler, self.confused, rng)
        mapper, known = Mapper(self.requests), dict[str, float]()
        for entry in table["said"]:
            for template in entry["text"]:
                found = min(MOST_DOUBLINGS, ways(parsed(template), pack.rules, known))
                for _ in range(1 + round(DRAWS["labels"] * found)):
                    roles = Roles(entry["label"])
                    drawn = sampler.draw(Sentence("", {}, (template,), LABELS), template, roles)
                    text = noise.contracted(sampler.joined(drawn.pieces))
                    row = mapper.row(
                        {"text": text, "lang": self.language, "intent": entry["label"], "source": GENERATED}
                    )
                    yield self.exact(roles, row, mapper)

    def exact(self, roles: Roles, row: Row, mapper: Mapper) -> Row:
        """Return the row with what the words of its template say beside what the rules read; what only rules copied counts where no word has a role."""
        if not roles.told:
            return row
        marked = roles.answer({request.__name__: request for request in self.requests}, row.text)
        if marked:
            return mapper.answered(row, mapper.merged(marked, row.answer, self.language))
        return replace(row, answer="") if '"' in row.answer else row

    def draws(self, sentence: Sentence, doubling: float) -> Iterator[Drawn]:
        """Yield ways of saying a sentence: more of them where there are more."""
        for template in sentence.text:
            found = min(MOST_DOUBLINGS, ways(parsed(template), self.seeds.rules, self.known_ways))
            for _ in range(1 + round(doubling * found)):
                yield self.sampler.draw(sentence, template)

    def row(self, text: str, answer: str) -> Row:
        """Return a row; its label is the first that the first request answers."""
        names = [piece.split(" ")[0] for piece in answer.split(";")]
        labels = {self.labels.get(name, "oos") for name in names}
        label = "oos" if answer == NONE else labels.pop() if len(labels) == 1 else "multi.multi"
        clean = plain(text)
        held = parse(answer, self.requests) is not None
        return Row(clean, self.language, GENERATED, label, (names[0],), answer if held else "")


def _confusions(alike: Iterable[str]) -> dict[str, list[str]]:
    """Return what each word is taken for: the others of its line."""
    found: dict[str, list[str]] = {}
    for line in alike:
        words = line.split()
        for word in words:
            found[word] = [other for other in words if other != word]
    return found


def labelled(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a gzipped file of labelled rows."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write(
    train: Path, apart: Path, to: Path, requests: Sequence[type[Request]], seed: int, tell: Callable[[str], None]
) -> int:
    """Write the set to a JSONL file, without the measured half of `apart`, and nothing generated that stands there at all; return its rows."""
    mapper = Mapper(requests)
    known = {folded(entry["text"]) for entry in labelled(apart)}
    seen = {folded(entry["text"]) for entry in labelled(apart) if measured(entry["text"])}
    count = 0
    with to.open("w", encoding="utf-8") as file:

        def add(rows: Iterable[Row]) -> None:
            nonlocal count
            for row in rows:
                one = folded(row.text)
                if one and one not in seen:
                    seen.add(one)
                    file.write(row.line() + "\n")
                    count += 1

        add(mapper.row(entry) for entry in labelled(train))
        tell(f"{count} labelled rows")
        seen |= known
        for language in LANGUAGES:
            before = count
            add(Generator(language, requests, seed).rows())
            tell(f"{count - before} generated rows, {language}")
    return count
