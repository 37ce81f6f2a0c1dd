"""A Qwen model as the last layer of understanding: what was said to an answer in the form of `schema`."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from assistant.core.ports import Cancel
from assistant.core.request import Request
from assistant.core.text import LANGUAGES, Language
from assistant.errors import EngineError
from assistant.understand.guess import UNSURE, Bars, Guess, Judge
from assistant.understand.process import Ending, ModelProcess, Question
from assistant.understand.schema import Prompt, confined, grammar, plain, prompt, short_prompt, wordy

CONTEXT_TOKENS: Final = {"chat": 8192, "short": 512}
MOST_TOKENS: Final = 128


class Form(StrEnum):
    """How the model is asked. CHAT: a general model, shown every request; SHORT: one trained on the schema, shown the sentence."""

    CHAT = "chat"
    SHORT = "short"


GENERAL: Final = Bars(act=0.7, ask=0.5, values=0.5)
"""A general model's probabilities mean little: an answer it doubts is a guess, and a wrong action weighs ten silent ones."""
TRAINED: Final[Mapping[Language, Bars]] = {
    "en": Bars(act=0.5, ask=0.25, values=0.6, none=0.0005, doubt=0.02, foreign=0.9),
    "zh": Bars(act=0.9, ask=0.5, values=0.6, none=0.002, doubt=0.005, foreign=0.9),
}
"""Act, ask, none and doubt as `python -m assistant.training bars` chose them for the shipped model; each model needs its own."""


class Qwen:
    """A `layers.Model`, in a process of its own."""

    def __init__(
        self,
        model: Path,
        requests: Iterable[type[Request]],
        form: Form,
        *,
        threads: int = 1,
        limit_s: float = 1.5,
        bars: Bars | None = None,
        cache: Path | None = None,
    ) -> None:
        """Take a GGUF file that was already checked, and other bars than its form's if need be; start loading."""
        classes = tuple(requests)
        self._form = form
        self._limit_s = limit_s
        own = TRAINED if form is Form.SHORT else dict.fromkeys(LANGUAGES, GENERAL)
        self._judges = {language: Judge(classes, bars or own[language]) for language in LANGUAGES}
        self._grammar = grammar(classes)
        self._frames: dict[Language, Prompt] = {
            language: prompt(classes, "", language) if form is Form.CHAT else short_prompt("") for language in LANGUAGES
        }
        self._process = ModelProcess(model, context_tokens=CONTEXT_TOKENS[form], threads=threads, cache=cache)

    def __call__(self, text: str, language: Language, cancel: Cancel) -> Guess:
        """Return the answer and what it is worth; UNSURE where nobody waits for it or no word was said. Raises EngineError, ModelError."""
        if not wordy(text):
            return UNSURE
        frame = self._frames[language]
        question = Question(frame.prefix, plain(text), frame.tail, confined(self._grammar, text), MOST_TOKENS)
        answer = self._process.ask(question, self._limit_s, cancel)
        match answer.ending:
            case Ending.DONE:
                return self._judges[language](answer)
            case Ending.CANCELLED:
                return UNSURE
            case Ending.PREPARING:
                raise EngineError("the model is not ready yet", "it is being prepared; the rules go on meanwhile")
            case Ending.TIME | Ending.LENGTH:
                raise EngineError(f"the model did not end its answer ({answer.ending})", "a smaller model is quicker")

    def prepare(self, language: Language) -> None:
        """Let the model get ready for a language in the background. Raises EngineError, ModelError."""
        self._process.prepare(self._frames[language].prefix)

    @property
    def resident_mb(self) -> float:
        """Megabytes the model's process holds in memory."""
        return self._process.resident_mb

    def close(self) -> None:
        """End the process."""
        self._process.close()
