"""Wake words by microWakeWord: several words at once, and deaf to what our own loudspeaker says."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.core.audio import FRAME_MS
from assistant.errors import ModelError

SHIPPED_WORDS = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")
"""Words whose models come inside the pymicro-wakeword wheel."""
REFERENCE_EASE = 0.5
"""A word in the playback counts at this share of the cutoff: the microphone may hear it better than the model does here."""
DEAF_MS = 1000
"""A wake so soon after one in the playback is our own voice."""
REFRACTORY_MS = 1000
"""One spoken word wakes once."""
_MEND = "use one of " + ", ".join(SHIPPED_WORDS) + ", or the path of a microWakeWord .json beside its .tflite"


class MicroWake:
    """Streaming detector of one or more words; `hears_reference` may run in another thread than `hears`."""

    def __init__(self, words: Sequence[str], cutoffs: Mapping[str, float] | None = None) -> None:
        """Load the models of `words` (shipped names or paths of .json); a cutoff in 0..1 replaces the model's own; ModelError."""
        if not words:
            raise ModelError("no wake word is configured", _MEND)
        self._microphone = _Detector(words, cutoffs or {}, 1.0)
        self._playback = _Detector(words, cutoffs or {}, REFERENCE_EASE)
        self._frame = 0
        self._deaf_until = 0
        self._refractory_until = 0

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words as `hears` names them."""
        return self._microphone.words

    def hears(self, pcm: bytes) -> str | None:
        """Take one frame of microphone; return the word that ended some 160 ms ago, or None."""
        self._frame += 1
        word = self._microphone.hears(pcm)
        if word is None or self._frame < max(self._refractory_until, self._deaf_until):
            return None
        self._refractory_until = self._frame + REFRACTORY_MS // FRAME_MS
        return word

    def hears_reference(self, pcm: bytes) -> None:
        """Take whole frames of playback (s16le, 16 kHz), not later than they are played; a word in them deafens `hears`."""
        if self._playback.hears(pcm) is not None:
            given_ms = len(pcm) // 32
            self._deaf_until = self._frame + (given_ms + DEAF_MS) // FRAME_MS

    def reset(self) -> None:
        """Forget the sound of the microphone so far."""
        self._microphone.reset()

    def close(self) -> None:
        """Free the models."""
        self._microphone.close()
        self._playback.close()


class _Detector:
    """The models of all words on one stream of sound, with features computed once."""

    def __init__(self, words: Sequence[str], cutoffs: Mapping[str, float], ease: float) -> None:
        """Load each model; scale its cutoff by `ease`."""
        from pymicro_wakeword import MicroWakeWordFeatures  # noqa: PLC0415 - heavy

        self._features: Any = MicroWakeWordFeatures()
        configs = [model_path(word) for word in words]
        self._models = {config.stem: _load(config) for config in configs}
        self._cutoffs = {
            name: ease * cutoffs.get(name, model.probability_cutoff) for name, model in self._models.items()
        }
        self.words = tuple(self._models)

    def hears(self, pcm: bytes) -> str | None:
        """Return the word with the highest mean probability above its cutoff in this stretch, or None."""
        best: tuple[float, str] | None = None
        for features in self._features.process_streaming(pcm):
            for name, model in self._models.items():
                probability = model.process_streaming_prob(features) or 0.0
                if probability > self._cutoffs[name]:
                    best = max(best or (0.0, ""), (probability, name))
        return best[1] if best else None

    def reset(self) -> None:
        """Forget the sound so far."""
        self._features.reset()
        for model in self._models.values():
            model.reset()

    def close(self) -> None:
        """Free the models."""
        for model in self._models.values():
            model.close()


def model_path(word: str) -> Path:
    """Return the .json of a shipped word or of a path; raise ModelError."""
    import pymicro_wakeword  # noqa: PLC0415 - heavy

    if word in SHIPPED_WORDS:
        return Path(pymicro_wakeword.__file__).parent / "models" / f"{word}.json"
    path = Path(word).with_suffix(".json")
    if not path.is_file():
        raise ModelError(f"no wake word model {word!r}", _MEND)
    return path


def _load(config: Path) -> Any:
    """Return the model that a .json names; raise ModelError where either file is broken (the library would crash)."""
    from pymicro_wakeword import MicroWakeWord  # noqa: PLC0415 - heavy
    from pymicro_wakeword.wakeword import TfLiteWakeWord  # noqa: PLC0415 - as above

    try:
        described = json.loads(config.read_text("utf-8"))
        tflite = config.parent / str(described["model"])
        float(described["micro"]["probability_cutoff"])
        int(described["micro"]["sliding_window_size"])
        str(described["wake_word"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{config}: not a microWakeWord description: {error!r}", _MEND) from error
    if not tflite.is_file():
        raise ModelError(f"{tflite}: the model of {config.name} is missing", _MEND)
    import pymicro_wakeword  # noqa: PLC0415 - as above

    library = next((Path(pymicro_wakeword.__file__).parent / "lib").glob("*tensorflowlite_c.*"))
    lite = TfLiteWakeWord(library).lib
    probe = lite.TfLiteModelCreateFromFile(str(tflite.resolve()).encode())
    if not probe:
        raise ModelError(f"{tflite}: cut, or not a TensorFlow Lite model", "fetch it again")
    lite.TfLiteModelDelete(probe)
    try:
        return MicroWakeWord.from_config(config)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{tflite}: not a microWakeWord model: {error}", _MEND) from error
