"""Which engine does what: chosen by the configuration and by what is installed, made when it is first needed."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.config import Config
from assistant.core.event import Event
from assistant.core.ports import Devices, FrameSource, Loudspeaker, Recogniser, Understand, Vehicle, Voice, WakeWord
from assistant.dialogue import planning
from assistant.dialogue.state import Rules
from assistant.errors import CabinError
from assistant.places import shipped
from assistant.report import Reporter
from assistant.skills import by_request
from assistant.understand.rules import Rules as Sentences

if TYPE_CHECKING:
    from assistant.hear.ear import Ear
    from assistant.hear.wake import MicroWake
    from assistant.mouth import Mouth

log = logging.getLogger(__name__)


class Engines:
    """Makes the adapters of one configuration."""

    def __init__(self, config: Config) -> None:
        """Make nothing yet."""
        self._config = config
        self._lock = threading.Lock()
        self._recogniser: Recogniser | None = None
        self.sentences = Sentences(by_request())
        self._names: Mapping[str, tuple[str, ...]] = {}

    def vehicle(self) -> Vehicle:
        """Return the car; ConfigError for a broken car model."""
        from assistant.vehicle.model import load
        from assistant.vehicle.simulator import Simulator

        name = self._config.vehicle.model
        path = Path(name) if name.endswith(".toml") else shipped(f"config/vehicles/{name}.toml")
        return Simulator(load(path))

    def devices(self) -> Devices:
        """Return media, phone and navigation."""
        from assistant.platform.simulator import SimulatedHeadUnit

        return SimulatedHeadUnit()

    def understand(self, names: Mapping[str, tuple[str, ...]]) -> Understand:
        """Return the layers of understanding; the sentences are compiled at the first use, on the thinking thread."""
        from assistant.understand.layers import Layers

        self._names = names
        return Layers(self.sentences)

    def rules(self) -> Rules:
        """Return the rules of the conversation."""
        listen = self._config.listen
        return Rules(planning.decide, planning.review, follow_up_s=listen.follow_up_s, consent_s=listen.consent_s)

    def recogniser(self) -> Recogniser:
        """Return the recogniser, loaded at the first call; ModelError with the mend. From any thread."""
        with self._lock:
            if self._recogniser is None:
                self._recogniser = self._load_recogniser()
            return self._recogniser

    def wake(self) -> "MicroWake | None":
        """Return the wake-word detector; None where none is configured (push-to-talk only)."""
        from assistant.hear.wake import MicroWake

        return MicroWake(self._config.wake.words) if self._config.wake.words else None

    def ear(
        self, source: FrameSource, wake: WakeWord | None, post: Callable[[Event], None], next_turn: Callable[[], int]
    ) -> "Ear":
        """Return the ear, not yet started."""
        from assistant.hear.ear import Ear
        from assistant.hear.vad import GatedSilero

        return Ear(source, wake or _Asleep(), GatedSilero(), post, next_turn)

    def mouth(self, loudspeaker: Loudspeaker | None, post: Callable[[Event], None], reporter: Reporter) -> "Mouth":
        """Return what speaks; without a loudspeaker it tells the words only."""
        from assistant.mouth import Mouth
        from assistant.speak.voice import Talker

        return Mouth(Talker(self.voices(), loudspeaker) if loudspeaker else None, post, reporter)

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices that can be used, the preferred first."""
        engine = self._config.speak.engine
        makers: list[Callable[[], Voice]] = []
        if engine in {"auto", "espeak"}:
            makers.append(self._espeak)
        voices: list[Voice] = []
        for make in makers:
            try:
                voices.append(make())
            except CabinError as error:
                log.warning("%s", error)
        return tuple(voices)

    def close(self) -> None:
        """Let go of what was loaded."""

    def _espeak(self) -> Voice:
        from assistant.speak.espeak import Espeak

        return Espeak(rate_percent=self._config.speak.rate_percent)

    def _load_recogniser(self) -> Recogniser:
        from assistant.hear.moonshine import Moonshine

        recogniser = Moonshine(threads=self._config.hear.threads)
        recogniser.bind(self.sentences.graph("en", self._names))
        return recogniser


class _Asleep:
    """No wake word at all: only the talk button opens the ear."""

    def hears(self, pcm: bytes) -> str | None:
        """Hear nothing."""
        del pcm
        return None

    def reset(self) -> None:
        """Forget nothing."""
