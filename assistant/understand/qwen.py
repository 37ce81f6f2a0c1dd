"""A Qwen model as the last layer of understanding: what was said to an answer in the form of `schema`."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

from assistant.core.ports import Cancel
from assistant.core.request import Request
from assistant.core.text import LANGUAGES, Language
from assistant.errors import EngineError
from assistant.understand.process import Ending, ModelProcess, Question
from assistant.understand.schema import NONE, Prompt, grammar, plain, prompt, short_prompt

CONTEXT_TOKENS: Final = {"chat": 8192, "short": 512}
MOST_TOKENS: Final = 128
LEAST_CONFIDENCE: Final = 0.3
"""An answer that the model itself gives less probability than this is a guess, and a wrong action weighs ten silent ones."""


class Form(StrEnum):
    """How the model is asked. CHAT: a general model, shown every request; SHORT: one trained on the schema, shown the sentence."""

    CHAT = "chat"
    SHORT = "short"


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
        least_confidence: float = LEAST_CONFIDENCE,
        cache: Path | None = None,
    ) -> None:
        """Take a GGUF file that was already checked; start loading. An answer of less confidence counts as none."""
        classes = tuple(requests)
        self._form = form
        self._limit_s = limit_s
        self._least_confidence = least_confidence
        self._grammar = grammar(classes)
        self._frames: dict[Language, Prompt] = {
            language: prompt(classes, "", language) if form is Form.CHAT else short_prompt("") for language in LANGUAGES
        }
        self._process = ModelProcess(model, context_tokens=CONTEXT_TOKENS[form], threads=threads, cache=cache)

    def __call__(self, text: str, language: Language, cancel: Cancel) -> str:
        """Return the answer; `none` where nobody waits for it or the model is unsure. Raises EngineError, ModelError."""
        frame = self._frames[language]
        question = Question(frame.prefix, plain(text), frame.tail, self._grammar, MOST_TOKENS)
        answer = self._process.ask(question, self._limit_s, cancel)
        match answer.ending:
            case Ending.DONE:
                return answer.text if answer.confidence >= self._least_confidence else NONE
            case Ending.CANCELLED:
                return NONE
            case Ending.PREPARING:
                raise EngineError("the model is not ready yet", "it is being prepared; the rules go on meanwhile")
            case Ending.TIME | Ending.LENGTH:
                raise EngineError(f"the model did not end its answer ({answer.ending})", "a smaller model is quicker")

    def prepare(self, language: Language) -> None:
        """Let the model get ready for a language in the background. Raises EngineError, ModelError."""
        self._process.prepare(self._frames[language].prefix)

    def close(self) -> None:
        """End the process."""
        self._process.close()
