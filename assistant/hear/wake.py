"""Wake words by microWakeWord: several words at once, and deaf to what our own loudspeaker says."""

import ctypes
import json
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.core.audio import FRAME_MS
from assistant.errors import ModelError

SHIPPED_WORDS = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")
"""Words whose models come inside the pymicro-wakeword wheel."""
REFERENCE_EASE = 0.5
"""A word in the playback counts at this share of the cutoff: the microphone may hear it better than the model does here."""
DEAF_MS = 1300
"""A wake so soon after one in the playback is our own voice; what the ear hears may wait 320 ms until it looks."""
REFRACTORY_MS = 1000
"""One spoken word wakes once."""
ASLEEP_MS = 1500
"""Sound that is kept while nobody speaks, and gone through once somebody does: longer than any wake word and than what the
models look back on."""
AWAKE_MS = 1000
"""The models go on for so long after what might be speech. On 318 clips of wake words, clean and in noise of 20 and 5 dB, what
they hear is then the same as if they never rested; with 600 ms a second "hey mycroft" is missed, with 300 ms one word wakes twice.
"""
FEATURE_MS = 10
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
        self._awake_until = 0
        self._deaf_until = 0
        self._refractory_until = 0

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words as `hears` names them."""
        return self._microphone.words

    def hears(self, pcm: bytes, *, maybe_speech: bool = True) -> str | None:
        """Take one frame of microphone; return the word that ended some 160 ms ago, or None.

        While nobody can be speaking the sound is only kept for later: the models cost more than all the rest.
        """
        self._frame += 1
        if maybe_speech:
            self._awake_until = self._frame + AWAKE_MS // FRAME_MS
        word = self._microphone.hears(pcm, awake=self._frame < self._awake_until)
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
        loaded = {path.stem: _load(path) for path in map(model_path, words)}
        self._cutoffs = {name: ease * cutoffs.get(name, model.probability_cutoff) for name, model in loaded.items()}
        self._models = {name: _Model(model) for name, model in loaded.items()}
        self._queues = {model.stride: _Queue(model.stride) for model in self._models.values()}
        self.words = tuple(self._models)

    def hears(self, pcm: bytes, *, awake: bool = True) -> str | None:
        """Return the word with the highest mean probability above its cutoff in what is new, or None; None while not awake."""
        best = (0.0, "")
        for features in self._features.process_streaming(pcm):
            for stride, queue in self._queues.items():
                queue.put(features)
                while awake and queue.whole:
                    best = max(best, self._judge(stride, queue.whole.popleft()))
        return best[1] or None

    def _judge(self, stride: int, stretch: Sequence[npt.NDArray[np.float64]]) -> tuple[float, str]:
        """Return the surest of the words above their cutoffs whose models take so many features at once; else (0, "")."""
        features = np.concatenate(stretch, axis=None)
        quantised: dict[tuple[float, int, str], bytes] = {}
        best = (0.0, "")
        for name, model in self._models.items():
            if model.stride == stride:
                if model.scale not in quantised:
                    quantised[model.scale] = model.quantise(features)
                probability = model.probability(quantised[model.scale])
                if probability > self._cutoffs[name]:
                    best = max(best, (probability, name))
        return best

    def reset(self) -> None:
        """Forget the sound so far."""
        self._features.reset()
        for queue in self._queues.values():
            queue.clear()
        for model in self._models.values():
            model.reset()

    def close(self) -> None:
        """Free the models."""
        for model in self._models.values():
            model.close()


class _Queue:
    """Features in stretches as long as a model takes at once; the oldest are lost while nobody takes them."""

    def __init__(self, stride: int) -> None:
        """Hold ASLEEP_MS of them."""
        self._stride = stride
        self._begun: list[npt.NDArray[np.float64]] = []
        self.whole: deque[list[npt.NDArray[np.float64]]] = deque(maxlen=ASLEEP_MS // (FEATURE_MS * stride))

    def put(self, features: npt.NDArray[np.float64]) -> None:
        """Take the features of the next FEATURE_MS."""
        self._begun.append(features)
        if len(self._begun) == self._stride:
            self.whole.append(self._begun)
            self._begun = []

    def clear(self) -> None:
        """Forget everything."""
        self._begun.clear()
        self.whole.clear()


class _Model:
    """One word's model, asked by the shortest way: the library's own way there and back costs more than the inference."""

    def __init__(self, loaded: Any) -> None:
        """Take a model of pymicro-wakeword."""
        self._loaded = loaded
        self._dtype = np.dtype(loaded.input_dtype)
        self._answer = (ctypes.c_int8 if loaded.output_dtype is np.int8 else ctypes.c_uint8)()
        self._recent: deque[int] = deque(maxlen=loaded.sliding_window_size)
        self.stride: int = loaded.stride
        self.scale: tuple[float, int, str] = (loaded.input_scale, loaded.input_zero_point, self._dtype.str)
        """What `quantise` depends on."""

    def quantise(self, features: npt.NDArray[np.float64]) -> bytes:
        """Return features as the model takes them."""
        scale, zero_point, _ = self.scale
        limits = np.iinfo(self._dtype)
        return np.rint(features / scale + zero_point).clip(limits.min, limits.max).astype(self._dtype).tobytes()

    def probability(self, quantised: bytes) -> float:
        """Take the next stretch; return the mean probability of the last few, 0 while they are too few."""
        model, lib = self._loaded, self._loaded.lib
        lib.TfLiteTensorCopyFromBuffer(model.input_tensor, quantised, len(quantised))
        lib.TfLiteInterpreterInvoke(model.interpreter)
        lib.TfLiteTensorCopyToBuffer(model.output_tensor, ctypes.byref(self._answer), 1)
        self._recent.append(self._answer.value)
        if len(self._recent) < model.sliding_window_size:
            return 0.0
        return float(model.output_scale * (sum(self._recent) / len(self._recent) - model.output_zero_point))

    def reset(self) -> None:
        """Forget the sound so far."""
        self._recent.clear()
        self._loaded.reset()

    def close(self) -> None:
        """Free it."""
        self._loaded.close()


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
        model = MicroWakeWord.from_config(config)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{tflite}: not a microWakeWord model: {error}", _MEND) from error
    if model.lib.TfLiteTensorByteSize(model.output_tensor) != 1:
        raise ModelError(f"{tflite}: not a microWakeWord model: it answers with more than one number", _MEND)
    return model
