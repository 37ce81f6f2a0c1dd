"""A person in the guest's car: speaks into the microphone's other end, records the loudspeaker's, presses buttons on the bus."""

import json
import os
import queue
import subprocess
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from assistant.errors import BusError
from assistant.hear.wav import read_audio
from assistant.platform.bus import Bus

CABIN: Final = ("org.cabin.Assistant1", "/org/cabin/Assistant1")
EXCHANGES: Final = Path("/var/lib/cabin-bench/exchanges.jsonl")
CLIPS: Final = Path("/usr/share/cabin/tests/clips")
MOUTH: Final = ("aplay", "-q", "-D", "plughw:0,0", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "16000")
VOICE_HZ: Final = 22_050
EAR: Final = ("arecord", "-q", "-D", "plughw:1,1", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(VOICE_HZ))
QUIET: Final = 200
"""Of 32,767: below it there is no voice."""
AFTER_S: Final = 1.0
LOOK_S: Final = 0.25
"""Looking costs the emulated processor more than waiting."""
AT_REST: Final = frozenset({"idle"})


class Person:
    """Talks to the running service only as people and screens do."""

    def __init__(self) -> None:
        """Listen on the system bus; what was said before is gone: a power cut leaves half lines and zeros in the file."""
        if EXCHANGES.exists():
            os.truncate(EXCHANGES, 0)
        self._bus = Bus("system")
        self.replies: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._bus.listen(CABIN[0], f"{CABIN[0]}.Reply", lambda _who, _path, told: self.replies.put(str(told[1])))
        self._bus.listen(
            CABIN[0],
            f"{CABIN[0]}.Confirmation",
            lambda _who, _path, told: self._asked.put((int(told[0]), str(told[1]))),
        )

    def speak(self, clip: str, out: Path | None, timeout_s: float) -> dict[str, Any]:
        """Play a recording into the microphone; return the exchange it led to and what the loudspeaker said."""
        self.until(lambda: self.state() in AT_REST, timeout_s, "the conversation does not rest")
        already = len(self.exchanges())
        pcm = read_audio(CLIPS / f"{clip}.flac")
        with tempfile.TemporaryFile() as tape:
            with subprocess.Popen(EAR, stdout=tape) as recorder:
                try:
                    subprocess.run(MOUTH, input=pcm + bytes(2 * 16_000), check=True, timeout=timeout_s)
                    self.until(lambda: len(self.exchanges()) > already, timeout_s, "nothing came of the sentence")
                    time.sleep(AFTER_S)
                finally:
                    recorder.terminate()
            tape.seek(0)
            heard = tape.read()
        return {"clip": clip, "exchange": self.exchanges()[already], "loudspeaker": _voice(heard, out)}

    def ask(self, text: str, timeout_s: float) -> dict[str, Any]:
        """Type a sentence; return the exchange."""
        self.until(lambda: self.state() in AT_REST, timeout_s, "the conversation does not rest")
        already = len(self.exchanges())
        self._call("Ask", "ss", text, "en")
        self.until(lambda: len(self.exchanges()) > already, timeout_s, "nothing came of the sentence")
        return {"exchange": self.exchanges()[already]}

    def wish(self, text: str, timeout_s: float) -> tuple[int, str]:
        """Ask for something that costs; return the turn and the words of the read-back."""
        self.until(lambda: self.state() in AT_REST, timeout_s, "the conversation does not rest")
        while not self._asked.empty():
            self._asked.get()
        self._call("Ask", "ss", text, "en")
        try:
            return self._asked.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError(f"no price was read back in {timeout_s:.0f} s, but: {self.said()}") from None

    def agree(self, turn: int) -> None:
        """Press the button for yes, once the read-back was heard."""
        self.until(lambda: self.state() == "confirming", 120, "the read-back does not end")
        self._call("Confirm", "u", turn)

    def state(self) -> str:
        """Return where the conversation stands; "" while nobody answers."""
        try:
            return str(self._bus.get(CABIN, f"{CABIN[0]}.State"))
        except BusError:
            return ""

    def online(self) -> bool:
        """Tell whether the bridge answered lately."""
        try:
            return bool(self._bus.get(CABIN, f"{CABIN[0]}.Online"))
        except BusError:
            return False

    def bus_ms(self, times: int) -> list[float]:
        """Return how long each of so many calls took."""
        took = []
        for _ in range(times):
            began = time.perf_counter()
            self._bus.get(CABIN, f"{CABIN[0]}.State")
            took.append(1000 * (time.perf_counter() - began))
        return took

    def said(self) -> list[str]:
        """Return the sentences that were said since the last call."""
        found = []
        while not self.replies.empty():
            found.append(self.replies.get())
        return found

    @staticmethod
    def exchanges() -> list[dict[str, Any]]:
        """Return every exchange so far; a line that is being written does not count."""
        text = EXCHANGES.read_text(encoding="utf-8") if EXCHANGES.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    @staticmethod
    def until(true: Callable[[], bool], timeout_s: float, otherwise: str) -> float:
        """Wait until it is true; return the seconds. TimeoutError with the words of `otherwise`."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > timeout_s:
                raise TimeoutError(f"{otherwise} in {timeout_s:.0f} s")
            time.sleep(LOOK_S)
        return time.monotonic() - began

    def _call(self, method: str, kinds: str, *arguments: object) -> None:
        self._bus.call(CABIN, f"{CABIN[0]}.{method}", kinds, *arguments, timeout_s=20)


def _voice(pcm: bytes, out: Path | None) -> dict[str, Any]:
    """Cut the silence around a recording of the loudspeaker, keep it as a WAV file, and tell how long and loud it is."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    spoken = samples[loud[0] : loud[-1] + 1] if loud.size else samples[:0]
    if out is not None and spoken.size:
        with wave.open(str(out), "wb") as file:
            file.setparams((1, 2, VOICE_HZ, 0, "NONE", ""))
            file.writeframes(spoken.tobytes())
    peak = int(np.abs(spoken.astype(np.int32)).max()) if spoken.size else 0
    return {"wav": out.name if out else "", "seconds": round(spoken.size / VOICE_HZ, 2), "peak": peak}
