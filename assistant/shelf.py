"""The models on this machine, by what they are for."""

from pathlib import Path

from assistant.core.text import Language
from assistant.errors import ModelError
from assistant.places import shipped
from assistant.weights import manifest
from assistant.weights.manifest import Model, ModelFile
from assistant.weights.store import State, Store, folders

HERE = frozenset({State.BUILT_IN, State.READY, State.UNPINNED})


class Shelf:
    """Looks by names and sizes; only `trusted` reads files, before a loader gets them."""

    def __init__(self, configured: str) -> None:
        """Take the configured models folder, or an empty text for the usual ones."""
        self._store = Store(manifest.load(shipped("models/models.toml")), folders(configured))

    def ready(self, name: str) -> bool:
        """Tell whether a model of the manifest, or a folder or file of that path, is here."""
        if Path(name).is_absolute():
            return Path(name).exists()
        return self._store.state(self._store.manifest.model(name)) in HERE

    def trusted(self, name: str) -> Path:
        """Return what a loader may be given; ModelError if a file is missing or not what the manifest says.

        A path stands for itself: whoever writes one into the configuration vouches for it.
        """
        if Path(name).is_absolute():
            if not Path(name).exists():
                raise ModelError(f"{name}: no such model", "correct its path in cabin.toml")
            return Path(name)
        return self._store.trusted(self._store.manifest.model(name))

    def intent_model(self, name: str) -> Model | None:
        """Return the model to stand behind the rules; with `auto` the first that is here, None if none is; a path is a general one.

        Raises ModelError for a named one that is not here.
        """
        if name == "auto":
            return next(iter(self.intent_models()), None)
        if Path(name).is_absolute():
            return Model(name, "understand", "qwen", (ModelFile(name),), form="chat")
        model = self._store.manifest.model(name)
        if not self.ready(name):
            raise ModelError(f"{name} is not installed", f'`cabin models fetch {name}`, or set model.name to "auto"')
        return model

    def intent_models(self) -> tuple[Model, ...]:
        """Return every model for understanding that is here."""
        models = (model for model in self._store.manifest.models if model.role == "understand")
        return tuple(model for model in models if self.ready(model.name))

    def voice(self, language: Language) -> Model | None:
        """Return the first piper voice for a language that is here."""
        voices = (
            model for model in self._store.manifest.models if model.role == "speak" and language in model.languages
        )
        return next((model for model in voices if self.ready(model.name)), None)

    def trusted_voice(self, language: Language) -> Path:
        """Return the voice's ONNX file, checked; ModelError."""
        model = self.voice(language)
        if model is None:
            raise ModelError(f"no piper voice for {language}", "`cabin models list` shows some")
        return self._store.trusted(model)
