"""espeak-ng: the voice that is always there. GPL-3, so a process of its own for every sentence (first byte after about 10 ms)."""

import os
import select
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Final

from assistant.core.text import Language
from assistant.errors import EngineError
from assistant.speak.parts import speakable

WAV_HEADER_BYTES: Final = 44
PATIENCE_S: Final = 5.0
"""A sentence that brings no sound for this long is given up."""
VOICES: Final[dict[Language, str]] = {"en": "en-us", "zh": "cmn"}


class Espeak:
    """A `core.ports.Voice` around the program espeak-ng."""

    name = "espeak-ng"
    languages: tuple[Language, ...] = ("en", "zh")
    sample_rate_hz = 22_050

    def __init__(self, program: str = "espeak-ng", rate_percent: int = 100) -> None:
        """Find the program. Raises EngineError where it is not installed."""
        found = shutil.which(program)
        if found is None:
            raise EngineError(f"{program} is not installed", "apt install espeak-ng, or set speak.engine")
        self._program = found
        self._words_per_minute = max(80, min(450, 165 * rate_percent // 100))

    def synthesise(self, sentence: str, language: Language) -> Generator[bytes]:
        """Yield s16le mono chunks at `sample_rate_hz` as they are made; closing ends the process. Raises EngineError."""
        with self._start(language) as process:
            try:
                yield from _samples(process, speakable(sentence))
            finally:
                process.kill()

    def close(self) -> None:
        """Do nothing: no process outlives its sentence."""

    def _start(self, language: Language) -> subprocess.Popen[bytes]:
        # The text goes through the pipe: arguments are readable by every user of the machine.
        command = [
            self._program,
            "-v",
            VOICES[language],
            "-s",
            str(self._words_per_minute),
            "-z",
            "--stdin",
            "--stdout",
        ]
        try:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
        except OSError as error:
            raise EngineError(f"espeak-ng does not start: {error}", "reinstall espeak-ng") from None


def _samples(process: subprocess.Popen[bytes], text: str) -> Iterator[bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(text.encode())
        process.stdin.close()
    except OSError as error:
        raise EngineError(f"espeak-ng ended before the sentence: {error}", "reinstall espeak-ng") from None
    header, odd = b"", b""
    for chunk in _chunks(process.stdout.fileno()):
        data = odd + chunk
        if len(header) < WAV_HEADER_BYTES:
            missing = WAV_HEADER_BYTES - len(header)
            header, data = header + data[:missing], data[missing:]
        whole = len(data) // 2 * 2
        odd = data[whole:]
        if whole:
            yield data[:whole]
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_S)
    if process.returncode != 0 or not header.startswith(b"RIFF"[: len(header)]):
        raise EngineError(f"espeak-ng failed with exit code {process.returncode}", "try: espeak-ng hello")


def _chunks(descriptor: int) -> Iterator[bytes]:
    while True:
        if not select.select([descriptor], [], [], PATIENCE_S)[0]:
            raise EngineError(f"espeak-ng made no sound for {PATIENCE_S:g} s", "try: espeak-ng hello")
        chunk = os.read(descriptor, 8192)
        if not chunk:
            return
        yield chunk
