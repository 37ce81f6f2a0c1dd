"""Which engine does what: chosen by the configuration and by what is installed, made when it is first needed."""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import config
from assistant.buses import Buses
from assistant.config import Config
from assistant.core.event import Event
from assistant.core.ports import (
    Binding,
    Cancel,
    Devices,
    FrameSource,
    Loudspeaker,
    Recogniser,
    Vehicle,
    Voice,
    WakeWord,
)
from assistant.core.text import LANGUAGES, Language
from assistant.dialogue import planning
from assistant.dialogue.state import Rules
from assistant.errors import CabinError, ConfigError, ModelError
from assistant.intent import IntentModel
from assistant.languages.graph import Graph
from assistant.places import shipped
from assistant.report import Reporter
from assistant.shelf import Shelf
from assistant.skills import by_request
from assistant.understand.rules import Rules as Sentences

if TYPE_CHECKING:
    from assistant.hear.ear import Ear
    from assistant.hear.wake import MicroWake
    from assistant.mouth import Mouth
    from assistant.understand.layers import Layers
    from assistant.vehicle.model import Model as CarModel

log = logging.getLogger(__name__)

Names = Mapping[str, tuple[str, ...]]

REHEARSED_STATES = 20_000
"""The first words of nearly every sentence."""


class Engines:
    """Makes the adapters of one configuration."""

    def __init__(self, config: Config) -> None:
        """Make nothing yet."""
        self._config = config
        self._lock = threading.Lock()
        self._recogniser: Recogniser | None = None
        self._names: Names = {}
        self._graph: Graph | None = None
        """What the recogniser is bound to."""
        self.buses = Buses(config)
        self.shelf = Shelf(config.paths.models)
        self.model = IntentModel(config, self.shelf)
        self.sentences = Sentences(by_request())

    def vehicle(self) -> Vehicle:
        """Return the car; ConfigError for a broken car model, a bus that is not installed or cannot be reached as told."""
        from assistant.vehicle.simulator import Simulator

        told, model = self._config.vehicle, self._car_model()
        if told.bus == "kuksa":
            return _kuksa(told, model)
        if told.bus == "dbus":
            return self.buses.vehicle(model)
        return Simulator(model)

    def strangers(self) -> tuple[str, ...]:
        """Return signals of the car model that no skill knows. ConfigError."""
        from assistant.vehicle.model import strangers

        return strangers(self._car_model())

    def devices(self) -> Devices:
        """Return media, phone and navigation."""
        from assistant.platform.simulator import SimulatedHeadUnit
        from assistant.platform.world import read_world

        world = read_world(shipped("config/names.toml"))
        numbers = {name: person.number for person in world.contacts for name in (person.name, *person.aliases)}
        return self.buses.devices(SimulatedHeadUnit(world), numbers)

    def understand(self, names: Names) -> "Layers":
        """Return the layers of understanding; the sentences are compiled at the first use, on the thinking thread."""
        from assistant.understand.layers import Layers

        self._names = names
        return Layers(self.sentences, self.model if self.model.chosen() else None)

    def take_names(self, names: Names) -> None:
        """Know other names from now on; the sentences are compiled anew, on the thinking thread."""
        self._names = names
        self.sentences.graph("en", names)
        with self._lock:
            if isinstance(self._recogniser, Binding):
                self._bind(self._recogniser)

    def rules(self) -> Rules:
        """Return the rules of the conversation."""
        listen = self._config.listen
        return Rules(planning.decide, planning.review, follow_up_s=listen.follow_up_s, consent_s=listen.consent_s)

    def recogniser(self) -> Recogniser:
        """Return the recogniser, loaded at the first call, bound to the sentences of now; ModelError with the mend.

        Where sentences are compiled meanwhile, on the thread that does so.
        """
        with self._lock:
            if self._recogniser is None:
                self._recogniser = self._load_recogniser()
            if isinstance(self._recogniser, Binding) and (self._graph is None or self._graph.full):
                self._bind(self._recogniser)
            return self._recogniser

    def read_rules(self, cancel: Cancel) -> None:
        """Compile the sentences of the configured language: the first that is typed need not wait for it."""
        del cancel
        self.sentences.grammar(self._config.language, self._names)

    def rehearse(self, cancel: Cancel) -> None:
        """Start the model, and work out how sentences begin: the first to be read bound to them is as quick as the others."""
        if self.model.chosen():
            with contextlib.suppress(CabinError):
                self.model.running().prepare(self._config.language)
        graph = self.sentences.graph(self._config.language, self._names)
        states, ahead = {graph.start}, deque([graph.start])
        while ahead and len(states) < REHEARSED_STATES and not cancel.cancelled():
            new = set(graph.following(ahead.popleft()).values()) - states
            states |= new
            ahead += new

    def recogniser_story(self) -> str:
        """Say which recogniser is used and why."""
        wanted, found = self._config.hear.engine, self.shelf.ready(self._config.hear.whisper_model)
        if wanted == "moonshine" or (wanted == "auto" and not found):
            why = "configured" if wanted == "moonshine" else f"{self._config.hear.whisper_model} is not installed"
            return (
                f"moonshine, because it is {why}"
                if wanted == "moonshine"
                else f"moonshine (English only), because {why}"
            )
        return f"whisper, because {self._config.hear.whisper_model} is " + ("installed" if found else "configured")

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
        """Return what speaks; without a loudspeaker, or where text alone was chosen, it tells the words only."""
        from assistant.mouth import Mouth
        from assistant.speak.voice import Talker

        if loudspeaker is None or self._config.speak.engine == "none":
            return Mouth(None, post, reporter)
        return Mouth(Talker(self.voices(), loudspeaker), post, reporter)

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices that can be used, the preferred first."""
        engine = self._config.speak.engine
        makers: list[Callable[[], Voice]] = []
        if engine in {"auto", "piper"}:
            makers += [self._piper(language) for language in LANGUAGES if self.shelf.voice(language)]
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
        """Leave the D-Bus and end the model's process."""
        self.buses.close()
        self.model.close()

    def _car_model(self) -> "CarModel":
        from assistant.vehicle.model import load

        name = self._config.vehicle.model
        return load(Path(name) if name.endswith(".toml") else shipped(f"config/vehicles/{name}.toml"))

    def _espeak(self) -> Voice:
        from assistant.speak.espeak import Espeak

        return Espeak(rate_percent=self._config.speak.rate_percent)

    def _piper(self, language: Language) -> Callable[[], Voice]:
        def make() -> Voice:
            from assistant.speak.piper import Piper

            return Piper(self.shelf.trusted_voice(language), language, self._config.speak.rate_percent)

        return make

    def _bind(self, recogniser: Binding) -> None:
        """Let it read bound to the sentences of now."""
        self._graph = self.sentences.graph("en", self._names)
        recogniser.bind(self._graph)

    def _load_recogniser(self) -> Recogniser:
        hear = self._config.hear
        if hear.engine == "whisper" or (hear.engine == "auto" and self.shelf.ready(hear.whisper_model)):
            try:
                return self._whisper()
            except ModelError as error:
                if hear.engine == "whisper":
                    raise
                log.warning("whisper cannot be used, so moonshine is: %s", error)
        from assistant.hear.moonshine import Moonshine

        return Moonshine(threads=hear.threads)

    def _whisper(self) -> Recogniser:
        from assistant.hear.whisper import Whisper

        hear = self._config.hear
        return Whisper(self.shelf.trusted(hear.whisper_model), threads=hear.threads, hot_words=self._hot_words)

    def _hot_words(self, language: Language) -> Sequence[str]:
        """Return the names a person may say; those written in Chinese for Chinese, the others else."""
        names = (name for list_of_names in self._names.values() for name in list_of_names)
        return tuple(dict.fromkeys(name for name in names if name.isascii() == (language == "en")))


class _Asleep:
    """No wake word at all: only the talk button opens the ear."""

    def hears(self, pcm: bytes, *, maybe_speech: bool) -> str | None:
        """Hear nothing."""
        del pcm, maybe_speech
        return None

    def reset(self) -> None:
        """Forget nothing."""


def _kuksa(told: "config.Vehicle", model: "CarModel") -> Vehicle:
    try:
        from assistant.vehicle.kuksa import Kuksa
    except ImportError as error:
        raise ConfigError(f"the KUKSA bus cannot be used: {error}", "pip install 'cabin-assistant[kuksa]'") from error
    files = [Path(name) if name else None for name in (told.ca_file, told.token_file)]
    return Kuksa(model.signals, told.address, ca_file=files[0], token_file=files[1])
