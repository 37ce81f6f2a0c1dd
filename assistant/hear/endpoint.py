"""Where a turn begins and ends: pure, without clock or sound; it is fed milliseconds and answers with signals.

WAITING --speech--> SPEAKING <--speech-- PAUSED --silence--> ENDED
   └--no speech--> NOTHING      └--silence--^
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from assistant.core.effect import Expecting


class Signal(StrEnum):
    """What `feed` can answer; PAUSED comes once per pause, and nothing comes after ENDED or NOTHING."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    NOTHING = "nothing"


class Phase(StrEnum):
    """Where the turn is."""

    WAITING = "waiting"
    SPEAKING = "speaking"
    PAUSED = "paused"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in milliseconds."""

    start_ms: int
    """Speech that makes a turn start; spoken words last 180 ms and longer, clicks, coughs and a wake word's end less."""
    resume_ms: int
    """Speech that makes a pause end; shorter is a click."""
    pause_ms: int
    """Silence after which a guess is worth making."""
    settled_ms: int
    """Silence that ends a sentence known to be complete."""
    open_ms: int
    """Silence that ends any sentence; below 2 s."""
    longest_ms: int
    """A turn is cut here."""
    nothing_ms: int
    """Waiting without any speech."""


PATIENCE: Mapping[Expecting, Patience] = MappingProxyType(
    {
        Expecting.COMMAND: Patience(180, 60, 120, 250, 600, 20_000, 6_000),
        Expecting.CONSENT: Patience(120, 60, 100, 200, 500, 8_000, 8_000),
        Expecting.CHOICE: Patience(120, 60, 100, 220, 600, 10_000, 8_000),
    }
)


class Endpoint:
    """The segmenter of one turn."""

    def __init__(self, patience: Patience) -> None:
        """Begin a turn."""
        self.patience = patience
        self.phase = Phase.WAITING
        self._age_ms = 0
        self._speech_ms = 0
        self._silence_ms = 0
        self._spoken_ms = 0

    @property
    def speech_ms(self) -> int:
        """Return the length of the present run of speech."""
        return self._speech_ms

    def feed(self, frame_ms: int, is_speech: bool, settled: bool) -> tuple[Signal, ...]:
        """Take the next stretch of sound; `settled`: what was said up to the last pause is known to be a whole sentence."""
        if self.phase is Phase.OVER:
            return ()
        self._age_ms += frame_ms
        self._count(frame_ms, is_speech)
        match self.phase:
            case Phase.WAITING:
                return self._waiting(is_speech)
            case Phase.SPEAKING:
                return self._speaking()
            case _:
                return self._paused(settled)

    def _count(self, frame_ms: int, is_speech: bool) -> None:
        """Measure the present runs; a pause goes on through speech that is too short to count."""
        if is_speech:
            self._speech_ms += frame_ms
            if self.phase is not Phase.PAUSED:
                self._silence_ms = 0
        else:
            self._speech_ms = 0
        if self.phase is not Phase.WAITING:
            self._spoken_ms += frame_ms
        if not is_speech or self.phase is Phase.PAUSED:
            self._silence_ms += frame_ms

    def _waiting(self, is_speech: bool) -> tuple[Signal, ...]:
        """Silence before speech is not the end of speech, only a reason to give up."""
        if self._speech_ms >= self.patience.start_ms:
            self.phase = Phase.SPEAKING
            self._spoken_ms = self._speech_ms
            return (Signal.STARTED,)
        if self._age_ms >= self.patience.nothing_ms and not is_speech:
            self.phase = Phase.OVER
            return (Signal.NOTHING,)
        return ()

    def _speaking(self) -> tuple[Signal, ...]:
        """Pause after enough silence; cut what is too long."""
        if self._spoken_ms >= self.patience.longest_ms:
            return self._end()
        if self._silence_ms >= self.patience.pause_ms:
            self.phase = Phase.PAUSED
            return (Signal.PAUSED,)
        return ()

    def _paused(self, settled: bool) -> tuple[Signal, ...]:
        """Go on if speech goes on, else end as soon as patience allows."""
        if self._speech_ms >= self.patience.resume_ms:
            self.phase = Phase.SPEAKING
            self._silence_ms = 0
            return (Signal.RESUMED,)
        enough_ms = self.patience.settled_ms if settled else self.patience.open_ms
        if self._speech_ms == 0 and self._silence_ms >= enough_ms:
            return self._end()
        if self._spoken_ms >= self.patience.longest_ms:
            return self._end()
        return ()

    def _end(self) -> tuple[Signal, ...]:
        """Close the turn."""
        self.phase = Phase.OVER
        return (Signal.ENDED,)
