"""`cabin bench hear`: word error rate per source, next to moonshine-voice's own interface on the same recordings."""

import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.bench.mix import Row, rows
from assistant.core.effect import Expecting
from assistant.core.ports import Recogniser
from assistant.core.text import Language
from assistant.errors import UsageError
from assistant.hear.cut import turns
from assistant.hear.moonshine import Moonshine, shipped_moonshine
from assistant.hear.vad import GatedSilero

_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", *_TEENS)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

Progress = Callable[[str], None]
Hear = Callable[[bytes], str]
"""Sound to text."""


class _Never:
    """A cancel token that is never pulled."""

    def cancelled(self) -> bool:
        """Return False."""
        return False


@dataclass(slots=True)
class _Score:
    """Errors over words of one source."""

    errors: int = 0
    words: int = 0
    clips: int = 0

    def told(self) -> dict[str, Any]:
        """Return the figures."""
        return {"wer": round(self.errors / max(1, self.words), 4), "clips": self.clips}


def run(manifest: Path, progress: Progress, recogniser: Recogniser | None = None) -> dict[str, Any]:
    """Return per source `{"wer", "clips"}` (characters for Chinese), `rtf`, and a baseline; raise UsageError."""
    recordings = rows(manifest)
    begun = time.perf_counter()
    engine = recogniser or Moonshine()
    load_s = time.perf_counter() - begun
    spoken = [row for row in recordings if row.kind == "speech" and row.text and row.language in engine.languages]
    if not spoken:
        raise UsageError(f"{manifest}: no row has speech with its text", "add rows of kind speech with text and lang")
    voice = GatedSilero()

    def heard(pcm: bytes, language: Language) -> str:
        voice.reset()
        clips = turns(pcm, voice)
        return " ".join(engine.transcribe(clip, language, Expecting.COMMAND, _Never()).text for clip in clips)

    result = _measured(spoken, heard, progress, engine.name)
    silent = [row for row in recordings if row.kind == "noise"]
    told = sum(bool(heard(row.pcm(), "en").strip()) for row in silent)
    result |= {"engine": engine.name, "load_s": round(load_s, 2), "rss_mb": _rss_mb()}
    result |= {"noise_with_text": told, "noise_clips": len(silent)}
    english = [row for row in spoken if row.language == "en"]
    return {**result, "baseline": _baseline(english, progress)}


def _measured(
    spoken: Sequence[Row], heard: Callable[[bytes, Language], str], progress: Progress, name: str
) -> dict[str, Any]:
    """Return the figures of one way to hear."""
    scores: dict[str, _Score] = defaultdict(_Score)
    spent_s = sound_s = 0.0
    for number, row in enumerate(spoken, 1):
        pcm = row.pcm()
        language: Language = row.language or "en"
        begun = time.process_time()
        text = heard(pcm, language)
        spent_s += time.process_time() - begun
        sound_s += len(pcm) / 32000
        wanted, got = plain(row.text, language), plain(text, language)
        score = scores[row.source]
        score.errors += distance(wanted, got)
        score.words += len(wanted)
        score.clips += 1
        if number % 20 == 0 or number == len(spoken):
            progress(f"{name}: {number} of {len(spoken)} clips")
    total = _Score(*(sum(getattr(score, field) for score in scores.values()) for field in ("errors", "words", "clips")))
    by_source = {source: score.told() for source, score in sorted(scores.items())}
    return {**by_source, "all": total.told(), "rtf": round(spent_s / sound_s, 4)}


def _baseline(spoken: Sequence[Row], progress: Progress) -> dict[str, Any]:
    """Return the figures of moonshine-voice as it comes, with its own voice activity detection; empty where it is missing."""
    try:
        import moonshine_voice  # noqa: PLC0415 - heavy, and only for comparison
    except ImportError:
        return {}
    transcriber = moonshine_voice.Transcriber(
        model_path=str(shipped_moonshine()), model_arch=moonshine_voice.ModelArch.TINY
    )

    def heard(pcm: bytes, _: Language) -> str:
        sound = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
        lines = transcriber.transcribe_without_streaming(sound.tolist(), 16000).lines
        return " ".join(str(line.text) for line in lines)

    return {"what": "moonshine-voice as it comes", **_measured(spoken, heard, progress, "baseline")}


def plain(text: str, language: Language) -> list[str]:
    """Return words (Chinese: characters) in lower case without punctuation, numbers below a million in words."""
    lowered = text.lower().replace("\u2019", "'").replace("%", " percent ")
    if language == "zh":
        return [letter for letter in lowered if letter.isalnum()]
    spelled = re.sub(r"\d+", lambda match: f" {_number(int(match[0]))} ", lowered.replace("-", " "))
    return re.sub(r"[^a-z' ]", " ", spelled).split()


def _number(value: int) -> str:
    """Return a number in words; digits one by one from a million on."""
    if value < 20:
        return _SMALL[value]
    if value < 100:
        return " ".join([_TENS[value // 10 - 2], *([_SMALL[value % 10]] if value % 10 else [])])
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if size <= value < size * 1000:
            rest = f" {_number(value % size)}" if value % size else ""
            return f"{_number(value // size)} {name}{rest}"
    return " ".join(_SMALL[int(digit)] for digit in str(value))


def distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Return how many words must be put in, left out or replaced (Levenshtein)."""
    row = list(range(len(got) + 1))
    for count, word in enumerate(wanted, 1):
        above, row[0] = row[0], count
        for at, other in enumerate(got, 1):
            above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, above + (word != other))
    return row[-1]


def _rss_mb() -> int:
    """Return what this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return math.ceil(pages * 4096 / 1e6)
