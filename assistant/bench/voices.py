"""Synthetic speakers for sentences that no recording has: flite's and espeak-ng's voices, each a process."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from assistant.errors import EngineError
from assistant.hear.wav import read_audio

VOICES: Mapping[str, tuple[str, ...]] = {
    "flite slt": ("flite", "-voice", "slt"),
    "flite rms": ("flite", "-voice", "rms"),
    "flite awb": ("flite", "-voice", "awb"),
    "flite kal": ("flite", "-voice", "kal"),
    "espeak-ng en-us": ("espeak-ng", "-v", "en-us"),
}


def installed() -> tuple[str, ...]:
    """Return the names of the voices whose program is here; EngineError if there is none."""
    names = tuple(name for name, command in VOICES.items() if shutil.which(command[0]))
    if not names:
        raise EngineError("no synthetic speaker is installed", "apt install flite espeak-ng")
    return names


def speak(voice: str, sentence: str) -> bytes:
    """Return the sentence as 16 kHz mono s16le; EngineError if the program fails."""
    program, *options = VOICES[voice]
    with tempfile.TemporaryDirectory(prefix="cabin-voice-") as folder:
        wav = Path(folder) / "spoken.wav"
        text = ["-t", sentence, "-o", str(wav)] if program == "flite" else ["-w", str(wav), sentence]
        done = subprocess.run([program, *options, *text], capture_output=True, check=False, timeout=60)
        if done.returncode or not wav.exists():
            raise EngineError(
                f"{voice} cannot speak: {done.stderr.decode(errors='replace').strip()}", "apt install flite espeak-ng"
            )
        return read_audio(wav)
