"""One sentence at a time through recogniser and understanding, on a thread of its own; a newer one cancels the older."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from assistant.core.audio import Clip
from assistant.core.context import Context
from assistant.core.effect import Think
from assistant.core.event import Event, Faulted, Understood
from assistant.core.ports import Cancel, Rebinding, Recogniser, Understand
from assistant.core.request import Source
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
        self._cold: deque[Callable[[Cancel], None]] = deque()
        """Preparations that did not run to their end yet; for the worker's thread, but for `warm`."""
        self._worker = Worker("think")

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being thought."""
        return self._worker.idle

    def think(self, effect: Think) -> None:
        """Start on a sentence, giving up the one before."""
        self._worker.cancel()
        self._worker.do(lambda token: self._job(effect, token))

    def warm(self, *preparations: Callable[[Cancel], None]) -> None:
        """Prepare one after the other before it is needed; a sentence goes first, and what it cut off is taken up again."""
        self._cold += preparations
        self._worker.do(self._prepare)

    def load(self, cancel: Cancel) -> None:
        """Load the recogniser: one of the preparations."""
        del cancel
        self._recogniser()

    def stop(self) -> None:
        """Give up what is being thought."""
        self._worker.cancel()

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    def _prepare(self, token: Cancel) -> None:
        while self._cold and not token.cancelled():
            preparation = self._cold.popleft()
            preparation(token)
            if token.cancelled():
                self._cold.appendleft(preparation)

    def _job(self, effect: Think, token: Token) -> None:
        try:
            self._think(effect, token)
        finally:
            if self._cold:
                self._worker.do(self._prepare)

    def _think(self, effect: Think, token: Token) -> None:
        try:
            understood = self._typed(effect, token) if effect.clip is None else self._spoken(effect, effect.clip, token)
        except Exception as error:
            if not token.cancelled():
                self._post(
                    Faulted(effect.turn, Phrase(error.phrase if isinstance(error, CabinError) else EngineError.phrase))
                )
            raise
        if not token.cancelled():
            self._post(understood)

    def _typed(self, effect: Think, token: Cancel) -> Understood:
        return self._meant(effect, Transcript(effect.text, effect.language), token)

    def _spoken(self, effect: Think, clip: Clip, token: Cancel) -> Understood:
        """Read openly; where that is no sentence the car knows, read the same sound again, bound to those."""
        recogniser = self._recogniser()
        language = effect.language if effect.language in recogniser.languages else recogniser.languages[0]
        transcript = recogniser.transcribe(clip, language, effect.expecting, token)
        self._mark(effect.turn, "text", time.monotonic())
        understood = self._meant(effect, transcript, token)
        if self._needs_another_reading(understood, recogniser):
            assert isinstance(recogniser, Rebinding)
            again = replace(transcript, alternatives=recogniser.rebound(clip, token))
            self._mark(effect.turn, "text", time.monotonic())
            return self._meant(effect, again, token) if again.alternatives else understood
        return understood

    @staticmethod
    def _needs_another_reading(understood: Understood, recogniser: Recogniser) -> bool:
        exact = understood.understanding.source is Source.RULES and not understood.understanding.missing
        return isinstance(recogniser, Rebinding) and bool(understood.transcript.text) and not exact

    def _meant(self, effect: Think, transcript: Transcript, token: Cancel) -> Understood:
        context = replace(self._context(), language=transcript.language, asked=effect.asked)
        return Understood(effect.turn, effect.generation, transcript, self._understand(transcript, context, token))
