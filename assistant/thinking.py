"""One sentence at a time through recogniser and understanding, on a thread of its own; a newer one cancels the older."""

import time
from collections.abc import Callable

from assistant.core.context import Context
from assistant.core.effect import Think
from assistant.core.event import Event, Faulted, Understood
from assistant.core.ports import Cancel, Recogniser, Understand
from assistant.core.text import Phrase, Transcript
from assistant.errors import CabinError, EngineError
from assistant.worker import Token, Worker

Mark = Callable[[int, str, float], None]
"""Takes turn, stage and monotonic seconds."""


class Thinker:
    """Answers every Think with Understood or Faulted."""

    def __init__(
        self,
        recogniser: Callable[[], Recogniser],
        understand: Understand,
        context: Callable[[], Context],
        post: Callable[[Event], None],
        mark: Mark,
    ) -> None:
        """Take the parts; `recogniser` is called on the thread at the first clip, so that a slow load blocks nobody."""
        self._recogniser = recogniser
        self._understand = understand
        self._context = context
        self._post = post
        self._mark = mark
        self._worker = Worker("think")

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being thought."""
        return self._worker.idle

    def think(self, effect: Think) -> None:
        """Start on a sentence, giving up the one before."""
        self._worker.cancel()
        self._worker.do(lambda token: self._job(effect, token))

    def warm(self) -> None:
        """Load the recogniser before it is needed."""
        self._worker.do(lambda _token: self._load())

    def stop(self) -> None:
        """Give up what is being thought."""
        self._worker.cancel()

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    def _load(self) -> None:
        self._recogniser()

    def _job(self, effect: Think, token: Token) -> None:
        try:
            transcript = self._read(effect, token)
            self._mark(effect.turn, "text", time.monotonic())
            understanding = self._understand(transcript, self._context(), token)
        except CabinError as error:
            if not token.cancelled():
                self._post(Faulted(effect.turn, Phrase(error.phrase)))
            raise
        except Exception:
            if not token.cancelled():
                self._post(Faulted(effect.turn, Phrase(EngineError.phrase)))
            raise
        if not token.cancelled():
            self._post(Understood(effect.turn, effect.generation, transcript, understanding))

    def _read(self, effect: Think, token: Cancel) -> Transcript:
        if effect.clip is None:
            return Transcript(effect.text, effect.language)
        return self._recogniser().transcribe(effect.clip, effect.language, effect.expecting, token)
