"""Strikes: what goes wrong around a daemon and with it, how long until it listens again, and whether it hears."""

import contextlib
import os
import random
import signal
import statistics
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from assistant.bench.stand import CABIN, FACE, MICROPHONE, PATIENCE_S, Stand, answers, plug_in
from assistant.bench.unit import WATCHDOG_S
from assistant.errors import BusError
from assistant.hear.wav import read_audio
from assistant.places import shipped

AWAKE_S: Final = 6.0
WORD_S: Final = 1.0
RATE_HZ: Final = 16_000
STRIKES: Final = ("kill -9", "SIGSTOP", "bus restart", "sound server restart", "broker restart", "microphone unplugged")


def run(stand: Stand, rounds: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """Strike, wait until it listens again, and see whether it hears."""
    word = stand.folder / "word.wav"
    _cut_word(word)
    chance = random.Random(1)  # noqa: S311 - an order, not a secret
    took: dict[str, list[float]] = {name: [] for name in STRIKES}
    deaf = dict.fromkeys(STRIKES, 0)
    order: list[str] = []
    for number in range(rounds):
        if not order:
            order = list(STRIKES)
            chance.shuffle(order)
        name = order.pop()
        progress(f"strike {number + 1} of {rounds}: {name}")
        took[name].append(_strike(stand, name))
        deaf[name] += not _hears(stand, word)
    figures: dict[str, Any] = {"rounds": rounds, "deaf": sum(deaf.values()), "watchdog bit": stand.unit.watchdogs}
    for name in (name for name in STRIKES if took[name]):
        times = [round(each, 2) for each in sorted(took[name])]
        figures[name] = {"s_median": statistics.median(times), "s_longest": times[-1], "deaf": deaf[name]}
    return figures


def _strike(stand: Stand, name: str) -> float:
    """Return the seconds from the moment when what was struck is back until the daemon listens and is on the bus."""
    unit, at = stand.unit, time.monotonic()
    match name:
        case "kill -9":
            os.kill(unit.pid, signal.SIGKILL)
        case "SIGSTOP":
            os.kill(unit.pid, signal.SIGSTOP)
        case "bus restart":
            stand.bus.kill()
            time.sleep(0.5)
            stand.bus.start()
        case "sound server restart":
            stand.sound.die()
            unit.wait_until(lambda: "without" in unit.status, PATIENCE_S, "without a microphone")
            plug_in(stand)
        case "broker restart":
            stand.broker.kill()
            time.sleep(0.5)
            stand.broker.start()
        case _:
            stand.sound.unload(stand.microphone)
            time.sleep(2.0)
            stand.microphone = stand.sound.load(MICROPHONE)
    back = time.monotonic()
    if name in {"kill -9", "SIGSTOP", "sound server restart"}:
        unit.wait_until(lambda: unit.listening_since(at), WATCHDOG_S + PATIENCE_S, "listening again")
    unit.wait_until(lambda: answers(stand), PATIENCE_S, "on the bus again")
    return time.monotonic() - back


def _hears(stand: Stand, word: Path) -> bool:
    """Say the wake word; tell whether the ear opened. Said again once: one in fifty is missed by any detector."""
    for _ in range(2):
        before = len(stand.opened)
        stand.sound.play_into_microphone(word)
        ends = time.monotonic() + AWAKE_S
        while time.monotonic() < ends:
            if len(stand.opened) > before:
                with contextlib.suppress(BusError):
                    stand.screen.call(CABIN, f"{FACE}.Cancel")
                return True
            time.sleep(0.02)
    return False


def _cut_word(path: Path) -> None:
    """Write the wake word that a recorded sentence begins with, between silences."""
    word = read_audio(shipped("tests/clips/air-conditioning.flac"))[: int(2 * WORD_S * RATE_HZ)]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(bytes(RATE_HZ // 2) + word + bytes(RATE_HZ))
