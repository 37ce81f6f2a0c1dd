"""Other words for what a row quotes, in the sentence and in its answer: who learns names by heart does not learn to copy."""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.kinds import kinds
from assistant.training.rows import Row

RENAMED: Final = 0.5
"""Share of quoted values that get other words."""
INVENTED: Final = 0.35
"""Share of those names and free words that are put together from any words at all."""
JOINED: Final = 0.2
"""Share of names and free words that are two values joined, for an address has pieces and a dinner is with somebody."""
JOINTS: Final[Mapping[Language, Sequence[str]]] = {
    "en": (" and ", " at ", " in ", " with ", " of ", ", ", " "),
    "zh": ("和", "与", "、", "的", "", "", ""),
}
LONGEST: Final = {"en": 7, "zh": 14}
"""Words, or Chinese characters, of an invented name."""
_QUOTED: Final = re.compile(r' ([a-z_]+)="([^"]*)"')
_UNIT: Final = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")


class Renamer:
    """Draws other values: of rows with the same field, or of words of any row."""

    def __init__(self, rows: Iterable[Row], requests: Iterable[type[Request]]) -> None:
        """Take the rows whose words are drawn from."""
        self._free = {name for one in requests for name, kind in kinds(one).items() if kind.name in ("name", "text")}
        values: dict[tuple[Language, str], set[str]] = defaultdict(set)
        words: dict[Language, set[str]] = defaultdict(set)
        for row in rows:
            for field, value in _QUOTED.findall(row.answer):
                values[row.language, field].add(value)
                if field in self._free:
                    words[row.language].update(_UNIT.findall(value))
        self._values = {key: sorted(found) for key, found in values.items()}
        self._words = {language: sorted(found) for language, found in words.items()}

    def __call__(self, row: Row, rng: random.Random) -> Row:
        """Return the row, some of its quoted values exchanged; a value that stands twice in the sentence stays."""
        text, answer = row.text, row.answer
        for field, value in _QUOTED.findall(row.answer):
            if rng.random() >= RENAMED or text.count(value) != 1 or answer.count(f'"{value}"') != 1:
                continue
            other = self._other(row.language, field, rng)
            text, answer = text.replace(value, other), answer.replace(f'"{value}"', f'"{other}"')
        return replace(row, text=text, answer=answer)

    def _other(self, language: Language, field: str, rng: random.Random) -> str:
        known, way = self._values[language, field], rng.random()
        if field in self._free and way < JOINED:
            return rng.choice(JOINTS[language]).join(rng.choices(known, k=2))
        if field not in self._free or way >= JOINED + INVENTED:
            return rng.choice(known)
        words: Sequence[str] = rng.choices(self._words[language], k=rng.randint(1, LONGEST[language]))
        return (" " if language == "en" else "").join(words)
