"""A recogniser's errors on text: words (in Chinese characters) are written as others that sound alike.

Each word is misheard with a probability of ONE_IN; it becomes a word of the same sentences that sounds as near as a recogniser's
errors are, by the phones of `understand.phones`. A recogniser writes words it knows, so noise is never a non-word.
"""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from assistant.bench.rows import SEED, Row
from assistant.core.text import LANGUAGES, Language
from assistant.languages.tokens import tokens
from assistant.understand.lexicon import Lexicon

ONE_IN: Final = 10


class Noise:
    """Makes noisy rows; the same ones for the same rows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Learn the words of the rows."""
        found: dict[Language, set[str]] = {language: set() for language in LANGUAGES}
        for row in rows:
            found[row.language].update(token.word for token in tokens(row.text, characters=row.language == "zh"))
        self._lexicons = {language: Lexicon(words, language) for language, words in found.items()}
        self._chance = random.Random(SEED)  # noqa: S311 - noise, not a secret

    def __call__(self, row: Row) -> Row:
        """Return the row as it may have been heard."""
        text = row.text
        for token in reversed(tokens(row.text, characters=row.language == "zh")):
            if self._chance.randrange(ONE_IN) == 0 and token.word.isalpha():
                text = text[: token.start] + self._other(token.word, row.language) + text[token.end :]
        return replace(row, text=text)

    def _other(self, word: str, language: Language) -> str:
        """Return one of the three nearest other words, or the word itself where none is near."""
        near = sorted((cost, other) for other, cost in self._lexicons[language].near((word,)).items() if other != word)
        return self._chance.choice(near[:3])[1] if near else word
