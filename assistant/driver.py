"""Recordings drive the whole assistant: they play the microphone, everything behind it is the real thing."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assistant.app import App, Reference
from assistant.config import Config
from assistant.core.ports import Loudspeaker
from assistant.dialogue.state import Phase
from assistant.hear.wav import Pace, Playback, Recording
from assistant.report import Exchange
from assistant.session import converse
from assistant.speak import silent

GAP_S = 0.1
MOST_GAPS = 600
"""A minute: no answer and no follow-up window is longer."""
ANSWERS = frozenset({Phase.CONFIRMING, Phase.CHOOSING})
"""Phases in which the next recording is the answer to a question."""


class Opening(StrEnum):
    """How the ear is opened for a recording: by the wake word in it, or by pressing the talk button at its start."""

    WORD = "word"
    BUTTON = "button"


@dataclass(frozen=True, slots=True)
class Drive:
    """How recordings are played."""

    pace: Pace = Pace.REAL
    opening: Opening = Opening.WORD
    out: Path | None = None
    """WAV file for the spoken answers."""
    loudspeaker: Callable[[Reference], Loudspeaker] | None = None
    """A real loudspeaker instead of one that nobody hears."""


class Driver:
    """One drive: recordings one after the other, each when the answer to the one before is over."""

    def __init__(
        self, config: Config, recordings: Sequence[Recording], how: Drive, report: Callable[[Exchange], None]
    ) -> None:
        """Join an App to the recordings; `report` gets every exchange, its `clip` is the recording's name."""
        self._recordings = recordings
        self._how = how
        self._clip = ""
        source = Playback(self._sequence(), how.pace, ready=self._hold, started=self._started)
        speaker = how.loudspeaker or self._unheard
        told = report if how.pace is Pace.REAL else _untimed(report)
        self.app = App(config, source=source, loudspeaker=speaker, report=told, clip=lambda: self._clip)

    def run(self) -> None:
        """Play everything; returns when the last answer is over."""
        converse(self.app, self._play)

    def _play(self) -> None:
        assert self.app.ear is not None
        self.app.ear.join()

    def _sequence(self) -> Iterator[Recording]:
        while not self.app.thinker.idle:
            time.sleep(GAP_S)
        for recording in self._recordings:
            yield recording
            for _ in range(MOST_GAPS):
                yield Recording("", b"", 0, GAP_S)
                if self.app.settled() in {Phase.IDLE, *ANSWERS}:
                    break

    def _started(self, recording: Recording) -> None:
        if not recording.name:
            return
        self._clip = recording.name
        if self._how.opening is Opening.BUTTON and self.app.settled() not in ANSWERS:
            self.app.press_to_talk()

    def _hold(self) -> None:
        self.app.hold()

    def _unheard(self, reference: Reference) -> Loudspeaker:
        pace = silent.Pace.FAST if self._how.pace is Pace.FAST else silent.Pace.REAL_TIME
        return silent.Silent(self._how.out, pace, reference)


def _untimed(report: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
    """Leave the times out: at a pace that is not real they mean nothing."""

    def untimed(exchange: Exchange) -> None:
        exchange.last_word_at = None
        report(exchange)

    return untimed
