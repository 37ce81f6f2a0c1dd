"""Every door of the house on one page: what the core asks of the outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from assistant.core.audio import Clip, Frame
from assistant.core.context import Context
from assistant.core.effect import Expecting
from assistant.core.headunit import HeadUnit
from assistant.core.plan import LocalCall, Outcome, VehicleCommand
from assistant.core.request import Understanding
from assistant.core.text import Hypothesis, Language, Transcript
from assistant.core.vehicle import Car


class Cancel(Protocol):
    """A token that long work looks at between segments or tokens."""

    def cancelled(self) -> bool:
        """Tell whether the result is still wanted."""
        ...


class FrameSource(Protocol):
    """A microphone, or a file that plays one."""

    def frames(self) -> Iterable[Frame]:
        """Yield 20 ms frames until closed; survives a device that vanishes by waiting for it."""
        ...

    def close(self) -> None:
        """End `frames`, from any thread."""
        ...


@runtime_checkable
class Device(Protocol):
    """A source of frames with a device behind it."""

    def rest(self) -> None:
        """Let go of the device and give hardly a frame, all void, until `resume`; from any thread."""
        ...

    def resume(self) -> None:
        """Take the device again; from any thread."""
        ...

    def look(self) -> None:
        """Look for a device that is gone now: something changed; from any thread."""
        ...

    def hurry(self, now: bool) -> None:
        """Give each frame as soon as it is there, or several at a time, which costs less; from any thread."""
        ...


class WakeWord(Protocol):
    """Streaming detector of one or more words."""

    def hears(self, pcm: bytes, *, maybe_speech: bool) -> str | None:
        """Take one frame (FRAME_BYTES) and whether speech may be near; return the word that just ended, or None."""
        ...

    def reset(self) -> None:
        """Forget the sound so far."""
        ...


class VoiceActivity(Protocol):
    """Streaming detector of speech."""

    def speech(self, pcm: bytes) -> bool:
        """Take one frame (FRAME_BYTES); tell whether somebody is speaking in it."""
        ...

    @property
    def maybe(self) -> bool:
        """Tell whether somebody might have been speaking in the last moment: too generous, never too strict."""
        ...

    def reset(self) -> None:
        """Forget the sound so far."""
        ...


class Recogniser(Protocol):
    """Speech to text. Raises EngineError; returns an empty text where no speech was."""

    name: str
    languages: tuple[Language, ...]

    def transcribe(self, clip: Clip, language: Language, expecting: Expecting, cancel: Cancel) -> Transcript:
        """Recognise one clip."""
        ...


@runtime_checkable
class Rebinding(Protocol):
    """A recogniser that can read its last clip again, bound to the sentences the car knows."""

    def rebound(self, clip: Clip, cancel: Cancel) -> tuple[Hypothesis, ...]:
        """Return the likeliest of those sentences, best first. Raises EngineError."""
        ...


@runtime_checkable
class Binding(Protocol):
    """A recogniser that takes the sentences to read bound to."""

    def bind(self, sentences: "Sentences | None") -> None:
        """Take them for the next reading."""
        ...


class Understand(Protocol):
    """Transcript to requests. Never raises for what was said."""

    def __call__(self, transcript: Transcript, context: Context, cancel: Cancel) -> Understanding:
        """Return the requests of the sentence, or none."""
        ...


class Voice(Protocol):
    """Text to sound, one sentence at a time, in a process of its own."""

    name: str
    languages: tuple[Language, ...]
    sample_rate_hz: int

    def synthesise(self, sentence: str, language: Language) -> Iterable[bytes]:
        """Yield s16le mono chunks at `sample_rate_hz`; closing the iterator stops the work. Raises EngineError."""
        ...

    def close(self) -> None:
        """End the process."""
        ...


class Loudspeaker(Protocol):
    """Where sound goes."""

    def play(self, chunks: Iterable[bytes], sample_rate_hz: int, started: Callable[[float], None]) -> bool:
        """Play s16le mono; call `started` with monotonic seconds at the first sample; False if hushed. Raises DeviceError."""
        ...

    def hush(self) -> None:
        """Be silent within 200 ms, from any thread."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class Vehicle(Protocol):
    """A car bus. `tests/vehicle/test_contract.py` is its contract."""

    def car(self) -> Car:
        """Return the last known state, at once."""
        ...

    def write(self, commands: Sequence[VehicleCommand]) -> tuple[Outcome, ...]:
        """Set all signals or none, wait for the read-back, tell what became of each; blocks, at most a few seconds."""
        ...

    def close(self) -> None:
        """Leave the bus."""
        ...


class Devices(Protocol):
    """Media, phone and navigation of the head unit."""

    def headunit(self) -> HeadUnit:
        """Return the last known state, at once (timers excluded: they are the assistant's own)."""
        ...

    def call(self, call: LocalCall) -> Outcome:
        """Do one thing and tell what became of it; blocks, at most a few seconds."""
        ...

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists it knows: contact, playlist, station, place."""
        ...

    def close(self) -> None:
        """Let go of the devices."""
        ...


class Link(Protocol):
    """The way to the bridge. It opens by itself and comes back by itself; what it hears goes to the callbacks it was built with.

    Built with `heard(raw)`, one whole message of the bridge, and `changed(connectivity)`, LINK when the broker took us in
    and OFFLINE when it was lost; both are called from a thread of the link's own and must only post an event.
    """

    def open(self) -> None:
        """Begin to connect, and keep trying until closed; returns at once."""
        ...

    def send(self, raw: bytes, message: str, life_s: int) -> bool:
        """Hand over one envelope with its message id and remaining life in seconds; False: not connected, keep it.

        True is not durability: only the bridge's answer is.
        """
        ...

    def close(self) -> None:
        """Leave; no callback comes after it."""
        ...


@runtime_checkable
class Renewing(Protocol):
    """A link that can be told that its way may have changed under it."""

    def renew(self) -> None:
        """Connect anew, now; from any thread."""
        ...


class Sentences(Protocol):
    """All sentences the car knows in one language, as a deterministic word graph for a recogniser that is bound to them.

    Words are lower case without punctuation ("twenty", "o'clock"); Chinese is one character a word.
    """

    start: int

    def following(self, state: int) -> Mapping[str, int]:
        """Return every word that may come next and the state it leads to (computed lazily, cached)."""
        ...

    def complete(self, state: int) -> bool:
        """Tell whether a sentence may end here."""
        ...
