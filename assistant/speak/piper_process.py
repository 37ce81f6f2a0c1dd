"""Piper in a process of its own (GPL-3): `python -m assistant.speak.piper_process VOICE.onnx`.

In, one JSON line a sentence: {"id": 7, "text": "…"}. Out, frames: one letter, the id and the payload's length (little-endian
u32 each), the payload. R: ready, {"sample_rate_hz": …} (id 0); P: s16le mono; E: the sentence is complete; X: it failed, in words.
The process ends with its standard input.
"""

import contextlib
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

from assistant.seal import seal

HEADER: Final = struct.Struct("<cII")
LONGEST: Final = 2000
"""Characters of one sentence; what is longer is cut."""
THREADS: Final = 1
OFFLINE_PHONEMES: Final = ("espeak", "text")
"""Kinds of voices that need no download when they speak."""


def main() -> int:
    """Load the voice, then speak until standard input ends; 1 if the voice cannot be loaded."""
    # What libraries print must not come between the frames.
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    path = Path(sys.argv[1])
    try:
        seal(path.stat().st_size)
        voice = _load(path)
    except Exception as error:  # noqa: BLE001 - a voice file may break the library in any way
        _send(frames, b"X", 0, f"{type(error).__name__}: {error}".encode())
        return 1
    _send(frames, b"R", 0, json.dumps({"sample_rate_hz": voice.config.sample_rate}).encode())
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            request = json.loads(line)
            _speak(voice, frames, request["id"], request["text"][:LONGEST], request["rate_percent"])
    return 0


def _load(path: Path) -> Any:
    config = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    kind = config.get("phoneme_type", "espeak")
    if kind not in OFFLINE_PHONEMES:
        raise ValueError(f"voices with {kind} phonemes fetch a model while they speak; take one with espeak phonemes")
    import onnxruntime  # noqa: PLC0415 - comes with piper
    from piper import PiperConfig, PiperVoice  # noqa: PLC0415 - GPL-3, loaded in this process only

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    # A thread that spins while it waits takes the processor from the ear.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return PiperVoice(session=session, config=PiperConfig.from_dict(config))


def _speak(voice: Any, frames: BinaryIO, number: int, text: str, rate_percent: int) -> None:
    from piper import SynthesisConfig  # noqa: PLC0415 - as above

    pace = SynthesisConfig(length_scale=voice.config.length_scale * 100 / rate_percent)
    try:
        for chunk in voice.synthesize(text, pace):
            _send(frames, b"P", number, chunk.audio_int16_bytes)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the next sentence may be fine
        _send(frames, b"X", number, f"{type(error).__name__}: {error}".encode())
    else:
        _send(frames, b"E", number, b"")


def _send(frames: BinaryIO, kind: bytes, number: int, payload: bytes) -> None:
    frames.write(HEADER.pack(kind, number, len(payload)) + payload)
    frames.flush()


if __name__ == "__main__":
    sys.exit(main())
