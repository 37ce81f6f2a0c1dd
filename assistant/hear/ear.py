"""The ear: a thread that turns frames into the dialogue's events."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from queue import SimpleQueue

from assistant.core.audio import FRAME_MS, Frame
from assistant.core.effect import Expecting
from assistant.core.event import Cause, Event, Faulted, NothingHeard, Woke
from assistant.core.ports import Device, FrameSource, VoiceActivity, WakeWord
from assistant.core.text import Phrase
from assistant.errors import CabinError
from assistant.hear.turn import LEAD_MS, Turn

_LOG = logging.getLogger(__name__)

AFTER_WORD_MS = 160
"""Sound kept from before the frame that detects the wake word: the word ends 160 ms earlier (median of 41 real clips);
of 100, 160, 200 and 240 ms this one spoils the fewest commands said in one breath with it."""
CLOSE_TIMEOUT_S = 3.0
DEAF_S = 5.0
"""A source gives frames all the time, also without a device; opening one that answers takes 2 s at most."""


class Hearing(StrEnum):
    """OPEN: listens; MUTED: every frame is dropped unheard."""

    OPEN = "open"
    MUTED = "muted"


class Ear:
    """Owns the microphone; methods are for the main thread, `post` is called in the ear's own."""

    def __init__(
        self,
        source: FrameSource,
        wake: WakeWord,
        voice_activity: VoiceActivity,
        post: Callable[[Event], None],
        next_turn: Callable[[], int],
    ) -> None:
        """Take the parts; nothing is heard before `start`. `next_turn` gives numbers that only grow."""
        self._source = source
        self._device = source if isinstance(source, Device) else None
        self._wake = wake
        self._voice_activity = voice_activity
        self._post = post
        self._next_turn = next_turn
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._recent: deque[Frame] = deque(maxlen=LEAD_MS // FRAME_MS)
        self._turn: Turn | None = None
        self._latest = -1
        self._generation = 0
        self._hearing = Hearing.OPEN
        self._minds_words = True
        self._at = 0.0
        self._served_at = time.monotonic()

    def start(self) -> None:
        """Begin to hear."""
        self._served_at = time.monotonic()
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the source has ended; tell whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Close the source and end the thread."""
        self._source.close()
        if self._thread.ident is not None and not self.join(CLOSE_TIMEOUT_S):
            _LOG.warning("the microphone did not let go within %.0f s", CLOSE_TIMEOUT_S)

    def listen(self, turn: int, expecting: Expecting, timeout_s: float) -> None:
        """Open `turn` without a wake word, or tell the open turn what is expected; an older turn than the latest is ignored."""
        self._order(partial(self._listen, turn, expecting, timeout_s))

    def stop_listening(self, turn: int) -> None:
        """Close `turn` without an event."""
        self._order(partial(self._stop_listening, turn))

    def settle(self, turn: int, generation: int) -> None:
        """Note that this generation is a whole sentence: its turn ends at the short silence."""
        self._order(partial(self._settle, turn, generation))

    def push_to_talk(self, seat: str | None = None) -> None:
        """Open a new turn, as the wake word does; ignored while muted."""
        self._order(partial(self._woke, Cause.BUTTON, seat))

    def mind_words(self, mind: bool) -> None:
        """Heed wake words, or not while a person talks to somebody else; the button opens the ear all the same."""
        self._order(partial(self._mind_words, mind))

    def mute(self, muted: bool) -> None:
        """Stop hearing altogether, or hear again; an open turn ends with NothingHeard."""
        self._order(partial(self._mute, Hearing.MUTED if muted else Hearing.OPEN))

    @property
    def deaf(self) -> bool:
        """Tell whether no frame came for so long that the sound system must hang, or the ear has ended; from any thread."""
        return time.monotonic() - self._served_at > DEAF_S

    @property
    def muted(self) -> bool:
        """Tell whether frames are dropped unheard."""
        return self._hearing is Hearing.MUTED

    def _order(self, order: Callable[[], None]) -> None:
        """Do it in the ear's thread, with the next frame."""
        self._orders.put(order)
        self._hurry(now=True)

    def _hurry(self, *, now: bool) -> None:
        if self._device is not None:
            self._device.hurry(now)

    def _run(self) -> None:
        """Hear until the source ends; then end the open turn with what was said."""
        try:
            for frame in self._source.frames():
                self._at, self._served_at = frame.at, time.monotonic()
                while not self._orders.empty():
                    self._orders.get()()
                if self._hearing is Hearing.OPEN:
                    self._hear(frame)
                self._hurry(now=self._turn is not None or self._voice_activity.maybe or not self._orders.empty())
        except CabinError as error:
            _LOG.error("the ear stopped: %s", error)
            self._post(Faulted(self._latest, Phrase(error.phrase)))
        if self._turn is not None:
            self._post(self._turn.cut(self._at))

    def _hear(self, frame: Frame) -> None:
        """Wake or go on with the open turn; where there is no device nothing is looked for in its silence."""
        is_speech = not frame.void and self._voice_activity.speech(frame.pcm)
        word = None if frame.void else self._wake.hears(frame.pcm, maybe_speech=self._voice_activity.maybe)
        self._recent.append(frame)
        if word is not None and self._minds_words:
            _LOG.debug("woken by %s", word)
            self._woke(Cause.WORD, None)
        elif self._turn is not None:
            for event in self._turn.hear(frame, is_speech):
                self._post(event)
            self._generation = self._turn.generation
            if self._turn.over:
                self._turn = None

    def _open(self, turn: int, before: list[Frame], seat: str | None) -> Turn:
        """Make `turn` the one that is listened to; opened again, it goes on counting generations."""
        generation = self._generation if turn == self._latest else 0
        self._latest, self._generation = turn, generation
        self._turn = Turn(turn, before=before, seat=seat, generation=generation)
        return self._turn

    def _woke(self, cause: Cause, seat: str | None) -> None:
        """Open a new turn; whatever turn was open is dropped, as the dialogue learns from Woke."""
        if self._hearing is Hearing.MUTED:
            return
        recent = list(self._recent)
        match cause:
            case Cause.WORD:
                turn = self._open(self._next_turn(), recent[-AFTER_WORD_MS // FRAME_MS :], seat)
            case Cause.BUTTON:
                turn = self._open(self._next_turn(), recent, seat)
        self._post(Woke(turn.number, self._at, cause, seat))

    def _listen(self, turn: int, expecting: Expecting, timeout_s: float) -> None:
        """Open or adjust `turn`."""
        if turn < self._latest:
            return
        if self._hearing is Hearing.MUTED:
            self._post(NothingHeard(turn, self._at))
            return
        if self._turn is None or self._turn.number != turn:
            self._open(turn, list(self._recent), None)
        assert self._turn is not None
        self._turn.expect(expecting, timeout_s)

    def _stop_listening(self, turn: int) -> None:
        """Drop the open turn if it is this one."""
        if self._turn is not None and self._turn.number == turn:
            self._turn = None

    def _settle(self, turn: int, generation: int) -> None:
        """Pass it on to the open turn if it is this one."""
        if self._turn is not None and self._turn.number == turn:
            self._turn.settle(generation)

    def _mind_words(self, mind: bool) -> None:
        self._minds_words = mind

    def _mute(self, hearing: Hearing) -> None:
        """Forget every sound when hearing stops."""
        if hearing is Hearing.MUTED and self._turn is not None:
            self._post(NothingHeard(self._turn.number, self._at))
            self._turn = None
        self._hearing = hearing
        self._recent.clear()
        self._wake.reset()
        self._voice_activity.reset()
