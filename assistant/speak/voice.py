"""The voice job: sentences are made one ahead of the one that plays; a voice that fails is replaced by the next."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from assistant.core.ports import Cancel, Loudspeaker, Voice
from assistant.core.text import Language
from assistant.errors import CabinError, EngineError

AHEAD_CHUNKS: Final = 400
"""Sound made ahead of what plays; a full queue holds the voice up."""
LOOK_S: Final = 0.05
"""How often a waiting thread looks whether it is still wanted."""

log = logging.getLogger(__name__)


class Heard(StrEnum):
    """What a person heard of an answer. UNHEARD: only its text is left, `Spoken.error` says why."""

    WHOLE = "whole"
    HUSHED = "hushed"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Spoken:
    """How an answer ended."""

    heard: Heard
    voice: str = ""
    """Name of the voice that spoke last."""
    error: CabinError | None = None


class Talker:
    """Speaks with the first of its voices that can."""

    def __init__(self, voices: Sequence[Voice], loudspeaker: Loudspeaker) -> None:
        """Take voices in the order of preference; without any, answers are text only."""
        self._voices = tuple(voices)
        self._loudspeaker = loudspeaker
        self._hushed = threading.Event()

    def say(
        self, sentences: Sequence[str], language: Language, started: Callable[[float], None], cancel: Cancel
    ) -> Spoken:
        """Speak, wait for the end; `started` gets the monotonic time of the first sound. Never raises."""
        self._hushed.clear()
        wanted = _Wanted(cancel, self._hushed)
        making = _Making(self._voices, sentences, language, wanted)
        maker = threading.Thread(target=making.run, name="synthesis", daemon=True)
        maker.start()
        try:
            return self._play(making, _once(started), wanted)
        except CabinError as error:
            log.warning("the answer is text only: %s", error)
            return Spoken(Heard.UNHEARD, error=error)
        finally:
            making.stop()
            maker.join()

    def hush(self) -> None:
        """Be silent within 200 ms, from any thread; `say` returns."""
        self._hushed.set()
        self._loudspeaker.hush()

    def close(self) -> None:
        """Hush, end every voice's process and give the loudspeaker back."""
        self.hush()
        for voice in self._voices:
            voice.close()
        self._loudspeaker.close()

    def _play(self, making: "_Making", started: Callable[[float], None], wanted: "_Wanted") -> Spoken:
        voice = ""
        for piece in making.pieces():
            voice = piece.voice
            if (
                not wanted
                or not self._loudspeaker.play(piece.chunks(wanted), piece.sample_rate_hz, started)
                or not wanted
            ):
                return Spoken(Heard.HUSHED, voice)
        if making.error is not None:
            log.warning("the answer is text only: %s", making.error)
            return Spoken(Heard.UNHEARD, voice, making.error)
        return Spoken(Heard.WHOLE if wanted else Heard.HUSHED, voice)


class _Wanted:
    """True while neither hushed nor cancelled."""

    def __init__(self, cancel: Cancel, hushed: threading.Event) -> None:
        self._cancel = cancel
        self._hushed = hushed

    def __bool__(self) -> bool:
        return not (self._hushed.is_set() or self._cancel.cancelled())


@dataclass(slots=True)
class _Piece:
    """One sentence as sound, while it is being made."""

    voice: str
    sample_rate_hz: int
    sound: "queue.Queue[bytes | None]" = field(default_factory=lambda: queue.Queue(AHEAD_CHUNKS))

    def chunks(self, wanted: _Wanted) -> Iterator[bytes]:
        """Yield the sound as it comes, until its end or until it is not wanted."""
        while wanted:
            try:
                chunk = self.sound.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if chunk is None:
                return
            yield chunk


class _Making:
    """Synthesis of one answer on a thread of its own."""

    def __init__(self, voices: Sequence[Voice], sentences: Sequence[str], language: Language, wanted: _Wanted) -> None:
        self.error: CabinError | None = None
        self._voices = [voice for voice in voices if language in voice.languages]
        self._sentences = sentences
        self._language = language
        self._wanted = wanted
        self._stopped = threading.Event()
        self._pieces: queue.Queue[_Piece | None] = queue.Queue()

    def run(self) -> None:
        """Make all sentences; a voice that fails is not asked again for this answer."""
        try:
            for sentence in self._sentences:
                self._make(sentence)
        except CabinError as error:
            self.error = error
        finally:
            self._pieces.put(None)

    def stop(self) -> None:
        """Let `run` end at the next chunk."""
        self._stopped.set()

    def pieces(self) -> Iterator[_Piece]:
        """Yield every sentence as soon as it begins to sound."""
        while (piece := self._pieces.get()) is not None:
            yield piece

    def _make(self, sentence: str) -> None:
        while self._voices:
            voice = self._voices[0]
            try:
                self._speak(voice, sentence)
            except EngineError as error:
                # What was half said is said again by the next voice: rather twice than not to its end.
                log.warning("voice %s: %s", voice.name, error)
                del self._voices[0]
            else:
                return
        raise EngineError(
            f"no voice for {self._language}", "apt install espeak-ng, or `cabin models fetch` a piper voice"
        )

    def _speak(self, voice: Voice, sentence: str) -> None:
        piece: _Piece | None = None
        try:
            for chunk in voice.synthesise(sentence, self._language):
                if piece is None:
                    piece = _Piece(voice.name, voice.sample_rate_hz)
                    self._pieces.put(piece)
                if not self._put(piece, chunk):
                    return
        finally:
            if piece is not None:
                self._put(piece, None)

    def _put(self, piece: _Piece, chunk: bytes | None) -> bool:
        while self._wanted and not self._stopped.is_set():
            try:
                piece.sound.put(chunk, timeout=LOOK_S)
            except queue.Full:
                continue
            return True
        return False


def _once(started: Callable[[float], None]) -> Callable[[float], None]:
    """Return a callback that passes on its first call only."""
    calls: list[float] = []

    def first(at: float) -> None:
        if not calls:
            calls.append(at)
            started(at)

    return first
