"""Where a sentence says the words of a request, once something else has decided which request it is.

"to the old mill", "想听小苹果": as rules such sentences would take what was never meant for the car; a network of our size knows what is
meant and copies too little or too much. Each does what it can: the model decides, a pattern of `[hints]` says which words.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from assistant.core.request import Request
from assistant.errors import ConfigError
from assistant.languages.kinds import kinds
from assistant.languages.pack import LanguagePack

_PART: Final = re.compile(r"@([a-z_]+)")
_ROUND: Final = " .。!！?？,，;；~…"


class Hints:
    """The patterns of one language."""

    def __init__(self, pack: LanguagePack) -> None:
        """Take what the language has under `[hints]` and `[hint_parts]`."""
        self._pack = pack
        self._patterns: dict[type[Request], tuple[re.Pattern[str], ...]] = {}

    def words(self, request: type[Request], text: str) -> Mapping[str, str]:
        """Return the words of the request's fields by the first pattern that fits, none if none does. Raises ConfigError."""
        if request not in self._patterns:
            self._patterns[request] = tuple(self._compiled(request))
        said = text.strip(_ROUND)
        found = next((match for pattern in self._patterns[request] if (match := pattern.search(said))), None)
        given = found.groupdict() if found else {}
        return {name: words.strip(_ROUND) for name, words in given.items() if words and words.strip(_ROUND)}

    def _compiled(self, request: type[Request]) -> Iterator[re.Pattern[str]]:
        for text in self._pack.hints.get(request.__name__, ()):
            where = f"{self._pack.language} hints {request.__name__}: {text}"
            try:
                pattern = re.compile(_PART.sub(self._part, text), re.IGNORECASE)
            except (re.error, KeyError, RecursionError) as error:
                raise ConfigError(f"{where}: {error}", "correct the pattern; a part may not hold itself") from error
            unknown = set(pattern.groupindex) - set(kinds(request))
            if unknown:
                raise ConfigError(f"{where}: no field {min(unknown)!r}", f"one of {', '.join(kinds(request))}")
            yield pattern

    def _part(self, name: re.Match[str]) -> str:
        return _PART.sub(self._part, self._pack.hint_parts[name[1]])
