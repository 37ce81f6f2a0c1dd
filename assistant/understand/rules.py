"""The exact layer: sentence templates of every language, with the names the car knows now."""

from collections.abc import Iterable, Mapping

from assistant.core.context import Context
from assistant.core.request import Request
from assistant.core.text import Language
from assistant.languages.grammar import Grammar, Readout
from assistant.languages.graph import Graph
from assistant.languages.kinds import kinds
from assistant.languages.pack import LanguagePack, load

Names = Mapping[str, tuple[str, ...]]


class Rules:
    """Grammars of all languages; compiled when first used, and again when the names change. For one thread."""

    def __init__(self, requests: Iterable[type[Request]], packs: Mapping[Language, LanguagePack] | None = None) -> None:
        """Take the request classes; packs other than the shipped ones are for tests and new languages."""
        self.requests = tuple(requests)
        self._packs = dict(packs or {})
        self._grammars: dict[Language, Grammar] = {}
        self._graphs: dict[Language, tuple[Grammar, Graph]] = {}

    def pack(self, language: Language) -> LanguagePack:
        """Return the words of a language. Raises ConfigError."""
        return self._packs.get(language) or load(language)

    def grammar(self, language: Language, names: Names) -> Grammar:
        """Return the grammar with these names. Raises ConfigError."""
        known = self._grammars.get(language)
        if known is None or dict(known.names) != dict(names):
            frozen = {name: tuple(values) for name, values in names.items()}
            known = self._grammars[language] = Grammar(self.pack(language), self.requests, frozen)
        return known

    def graph(self, language: Language, names: Names) -> Graph:
        """Return the sentences with these names as a word graph for a recogniser that is bound to them; another once it is full."""
        grammar = self.grammar(language, names)
        known = self._graphs.get(language)
        if known is None or known[0] is not grammar or known[1].full:
            known = self._graphs[language] = (grammar, grammar.graph())
        return known[1]

    def names_of(self, request: type[Request]) -> Mapping[str, str]:
        """Return each field of the request that takes a known name, and the list of `Context.names` it comes from."""
        return {field: kind.names for field, kind in kinds(request).items() if kind.name == "name"}

    def read(self, text: str, language: Language, context: Context) -> Readout | None:
        """Return the requests of a sentence, None if it is none the rules know."""
        return self.grammar(language, context.names).read(text, context.now)
