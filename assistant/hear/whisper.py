"""Whisper by faster-whisper (CTranslate2, int8): English and Chinese, where its model is installed."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from assistant.core.audio import SAMPLE_RATE_HZ, Clip
from assistant.core.effect import Expecting
from assistant.core.ports import Cancel
from assistant.core.text import Language, Transcript
from assistant.errors import EngineError, ModelError
from assistant.hear.guard import MOST_COMPRESSIBLE, believed

FILES = ("model.bin", "tokenizer.json")
LONGEST_S = 30.0
"""Whisper's window."""
BEAM = 2
LEAST_MEAN_LOG_PROBABILITY = -1.0
MOST_NO_SPEECH = 0.6
"""Whisper's own limits: a segment that is both unlikely and likely no speech is dropped."""
TOKENS_PER_S = 8
PROMPTS: dict[Language, str | None] = {"en": None, "zh": "以下是普通话的句子。"}
"""Without it Whisper writes traditional characters as it pleases."""
_MEND = "cabin models fetch whisper-base, or set [hear] whisper to the folder of a CTranslate2 model"


def _no_words(_: Language) -> Sequence[str]:
    """Return no hot words."""
    return ()


class Choice(StrEnum):
    """Which language to recognise. ASKED: the one the caller names; AUTO: the likeliest of the sound, for one more encoder pass."""

    ASKED = "asked"
    AUTO = "auto"


class Whisper:
    """A Recogniser for one thread at a time."""

    name = "whisper"

    def __init__(
        self,
        folder: Path,
        languages: Sequence[Language] = ("en", "zh"),
        *,
        choice: Choice = Choice.ASKED,
        threads: int = 2,
        hot_words: Callable[[Language], Sequence[str]] = _no_words,
    ) -> None:
        """Load the model of `folder`; `hot_words` are names it should expect, asked for before each clip. Raises ModelError."""
        self._model = _load(folder, threads)
        if "zh" in languages and not self._model.model.is_multilingual:
            raise ModelError(f"{folder}: this model knows English only", "use one whose name does not end in .en")
        self.languages: tuple[Language, ...] = tuple(languages)
        self._choice = choice
        self._hot_words = hot_words

    def transcribe(self, clip: Clip, language: Language, expecting: Expecting, cancel: Cancel) -> Transcript:
        """Recognise one clip in `language` (AUTO: in its own); empty text if nobody spoke or cancelled. Raises EngineError."""
        del expecting
        sound = _floats(clip)
        if not len(sound) or cancel.cancelled():
            return Transcript("", language, 0.0, engine=self.name)
        try:
            language = self._likeliest(sound) if self._choice is Choice.AUTO else language
            segments, _ = self._model.transcribe(
                sound,
                language=language,
                beam_size=BEAM,
                temperature=0.0,
                compression_ratio_threshold=MOST_COMPRESSIBLE,
                log_prob_threshold=LEAST_MEAN_LOG_PROBABILITY,
                no_speech_threshold=MOST_NO_SPEECH,
                condition_on_previous_text=False,
                without_timestamps=True,
                initial_prompt=PROMPTS[language],
                hotwords=" ".join(self._hot_words(language)) or None,
                max_new_tokens=int(clip.seconds * TOKENS_PER_S) + 8,
            )
            kept = [segment for segment in segments if not cancel.cancelled() and _likely(segment)]
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                f"whisper failed: {error}", "restart; if it comes again, choose another recogniser"
            ) from error
        if cancel.cancelled() or not kept:
            return Transcript("", language, 0.0, engine=self.name)
        confidence = math.exp(sum(segment.avg_logprob for segment in kept) / len(kept))
        text = believed("".join(segment.text for segment in kept).strip(), language, clip.seconds, confidence)
        return Transcript(text, language, confidence if text else 0.0, engine=self.name)

    def _likeliest(self, sound: Any) -> Language:
        """Return the likeliest of this recogniser's languages."""
        if len(self.languages) == 1:
            return self.languages[0]
        _, _, likely = self._model.detect_language(sound)
        probabilities = dict(likely)
        return max(self.languages, key=lambda language: float(probabilities.get(language, 0.0)))


def _floats(clip: Clip) -> Any:
    """Return the clip as float samples in -1..1, not longer than the window."""
    return np.frombuffer(clip.pcm[: int(LONGEST_S * SAMPLE_RATE_HZ) * 2], "<i2").astype(np.float32) / 32768.0


def _likely(segment: Any) -> bool:
    """Tell whether a segment is speech and no loop."""
    silent = segment.no_speech_prob > MOST_NO_SPEECH and segment.avg_logprob < LEAST_MEAN_LOG_PROBABILITY
    return not silent and segment.compression_ratio <= MOST_COMPRESSIBLE


def _load(folder: Path, threads: int) -> Any:
    """Return the model; raise ModelError. Nothing is ever downloaded: all files must be there."""
    for name in FILES:
        if not (folder / name).is_file():
            raise ModelError(f"{folder / name}: the model file is missing", _MEND)
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise ModelError("faster-whisper is not installed", "pip install 'cabin-assistant[whisper]'") from error
    try:
        return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    except Exception as error:  # ctranslate2 and tokenizers raise bare exceptions
        raise ModelError(f"{folder}: cut, or not a Whisper model of CTranslate2: {error}", _MEND) from error
