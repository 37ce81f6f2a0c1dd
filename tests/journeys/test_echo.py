"""The echo canceller that config/pipewire ships, on a real PipeWire whose loudspeaker is heard by its microphone."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("pulsectl")
pytest.importorskip("pymicro_wakeword")

from assistant import capture
from assistant.bench.soundserver import ECHO, SoundServer, missing
from assistant.capture import CLEAR, choose, story
from assistant.config import Config, Hear
from assistant.core.audio import FRAME_BYTES
from assistant.errors import DeviceError
from assistant.hear.wake import MicroWake
from assistant.hear.wav import read_audio

CLIPS = Path(__file__).parents[1] / "clips"
SHIPPED = Path(__file__).parents[2] / "config" / "pipewire" / "cabin-echo-cancel.conf"
OURS = (
    "The driver is four minutes away and waits at the north entrance. The ride costs twenty seven yuan thirty. "
    "You can cancel it for free until the driver arrives. Shall I go on?"
)
LEAD_S = 0.5
SPOKEN = ("air-conditioning", "headlights", "volume", "window")


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    """Start a car whose microphone hears its loudspeaker, with the canceller bound to the two."""
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    shipped = SHIPPED.read_text()
    for name, device in (("MICROPHONE", "cabin_mic"), ("LOUDSPEAKER", "spk")):
        assert f"# target.object = {name}" in shipped
        shipped = shipped.replace(f"# target.object = {name}", f"target.object = {device}")
    server = SoundServer(tmp_path_factory.mktemp("run"), ECHO, shipped)
    try:
        server.start(CLEAR)
        yield server
    finally:
        server.close()


@pytest.fixture
def inside(car: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", car.pulse)
    monkeypatch.setenv("PULSE_SOURCE", "cabin_mic")
    monkeypatch.setattr(capture, "_given", "cabin_mic")


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("source", "recorded", "told"),
    [
        ("auto", CLEAR, "the car's own sound is taken out"),
        ("", "cabin_mic", "our own voice is heard too"),
        ("cabin_mic", "cabin_mic", "cabin_mic"),
    ],
)
def test_the_source_without_echo_is_recorded_where_it_is_there(source: str, recorded: str, told: str) -> None:
    config = replace(Config(), hear=Hear(source=source))

    assert choose(config) == recorded

    assert os.environ["PULSE_SOURCE"] == recorded
    assert told in story(config)


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("source", ["nobody", "spk.monitor"])
def test_what_is_no_microphone_is_not_recorded(source: str) -> None:
    with pytest.raises(DeviceError, match="the sound server has no"):
        choose(replace(Config(), hear=Hear(source=source)))


def test_a_sound_server_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(capture, "PATIENCE_S", 0.2)
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(tmp_path / "hung"))
        hung.listen()
        monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/hung")

        with pytest.raises(DeviceError, match="does not answer"):
            choose(Config())


def test_without_a_sound_server_nothing_is_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    monkeypatch.setattr(capture, "_given", None)

    assert choose(Config()) == ""
    assert "PULSE_SOURCE" not in os.environ
    assert "no sound server" in story(Config())


def wakes(path: Path, ours: Path | None = None) -> int:
    """Count the wake words in a recording; with what we played meanwhile, as the daemon does, which is deaf to its own."""
    detector, pcm = MicroWake(("okay_nabu", "hey_jarvis", "alexa")), read_audio(path)
    played = bytes(round(LEAD_S * 32000)) + (read_audio(ours) if ours is not None else b"")
    found = 0
    for start in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES):
        detector.hears_reference(played[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
        found += detector.hears(pcm[start : start + FRAME_BYTES]) is not None
    return found


def level_db(path: Path) -> float:
    sound, _ = soundfile.read(path)
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


class Cabin:
    """Records what happens in the car, with its echo and without."""

    def __init__(self, car: SoundServer, folder: Path) -> None:
        self._car, self._folder = car, folder

    def record(self, ours: Path, person: Path | None = None) -> dict[str, Path]:
        """Play our own speech, and after three seconds a person's into it."""
        paths = {source: self._folder / f"{time.monotonic_ns()}-{source}.wav" for source in ("cabin_mic", CLEAR)}
        recorders = [self._car.record(path, source) for source, path in paths.items()]
        time.sleep(LEAD_S)
        playing = self._car.play(ours, "spk")
        if person is not None:
            time.sleep(3.0)
            self._car.play_into_microphone(person)
        playing.wait(60)
        time.sleep(0.5)
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(10)
        return paths


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_person_is_heard_over_our_own_speech_and_we_do_not_wake_ourselves(car: SoundServer, tmp_path: Path) -> None:
    speech = tmp_path / "ours.wav"
    subprocess.run(["espeak-ng", "-v", "en-gb", "-w", str(speech), OURS], check=True)
    cabin = Cabin(car, tmp_path)
    cabin.record(speech)
    alone = cabin.record(speech)
    clips = [CLIPS / f"{name}.flac" for name in SPOKEN]
    echoes = [cabin.record(clip) for clip in clips]
    over = [cabin.record(speech, clip) for clip in clips]
    told = {
        "echo gone, dB": level_db(alone["cabin_mic"]) - level_db(alone[CLEAR]),
        "woken by ourselves, by the canceller alone": [wakes(echo[CLEAR]) for echo in echoes],
        "with our own voice known": [wakes(echo[CLEAR], clip) for echo, clip in zip(echoes, clips, strict=True)],
        "over our speech, with echo": [wakes(heard["cabin_mic"], speech) for heard in over],
        "without echo": [wakes(heard[CLEAR], speech) for heard in over],
    }

    assert level_db(alone[CLEAR]) < level_db(alone["cabin_mic"]) - 12, told
    assert told["with our own voice known"] == [0] * len(SPOKEN), told
    assert [wakes(echo["cabin_mic"]) for echo in echoes] == [1] * len(SPOKEN), "without either we wake ourselves"
    assert sum(wakes(heard[CLEAR], speech) for heard in over) >= 3, told
