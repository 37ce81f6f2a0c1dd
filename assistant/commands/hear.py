"""`cabin hear`: what the recogniser makes of audio files."""

import argparse
import json
import sys
import time
from pathlib import Path

from assistant.config import load
from assistant.core.audio import SAMPLE_RATE_HZ, Clip
from assistant.core.effect import Expecting
from assistant.core.text import LANGUAGES
from assistant.engines import Engines
from assistant.worker import Token


def add(parser: argparse.ArgumentParser) -> None:
    """Take files."""
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="WAV or FLAC, any rate")
    parser.add_argument("--lang", choices=LANGUAGES, help="language spoken (default: the configured one)")
    parser.add_argument("--json", action="store_true", help="JSON lines even on a terminal")


def run(options: argparse.Namespace) -> int:
    """Print one transcript a file; 0 if all could be read, however little was heard."""
    from assistant.hear.wav import read_audio

    config = load(options.config)
    clips = [(path, read_audio(path)) for path in options.clips]
    recogniser = Engines(config).recogniser()
    for path, pcm in clips:
        seconds = len(pcm) / 2 / SAMPLE_RATE_HZ
        began = time.monotonic()
        clip = Clip(pcm, 0.0, seconds)
        transcript = recogniser.transcribe(clip, options.lang or config.language, Expecting.COMMAND, Token())
        told = {
            "clip": str(path),
            "text": transcript.text,
            "language": transcript.language,
            "confidence": round(transcript.confidence, 3),
            "engine": transcript.engine,
            "seconds": round(seconds, 2),
            "ms": round((time.monotonic() - began) * 1000),
        }
        terminal = sys.stdout.isatty() and not options.json
        print(f"{path}: {transcript.text}" if terminal else json.dumps(told, ensure_ascii=False), flush=True)
    return 0
