"""`cabin bench wake`: misses, false wakes and cost of the shipped wake words, next to one threshold without a window."""

import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from assistant.bench.mix import Row, car_noise, mixed, rows
from assistant.core.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from assistant.errors import UsageError
from assistant.hear.vad import GatedSilero
from assistant.hear.wake import SHIPPED_WORDS, MicroWake, model_path

SNRS_DB = (20, 10, 5)
ECHO = 0.3
"""Share of our own voice's level that reaches the microphone."""
_SECOND = bytes(SAMPLE_RATE_HZ * 2)

Progress = Callable[[str], None]


def run(manifest: Path, progress: Progress) -> dict[str, Any]:
    """Return per word `{"miss", "false_per_hour", "clips", …}` and `cpu_share` (of one core); raise UsageError."""
    recordings = rows(manifest)
    spoken = {word: _spoken(word, recordings) for word in SHIPPED_WORDS}
    words = [word for word in SHIPPED_WORDS if spoken[word]]
    if not words:
        raise UsageError(
            f"{manifest}: nobody says a wake word in it", "add rows of kind wakeword, e.g. with text alexa"
        )
    noise = car_noise(recordings)
    with _without_window(words) as plain:
        result = _measured({word: word for word in words}, spoken, recordings, noise, progress)
        progress("the same without a window")
        baseline = _measured(plain, spoken, recordings, noise, progress)
    for word in words:
        result[word]["self_wakes"] = sum(_wakes_itself(word, row) for row in spoken[word])
    result |= _cost(words[0], [row for row in recordings if row.kind == "other"])
    return {**result, "baseline": {"what": "one probability above the threshold, no window", **baseline}}


def _measured(
    models: Mapping[str, str],
    spoken: Mapping[str, Sequence[Row]],
    recordings: Sequence[Row],
    noise: bytes | None,
    progress: Progress,
) -> dict[str, Any]:
    """Return the figures of each word as heard by its model."""
    missed = {word: _misses(word, model, spoken[word], noise, progress) for word, model in models.items()}
    false = _false(models, recordings, progress)
    return {word: {"clips": len(spoken[word]), **missed[word], **false[word]} for word in models}


def _spoken(word: str, recordings: Sequence[Row]) -> list[Row]:
    """Return the recordings in which the word is said, and nothing else."""
    said = word.replace("_", " ")
    return [row for row in recordings if row.kind == "wakeword" and row.text.lower() == said]


def _misses(word: str, model: str, spoken: Sequence[Row], noise: bytes | None, progress: Progress) -> dict[str, float]:
    """Return the share of recordings in which the word is not found, clean and in car noise."""
    wake, voice = MicroWake([model]), GatedSilero()
    told: dict[str, float] = {}
    for snr_db in (None, *(SNRS_DB if noise else ())):
        missed = 0
        for number, row in enumerate(spoken):
            pcm = _SECOND + row.pcm() + _SECOND
            if noise and snr_db is not None:
                pcm = mixed(pcm, noise, snr_db, number * 7919)
            missed += not _heard(wake, voice, pcm)
        told["miss" if snr_db is None else f"miss_{snr_db}db"] = round(missed / len(spoken), 4)
        progress(f"{word}: {missed} of {len(spoken)} missed {'clean' if snr_db is None else f'at {snr_db} dB'}")
    wake.close()
    return told


def _false(models: Mapping[str, str], recordings: Sequence[Row], progress: Progress) -> dict[str, dict[str, Any]]:
    """Return each word's false wakes: an hour of noise and ordinary speech, and among other products' wake words."""
    wake, voice = MicroWake(list(models.values())), GatedSilero()
    named = dict(zip(wake.words, models, strict=True))
    ordinary: Counter[str] = Counter()
    foreign: Counter[str] = Counter()
    seconds = 0.0
    for number, row in enumerate(recordings):
        pcm = row.pcm()
        words = [named[word] for word in _heard(wake, voice, pcm)]
        if row.kind == "wakeword":
            foreign.update(word for word in words if not _near(word, row))
        else:
            ordinary.update(words)
            seconds += len(pcm) / 2 / SAMPLE_RATE_HZ
        if number % 100 == 0:
            progress(f"false wakes: {number} of {len(recordings)} recordings, {ordinary.total()} false")
    wake.close()
    hours = max(seconds, 1.0) / 3600
    return {
        word: {
            "false_per_hour": round(ordinary[word] / hours, 2),
            "hours": round(hours, 2),
            "false_on_other_wake_words": foreign[word],
        }
        for word in models
    }


def _cost(word: str, recordings: Sequence[Row]) -> dict[str, float]:
    """Return the share of one core that listening takes, for one word and for all, voice activity included."""
    frames = [frame for row in recordings for frame in _frames(row.pcm())]
    seconds = max(1, len(frames)) * FRAME_MS / 1000
    told: dict[str, float] = {}
    for name, most in {"cpu_share": 1, "cpu_share_of_four_words": len(SHIPPED_WORDS)}.items():
        wake, voice = MicroWake([word, *(other for other in SHIPPED_WORDS if other != word)][:most]), GatedSilero()
        begun = time.process_time()
        for frame in frames:
            _hears(wake, voice, frame)
        told[name] = round((time.process_time() - begun) / seconds, 5)
        wake.close()
    return told


def _near(word: str, row: Row) -> bool:
    """Tell whether a recording holds the word or a part of it, so that waking is no clear fault."""
    said, text = set(word.split("_")) - {"hey", "okay"}, set(row.text.lower().split())
    return bool(said & text)


def _wakes_itself(word: str, row: Row) -> bool:
    """Tell whether our own voice saying the word, and its echo in the microphone, wakes."""
    voice = _SECOND + row.pcm() + _SECOND
    echo = (np.frombuffer(voice, "<i2") * ECHO).astype("<i2").tobytes()
    wake = MicroWake([word])
    woken = False
    for played, heard in zip(_frames(voice), _frames(echo), strict=True):
        wake.hears_reference(played)
        woken |= wake.hears(heard) is not None
    wake.close()
    return woken


def _heard(wake: MicroWake, voice: GatedSilero, pcm: bytes) -> list[str]:
    """Return the words found in a stretch of sound, from a fresh start, as the ear hears it."""
    wake.reset()
    voice.reset()
    return [word for frame in _frames(pcm) if (word := _hears(wake, voice, frame))]


def _hears(wake: MicroWake, voice: GatedSilero, frame: bytes) -> str | None:
    """Do with a frame what the ear does."""
    voice.speech(frame)
    return wake.hears(frame, maybe_speech=voice.maybe)


def _frames(pcm: bytes) -> Iterator[bytes]:
    """Yield whole frames."""
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES]


@contextmanager
def _without_window(words: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield copies of the models whose description asks for no sliding window."""
    with tempfile.TemporaryDirectory(prefix="cabin-bench-") as folder:
        copies: dict[str, str] = {}
        for word in words:
            shipped = model_path(word)
            described = json.loads(shipped.read_text("utf-8"))
            described["micro"]["sliding_window_size"] = 1
            shutil.copy(shipped.with_name(described["model"]), folder)
            copy = Path(folder) / shipped.name
            copy.write_text(json.dumps(described), "utf-8")
            copies[word] = str(copy)
        yield copies
