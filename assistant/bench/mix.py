"""Recordings of a manifest, and real car noise mixed under them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.core.text import Language
from assistant.errors import UsageError
from assistant.hear.wav import read_audio

FRAME = 320
ACTIVE_BELOW_PEAK_DB = 25.0
"""Frames so much below the loudest are pauses and do not count as signal."""
_MEND = "give JSON lines with file, kind, source and text, files relative to the manifest"


@dataclass(frozen=True, slots=True)
class Row:
    """One recording: fields as in data/speech/manifest.jsonl."""

    path: Path
    kind: str
    """wakeword, speech, other or noise."""
    source: str
    text: str
    language: Language | None
    noise_type: str
    seconds: float

    def pcm(self) -> bytes:
        """Read the sound as s16le at 16 kHz; raise AudioFileError."""
        return read_audio(self.path)


def rows(manifest: Path) -> tuple[Row, ...]:
    """Return every row; raise UsageError if the file is no manifest or empty."""
    try:
        lines = manifest.read_text("utf-8").splitlines()
        found = tuple(_row(manifest, json.loads(line)) for line in lines if line.strip())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{manifest}: not a manifest: {error!r}", _MEND) from error
    if not found:
        raise UsageError(f"{manifest}: holds no recordings", _MEND)
    return found


def _row(manifest: Path, fields: Mapping[str, Any]) -> Row:
    """Read one line."""
    language: Language | None = {"en": "en", "zh": "zh"}.get(str(fields.get("lang")))  # type: ignore[assignment]
    return Row(
        path=manifest.parent / str(fields["file"]),
        kind=str(fields["kind"]),
        source=str(fields["source"]),
        text=str(fields.get("text") or ""),
        language=language,
        noise_type=str(fields.get("noise_type") or ""),
        seconds=float(fields.get("seconds") or 0.0),
    )


def car_noise(recordings: Sequence[Row]) -> bytes | None:
    """Return the noise of a car's inside, of another vehicle's if there is none, or None."""
    for wanted in ("car interior", "vehicle interior"):
        for row in recordings:
            if row.kind == "noise" and wanted in row.noise_type:
                return row.pcm()
    return None


def mixed(pcm: bytes, noise: bytes, snr_db: float, start: int = 0) -> bytes:
    """Return the sound with noise (repeated, from sample `start` on) `snr_db` below the level of its speech."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    hum = np.frombuffer(noise, "<i2").astype(np.float64)
    hum = np.resize(np.roll(hum, -start), len(sound))
    gain = np.sqrt(_level(sound) / max(float((hum**2).mean()), 1e-9) / 10 ** (snr_db / 10))
    return bytes(np.clip(np.rint(sound + gain * hum), -32768, 32767).astype("<i2").tobytes())


def _level(sound: npt.NDArray[np.float64]) -> float:
    """Return the mean power of the frames that are not pauses."""
    whole = sound[: len(sound) // FRAME * FRAME]
    powers = (whole.reshape(-1, FRAME) ** 2).mean(axis=1) if len(whole) else np.array([float((sound**2).mean())])
    return float(powers[powers >= powers.max() / 10 ** (ACTIVE_BELOW_PEAK_DB / 10)].mean())
