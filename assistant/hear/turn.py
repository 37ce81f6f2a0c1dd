"""One turn of speech: frames and voice activity in, core events out."""

from collections.abc import Iterable
from dataclasses import replace

from assistant.core.audio import FRAME_MS, Clip, Frame
from assistant.core.effect import Expecting
from assistant.core.event import Event, NothingHeard, SpeechPaused, SpeechStarted, TurnEnded
from assistant.hear.endpoint import PATIENCE, Endpoint, Phase, Signal

LEAD_MS = 300
"""Sound kept from before the first speech frame: soft beginnings are found late."""


class Turn:
    """Collects the sound of one turn and tells what happens in it."""

    def __init__(
        self,
        number: int,
        *,
        before: Iterable[Frame] = (),
        seat: str | None = None,
        generation: int = 0,
    ) -> None:
        """Open turn `number` after the frames `before`; its first guess is `generation` + 1."""
        self.number = number
        self.generation = generation
        self._seat = seat
        self._frames = list(before)
        self._endpoint = Endpoint(PATIENCE[Expecting.COMMAND])
        self._settled = -1
        self._last_speech_at = 0.0
        self._clip: Clip | None = None

    @property
    def over(self) -> bool:
        """Tell whether TurnEnded or NothingHeard has been answered."""
        return self._endpoint.phase is Phase.OVER

    def expect(self, expecting: Expecting, timeout_s: float) -> None:
        """Be as patient as the expected sentence needs, and wait `timeout_s` for its beginning."""
        self._endpoint.patience = replace(PATIENCE[expecting], nothing_ms=round(timeout_s * 1000))

    def settle(self, generation: int) -> None:
        """Note that this generation is known to be a whole sentence."""
        self._settled = generation

    def hear(self, frame: Frame, is_speech: bool) -> list[Event]:
        """Take one frame; return what it made happen."""
        self._frames.append(frame)
        if is_speech:
            self._last_speech_at = frame.at
        settled = self._settled == self.generation
        events = [self._event(signal, frame) for signal in self._endpoint.feed(FRAME_MS, is_speech, settled)]
        if self._endpoint.phase is Phase.WAITING:
            del self._frames[: -(LEAD_MS + self._endpoint.speech_ms) // FRAME_MS]
        return [event for event in events if event is not None]

    def cut(self, at: float) -> Event:
        """End the turn now, with what was said so far."""
        started = self._endpoint.phase in {Phase.SPEAKING, Phase.PAUSED}
        self._endpoint.phase = Phase.OVER
        if not started:
            return NothingHeard(self.number, at)
        return TurnEnded(self.number, self.generation, self._guess())

    def _event(self, signal: Signal, frame: Frame) -> Event | None:
        """Return the event of a signal; going on makes the last guess void and is no event."""
        match signal:
            case Signal.STARTED:
                return SpeechStarted(self.number, frame.at)
            case Signal.PAUSED:
                clip = self._guess()
                return SpeechPaused(self.number, self.generation, clip)
            case Signal.RESUMED:
                self._clip = None
                return None
            case Signal.ENDED:
                clip = self._guess()
                return TurnEnded(self.number, self.generation, clip)
            case Signal.NOTHING:
                return NothingHeard(self.number, frame.at)

    def _guess(self) -> Clip:
        """Return the clip of the present generation; (turn, generation) names one clip for ever."""
        if self._clip is None:
            self.generation += 1
            started = self._frames[0].at - FRAME_MS / 1000
            pcm = b"".join(frame.pcm for frame in self._frames)
            self._clip = Clip(pcm, started, self._last_speech_at, self._seat)
        return self._clip
