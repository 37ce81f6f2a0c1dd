"""`cabin bench turn`: whole turns from sound to action, next to a plain assistant on the same sound.

Three questions: are spoken coffee orders understood with every detail (human speakers, clean and in car noise); are the sentences the car
knows done, whoever's synthetic voice says them; and does nothing happen where nobody talks to the car. A wrong action weighs ten silent ones.
"""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from assistant.bench import score
from assistant.bench.mix import car_noise, mixed
from assistant.bench.mix import rows as rows_of
from assistant.bench.plain import Heard, Plain
from assistant.bench.voices import installed, speak
from assistant.config import Config, Link, Listen
from assistant.driver import Drive, Driver, Opening
from assistant.errors import UsageError
from assistant.hear.wav import Pace, Recording, read_audio
from assistant.report import Exchange

COMMANDS = Path(__file__).with_name("commands.txt")
CAR_NOISE_DB = 10.0
"""Signal-to-noise ratio of the orders in car noise."""
TIMED = 20
"""Commands driven in real time for the latency."""
WRONG_WEIGHS = 10

Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Spoken:
    """A recording and what was meant by it: slots of an order, or a sentence."""

    recording: Recording
    meant: Any


class Bench:
    """One measurement: the assistant and the plain one on the same sound."""

    def __init__(self, config: Config, progress: Progress) -> None:
        """Keep nothing of the person's: the folders are the bench's own."""
        self._config = config
        self._progress = progress
        self._plain = Plain(config)

    def measure(self, manifest: Path) -> dict[str, Any]:
        """Return the figures as DESIGN names them, and more of the same kind."""
        rows = _rows(manifest)
        orders = [
            Spoken(_recording(manifest, row), row["slots"])
            for row in rows
            if row.get("intent") == "orderDrink" and row.get("slots")
        ]
        told: dict[str, Any] = {"barista": self._orders(orders, "coffee orders")}
        if (noise := car_noise(rows_of(manifest))) is not None:
            noisy = [dataclasses.replace(one, recording=_in_noise(one.recording, noise)) for one in orders]
            told["barista_car_10db"] = self._orders(noisy, "coffee orders in car noise")
        spoken = self._spoken()
        told["commands"] = self._commands(spoken)
        others = [_recording(manifest, row) for row in rows if row["kind"] in {"noise", "other"}]
        told["noise_actions"] = score.acted(
            self._drive(others, Pace.FAST, "noise and other people's talk, talk button pressed")
        )
        told["noise_clips"] = len(others)
        told["first_sound_ms"] = self._latency(spoken)
        told["baseline"] = self._baseline(orders, spoken)
        return told

    def _orders(self, orders: Sequence[Spoken], what: str) -> dict[str, Any]:
        exchanges = self._drive([one.recording for one in orders], Pace.FAST, what)
        verdicts = [score.order(_requests(exchanges, one), one.meant) for one in orders]
        return _told_orders(verdicts)

    def _commands(self, spoken: Sequence[Spoken]) -> dict[str, Any]:
        exchanges = self._drive([one.recording for one in spoken], Pace.FAST, "commands")
        verdicts = [score.command(_exchanges(exchanges, one), self._plain.typed(one.meant)) for one in spoken]
        return _told_commands(verdicts)

    def _latency(self, spoken: Sequence[Spoken]) -> dict[str, Any]:
        step = max(1, len(spoken) // TIMED)
        exchanges = self._drive([one.recording for one in spoken[::step]], Pace.REAL, "commands in real time")
        sounded = [exchange.as_json()["ms"]["first_sound"] for exchange in exchanges if exchange.requests]
        return _percentiles([ms for ms in sounded if ms is not None])

    def _drive(self, recordings: Sequence[Recording], pace: Pace, what: str) -> list[Exchange]:
        exchanges: list[Exchange] = []

        def report(exchange: Exchange) -> None:
            exchanges.append(exchange)
            self._progress(f"{what}: {len(exchanges)} turns of {len(recordings)} recordings")

        Driver(self._config, recordings, Drive(pace, Opening.BUTTON), report).run()
        return exchanges

    def _baseline(self, orders: Sequence[Spoken], spoken: Sequence[Spoken]) -> dict[str, Any]:
        self._progress("the plain assistant on the same sound")
        heard = [(one, self._plain.hear(one.recording.pcm)) for one in orders]
        told = [(one, self._plain.hear(one.recording.pcm)) for one in spoken]
        return {
            "what": "fixed 700 ms of silence, one stage after the other, exact match",
            "barista": _told_orders([score.order(plain.requests, one.meant) for one, plain in heard]),
            "commands": _told_commands(
                [score.command([_as_if(plain)], self._plain.typed(one.meant)) for one, plain in told]
            ),
            "request_ms": _percentiles([round(plain.ms) for _, plain in told]),
        }

    def _spoken(self) -> list[Spoken]:
        """Return the sentences the car knows, the voices taking turns."""
        sentences, voices = COMMANDS.read_text(encoding="utf-8").splitlines(), installed()
        self._progress(f"{len(voices)} synthetic speakers say {len(sentences)} commands")
        return [
            Spoken(Recording(f"{voice}: {sentence}", speak(voice, sentence), 0.3, 0.3), sentence)
            for number, sentence in enumerate(sentences)
            for voice in (voices[number % len(voices)], voices[(number + 1) % len(voices)])
        ]


def run(config: Config, manifest: Path, progress: Progress) -> dict[str, Any]:
    """Measure on a manifest with the fields of data/speech/manifest.jsonl; UsageError if it is none."""
    with tempfile.TemporaryDirectory(prefix="cabin-bench-") as folder:
        paths = dataclasses.replace(config.paths, state=folder, cache=folder)
        alone = dataclasses.replace(config, paths=paths, listen=Listen(follow_up_s=0.0), link=Link(kind="none"))
        return Bench(alone, progress).measure(manifest)


def _rows(manifest: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{manifest}: not a manifest: {error}", "give JSON lines with file, kind, intent and slots"
        ) from None


def _recording(manifest: Path, row: dict[str, Any]) -> Recording:
    return Recording(row["file"], read_audio(manifest.parent / row["file"]), 0.3, 0.3)


def _in_noise(recording: Recording, noise: bytes) -> Recording:
    return dataclasses.replace(recording, pcm=mixed(recording.pcm, noise, CAR_NOISE_DB))


def _as_if(plain: Heard) -> Exchange:
    """Return what the plain assistant would have done: whatever it matched."""
    return Exchange(0, requests=plain.requests, plan=plain.requests)


def _exchanges(exchanges: Iterable[Exchange], one: Spoken) -> list[Exchange]:
    return [exchange for exchange in exchanges if exchange.clip == one.recording.name]


def _requests(exchanges: Iterable[Exchange], one: Spoken) -> list[dict[str, Any]]:
    """Return what was understood from a recording, in all its turns."""
    return [request for exchange in _exchanges(exchanges, one) for request in exchange.requests]


def _told_orders(verdicts: Sequence[score.Verdict]) -> dict[str, Any]:
    counted = score.count(verdicts)
    share = counted["right"] / len(verdicts) if verdicts else 0.0
    return {"accepted": round(share, 4), "wrong": counted["wrong"], "silent": counted["silent"], "clips": len(verdicts)}


def _told_commands(verdicts: Sequence[score.Verdict]) -> dict[str, Any]:
    counted = score.count(verdicts)
    return {**counted, "score": counted["right"] - WRONG_WEIGHS * counted["wrong"]}


def _percentiles(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"p50": None, "p95": None, "turns": 0}
    ordered = sorted(values)
    return {
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        "turns": len(ordered),
    }
