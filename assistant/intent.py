"""Which language model stands behind the rules, and why; started when it is first needed."""

import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.config import Config
from assistant.core.ports import Cancel
from assistant.core.text import Language
from assistant.errors import CabinError, ModelError
from assistant.shelf import Shelf
from assistant.skills import by_request
from assistant.understand.qwen import Form, Qwen
from assistant.weights.manifest import Model

if TYPE_CHECKING:
    from assistant.understand.guess import Guess

log = logging.getLogger(__name__)


class IntentModel:
    """A `layers.Model`. For the thinking thread; what cannot be used is told in the log once, and the rules go on alone."""

    def __init__(self, config: Config, shelf: Shelf) -> None:
        """Start nothing yet."""
        self._config, self._shelf = config, shelf
        self._fault: CabinError | None = None
        self._running: Qwen | None = None

    def __call__(self, text: str, language: Language, cancel: Cancel) -> "Guess":
        """Ask the model; it is verified and started at the first question. Raises EngineError, ModelError."""
        return self.running()(text, language, cancel)

    def chosen(self) -> Model | None:
        """Return the model to be used, by name and size; None where the rules are alone."""
        if self._config.model.name == "none" or self._fault is not None:
            return None
        try:
            return self._usable()
        except CabinError as error:
            self._give_up(error)
            return None

    def story(self) -> str:
        """Say which model is used and why, every byte of it read; ModelError for one that is configured and cannot be used."""
        name = self._config.model.name
        if name == "none":
            return "none, as configured: the rules alone"
        try:
            found = self._usable()
            if found is not None:
                self._shelf.trusted(found.name)
        except ModelError as error:
            if name != "auto":
                raise
            return f"none, the rules alone: {error}"
        if found is None:
            return "none is installed: the rules alone (`cabin models list` shows some)"
        why = "it is configured" if name != "auto" else "it comes with Cabin" if found.shipped else "it is installed"
        verified = "" if Path(found.name).is_absolute() else "; verified"
        return f"{found.name} ({found.form}), because {why}{verified}"

    def running(self) -> Qwen:
        """Return the model, verified and started. Raises ModelError."""
        if self._running is None:
            found = self.chosen()
            if found is None:
                raise self._fault or ModelError("the model is gone", "`cabin models verify`")
            try:
                self._running = self.started(found)
            except CabinError as error:
                self._give_up(error)
                raise
        return self._running

    def started(self, found: Model, cache: Path | None = None) -> Qwen:
        """Return any model, verified and started, its evaluated prefixes in `cache` or the usual folder. Raises ModelError."""
        config = self._config.model
        limit_s, cache = config.limit_ms / 1000, cache or self._config.cache_dir()
        path, form = self._shelf.trusted(found.name), Form(found.form)
        return Qwen(path, by_request(), form, threads=config.threads, limit_s=limit_s, cache=cache)

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            self._running.close()

    def _usable(self) -> Model | None:
        """Return the configured model, or the first that is here; ModelError where it cannot run."""
        found = self._shelf.intent_model(self._config.model.name)
        if found is not None and importlib.util.find_spec("llama_cpp") is None:
            raise ModelError("llama-cpp-python is not installed", "`scripts/setup run` where g++, cmake and ninja are")
        return found

    def _give_up(self, fault: CabinError) -> None:
        log.warning("the model cannot be used, the rules go on alone: %s", fault)
        self._fault = fault
