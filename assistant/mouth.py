"""Say effects become words and sound, on a thread of their own; without a voice they become words alone."""

import time
from collections.abc import Callable
from datetime import datetime

from assistant.core.effect import Say
from assistant.core.event import Event, Spoke
from assistant.report import Reporter, is_sign
from assistant.speak.voice import Heard, Talker
from assistant.speak.words import render, sentences
from assistant.worker import Token, Worker


class Mouth:
    """Answers every Say with Spoke of the same utterance."""

    def __init__(self, talker: Talker | None, post: Callable[[Event], None], reporter: Reporter) -> None:
        """Take the voice job; None tells the words to the reporter only, as a terminal wants it."""
        self._talker = talker
        self._post = post
        self._reporter = reporter
        self._worker = Worker("voice")

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being said."""
        return self._worker.idle

    def say(self, effect: Say) -> None:
        """Speak after what is being said."""
        today = datetime.now().astimezone().date()
        texts = [render(phrase, effect.language, today) for phrase in effect.phrases]
        for text in texts:
            self._reporter.said(effect.turn, text)
        self._worker.do(lambda token: self._speak(effect, texts, token))

    def hush(self) -> None:
        """Be silent, and forget what waits to be said."""
        self._worker.cancel()
        if self._talker is not None:
            self._talker.hush()

    def close(self) -> None:
        """End the voices."""
        self.hush()
        self._worker.close()
        if self._talker is not None:
            self._talker.close()

    def _speak(self, effect: Say, texts: list[str], token: Token) -> None:
        whole = True
        if self._talker is not None:
            parts = [sentence for text in texts for sentence in sentences(text)]
            spoken = self._talker.say(parts, effect.language, self._started(effect), token)
            whole = spoken.heard is Heard.WHOLE
        else:
            self._started(effect)(time.monotonic())
        self._post(Spoke(effect.turn, whole, effect.utterance))

    def _started(self, effect: Say) -> Callable[[float], None]:
        def started(at: float) -> None:
            if not is_sign(effect.phrases):
                self._reporter.mark(effect.turn, "first_sound", at)

        return started
