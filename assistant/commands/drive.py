"""`cabin drive`: audio files play the microphone."""

import argparse
import sys
from pathlib import Path

from assistant.commands._show import as_line, as_text
from assistant.config import load
from assistant.report import Exchange


def add(parser: argparse.ArgumentParser) -> None:
    """Take files and how to play them."""
    parser.add_argument(
        "clips", nargs="+", type=Path, metavar="CLIP", help="WAV or FLAC, any rate; they follow one another"
    )
    parser.add_argument("--fast", action="store_true", help="as fast as the machine can (no timings)")
    parser.add_argument(
        "--press", action="store_true", help="press the talk button at each clip's start: no wake word needed"
    )
    parser.add_argument("--out", type=Path, metavar="WAV", help="write the spoken answers into a file")
    parser.add_argument("--json", action="store_true", help="JSON lines even on a terminal")


def run(options: argparse.Namespace) -> int:
    """Print one line an exchange; 0 if every clip led to one that was understood."""
    from assistant.driver import Drive, Driver, Opening
    from assistant.hear.wav import Pace, Recording, read_audio

    show = as_line if options.json or not sys.stdout.isatty() else as_text
    recordings = [Recording(str(clip), read_audio(clip), 0.3, 0.3) for clip in options.clips]
    exchanges: list[Exchange] = []

    def report(exchange: Exchange) -> None:
        exchanges.append(exchange)
        print(show(exchange), flush=True)

    pace = Pace.FAST if options.fast else Pace.REAL
    opening = Opening.BUTTON if options.press else Opening.WORD
    Driver(load(options.config), recordings, Drive(pace, opening, options.out), report).run()
    asleep = [clip for clip in map(str, options.clips) if clip not in {exchange.clip for exchange in exchanges}]
    for clip in asleep:
        print(show(Exchange(0, clip)), flush=True)
        print(f"cabin drive: {clip}: nobody was woken (--press needs no wake word)", file=sys.stderr)
    return 0 if not asleep and all(exchange.requests for exchange in exchanges if exchange.transcript) else 1
