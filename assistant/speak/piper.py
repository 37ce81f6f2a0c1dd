"""Piper voices, spoken by a process of their own (GPL-3) that is started early, kept, and started again when it dies."""

import importlib.util
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final

import assistant
from assistant.core.text import Language
from assistant.errors import EngineError, ModelError
from assistant.speak.parts import speakable
from assistant.speak.piper_process import HEADER

LOADING_S: Final = 20.0
SENTENCE_S: Final = 10.0
"""A sentence that brings no sound for this long is given up and the process ended."""
REST_S: Final = 10.0
"""After a process that did not start, the next is tried this much later; doubled each time, at most LONGEST_REST_S."""
LONGEST_REST_S: Final = 300.0
CHUNK_BYTES: Final = 4096

log = logging.getLogger(__name__)


class Piper:
    """A `core.ports.Voice`; one sentence at a time."""

    name = "piper"

    def __init__(self, voice: Path, language: Language, rate_percent: int = 100) -> None:
        """Take an ONNX voice, its JSON beside it, both already checked; start loading. Raises ModelError or EngineError."""
        if importlib.util.find_spec("piper") is None:
            raise EngineError("piper-tts is not installed", "pip install 'cabin-assistant[piper]'")
        self.languages: tuple[Language, ...] = (language,)
        self.sample_rate_hz = _sample_rate_hz(voice)
        self._voice = voice
        self._rate_percent = max(50, min(200, rate_percent))
        self._number = 0
        self._rest_s = 0.0
        self._not_before = 0.0
        self._process: _Process | None = None
        self._process = self._start()

    def synthesise(self, sentence: str, language: Language) -> Generator[bytes]:
        """Yield s16le mono chunks at `sample_rate_hz`; what is made after closing is thrown away. Raises EngineError."""
        del language
        process = self._ready()
        self._number += 1
        number = self._number
        try:
            process.send({"id": number, "text": speakable(sentence), "rate_percent": self._rate_percent})
            while True:
                kind, of, payload = process.receive(SENTENCE_S)
                if of != number:
                    continue
                if kind == b"E":
                    return
                if kind == b"X":
                    break
                for start in range(0, len(payload), CHUNK_BYTES):
                    yield payload[start : start + CHUNK_BYTES]
        except EngineError:
            self.close()
            raise
        raise EngineError(f"piper cannot say this: {payload.decode(errors='replace')}", "the next voice says it")

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _start(self) -> "_Process":
        return _Process([sys.executable, "-m", "assistant.speak.piper_process", str(self._voice)])

    def _ready(self) -> "_Process":
        """Return a process whose voice is loaded."""
        if self._process is not None and self._process.loaded and self._process.alive():
            return self._process
        if time.monotonic() < self._not_before:
            raise EngineError(
                "piper does not start", f"look at the voice {self._voice}; `cabin models verify` checks it"
            )
        if self._process is None or self._process.loaded:
            self.close()
            self._process = self._start()
        try:
            self._process.load(self._voice.name)
        except EngineError:
            self.close()
            self._rest_s = min(LONGEST_REST_S, max(REST_S, 2 * self._rest_s))
            self._not_before = time.monotonic() + self._rest_s
            raise
        self._rest_s = 0.0
        return self._process


class _Process:
    """The other side of the pipe."""

    def __init__(self, command: list[str]) -> None:
        path = os.pathsep.join(filter(None, (str(Path(assistant.__file__).parents[1]), os.environ.get("PYTHONPATH"))))
        pipe = subprocess.PIPE
        self.loaded = False
        self._words = os.memfd_create("piper-stderr")
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self._words, bufsize=0, env=os.environ | {"PYTHONPATH": path}
        )

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    def load(self, name: str) -> None:
        """Wait until the voice is loaded; raise EngineError."""
        kind, _, payload = self.receive(LOADING_S)
        if kind != b"R":
            raise EngineError(f"piper cannot load {name}: {payload.decode(errors='replace')}", "`cabin models verify`")
        self.loaded = True

    def send(self, request: dict[str, object]) -> None:
        """Write one line; raise EngineError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._died() from None

    def receive(self, patience_s: float) -> tuple[bytes, int, bytes]:
        """Return kind, id and payload of the next frame; raise EngineError."""
        deadline = time.monotonic() + patience_s
        kind, number, length = HEADER.unpack(self._read(HEADER.size, deadline))
        return kind, number, self._read(length, deadline)

    def end(self) -> None:
        """Kill it and give everything back."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        os.close(self._words)

    def _read(self, count: int, deadline: float) -> bytes:
        assert self._process.stdout is not None
        data = bytearray()
        while len(data) < count:
            if not select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise EngineError("piper does not answer", "a smaller voice is quicker; or set speak.engine = 'espeak'")
            chunk = os.read(self._process.stdout.fileno(), count - len(data))
            if not chunk:
                raise self._died()
            data += chunk
        return bytes(data)

    def _died(self) -> EngineError:
        code = self._process.wait()
        size = os.fstat(self._words).st_size
        words = os.pread(self._words, 300, max(0, size - 300)).decode(errors="replace").strip().splitlines()
        return EngineError(
            f"piper died with exit code {code}{': ' + words[-1] if words else ''}", "the next voice goes on"
        )


def _sample_rate_hz(voice: Path) -> int:
    mend = "`cabin models fetch piper-en`, or give the .onnx file with its .onnx.json beside it"
    if not voice.is_file():
        raise ModelError(f"{voice}: no such voice", mend)
    try:
        settings = json.loads(voice.with_name(f"{voice.name}.json").read_text(encoding="utf-8"))
        return int(settings["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{voice}.json is not a piper voice's: {type(error).__name__}: {error}", mend) from None
