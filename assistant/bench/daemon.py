"""`cabin bench daemon`: the daemon as it runs in a car, with real servers around it that are struck again and again.

Measured: how soon it is ready, what it costs while nobody speaks, how quick a call over D-Bus is, and after each strike how
long until it listens again and whether it hears: a recorded wake word is played into the microphone, and the bus must say
that the ear opened. The plain baseline is what the strikes do to a program that nobody starts again: it stays away.
"""

import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from assistant.bench import strikes
from assistant.bench.growth import Sample, growth
from assistant.bench.servers import Mosquitto
from assistant.bench.soundserver import missing
from assistant.bench.stand import CABIN, FACE, PATIENCE_S, Stand, answers, begin, leave, plug_in
from assistant.bench.unit import anonymous_kb, cpu_s, rss_kb
from assistant.errors import BusError, EngineError, UsageError
from assistant.places import shipped

Progress = Callable[[str], None]

IDLE_S: Final = 20.0
CALLS: Final = 1000


def run(progress: Progress, rounds: int = 12, soak_minutes: float = 0.0) -> dict[str, Any]:
    """Return the figures; about a minute, seven seconds a round, and the soak. Raises UsageError where a program is missing."""
    lacks = [*missing(), *(() if Mosquitto.there() else ("mosquitto",))]
    if lacks:
        raise UsageError(
            f"not installed: {', '.join(lacks)}", "apt install dbus pipewire wireplumber pulseaudio-utils mosquitto"
        )
    folder = Path(tempfile.mkdtemp(prefix="cabin-daemon-"))
    try:
        stand = begin(folder)
        try:
            figures = _calm(stand, progress)
            figures["strikes"] = strikes.run(stand, rounds, progress)
            if soak_minutes:
                figures["soak"] = _soak(stand, soak_minutes, progress)
        finally:
            leave(stand)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


def _calm(stand: Stand, progress: Progress) -> dict[str, Any]:
    """Measure a daemon that nobody disturbs."""
    progress("starting")
    began = time.monotonic()
    stand.unit.start()
    stand.unit.wait_until(lambda: stand.unit.listening_since(began), PATIENCE_S, "listening")
    listening_s = time.monotonic() - began
    replies: list[float] = []
    stand.screen.listen("", f"{FACE}.Reply", lambda _s, _p, told: _note_time(told[1], replies))
    stand.unit.wait_until(lambda: answers(stand), PATIENCE_S, "on the bus")
    stand.screen.call(CABIN, f"{FACE}.Ask", "ss", "what time is it", "en")
    stand.unit.wait_until(lambda: bool(replies), PATIENCE_S, "answering")
    rules_s = replies[0] - began
    _settle()
    figures: dict[str, Any] = {
        "s from start to listening": round(listening_s, 2),
        "s from start to the first answer by the rules": round(rules_s, 2),
        "D-Bus call": _calls(stand, progress),
        "% of a core idle, with a microphone": _idle(stand, progress),
        "rss_mb": rss_kb(stand.unit.pid) // 1024,
    }
    stand.sound.unload(stand.microphone)
    stand.sound.die()
    stand.unit.wait_until(lambda: "without" in stand.unit.status, PATIENCE_S, "without a microphone")
    _settle()
    figures["% of a core idle, without a microphone"] = _idle(stand, progress)
    at = time.monotonic()
    plug_in(stand)
    stand.unit.wait_until(lambda: stand.unit.listening_since(at), PATIENCE_S, "listening")
    return figures


def _note_time(said: str, replies: list[float]) -> None:
    """Note when the time of day was told; "one moment" is no answer."""
    if any(char.isdigit() for char in said):
        replies.append(time.monotonic())


def _settle() -> None:
    """Let what a start or an end began come to its end."""
    time.sleep(10.0)


def _calls(stand: Stand, progress: Progress) -> dict[str, Any]:
    progress("calling over D-Bus")
    took = []
    for number in range(CALLS):
        began = time.perf_counter()
        with contextlib.suppress(BusError):  # one that was not answered in time counts with that time
            if number % 2:
                stand.screen.get(CABIN, f"{FACE}.State")
            else:
                stand.screen.call(CABIN, f"{FACE}.Cancel")
        took.append((time.perf_counter() - began) * 1000)
    return {"p50_ms": round(statistics.median(took), 2), "p95_ms": round(sorted(took)[int(0.95 * CALLS)], 2)}


def _idle(stand: Stand, progress: Progress) -> float:
    progress("measuring what it costs to wait")
    began, before = time.monotonic(), cpu_s(stand.unit.pid)
    time.sleep(IDLE_S)
    return round(100 * (cpu_s(stand.unit.pid) - before) / (time.monotonic() - began), 2)


def _soak(stand: Stand, minutes: float, progress: Progress) -> dict[str, Any]:
    """Speak and type without a pause; return how the memory of the daemon's last life grows."""
    clips = sorted(shipped("tests/clips").glob("*.flac"))
    typed = ("what time is it", "turn on the air conditioning", "open the window", "现在几点", "what can you do")
    began = born = time.monotonic()
    sentences, played, life = 0, 0, stand.unit.starts
    opened = len(stand.opened)
    samples: list[Sample] = []
    while (past := time.monotonic() - began) < minutes * 60:
        progress(f"soak: {past / 60:.0f} of {minutes:g} minutes, {samples[-1].rss_kb // 1024 if samples else 0} MB")
        if sentences % 10 == 0:
            played += 1
            stand.sound.play_into_microphone(clips[sentences // 10 % len(clips)])
        text = typed[sentences % len(typed)]
        with contextlib.suppress(BusError):
            stand.screen.call(CABIN, f"{FACE}.Ask", "ss", text, "en" if text.isascii() else "zh")
            sentences += 1
        time.sleep(0.5)
        if stand.unit.starts != life:
            life, born, samples = stand.unit.starts, time.monotonic(), []
        with contextlib.suppress(EngineError):  # it has just ended, and is started again
            samples.append(Sample(time.monotonic() - born, rss_kb(stand.unit.pid), anonymous_kb(stand.unit.pid)))
    return {
        "minutes": minutes,
        "sentences": sentences,
        "wake words played": played,
        "heard": len(stand.opened) - opened,
        **(growth(samples) if samples else {}),
        "starts": stand.unit.starts,
    }
