import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.bench.soundserver import SoundServer, missing

LISTENER = """
import threading
from assistant.hear.microphone import Microphone
microphone = Microphone("pulse", state=lambda state: print(state, flush=True))
threading.Timer(40, microphone.close).start()
loud = 0
for frame in microphone.frames():
    loud = loud + 1 if any(byte not in (0, 255) for byte in frame.pcm[1::2]) else 0
    if loud == 10:
        print("sound", flush=True)
"""

RECORDER = """
import sys
from assistant.hear.microphone import Microphone
microphone = Microphone("pulse", state=lambda state: print(state, file=sys.stderr, flush=True))
sizes, loud = set(), b""
for frame in microphone.frames():
    sizes.add(len(frame.pcm))
    if any(byte not in (0, 255) for byte in frame.pcm[1::2]):
        loud += frame.pcm
    if len(loud) >= 40000:
        microphone.close()
assert sizes == {640}, sizes
sys.stdout.buffer.write(loud)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    folder = tmp_path / "run"
    folder.mkdir()
    server = SoundServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.mark.slow
def test_a_microphone_that_dies_and_comes_back_is_heard_again(server: SoundServer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", np.sin(np.arange(16000) / 5) * 0.3, 16000)
    listener = subprocess.Popen(
        [sys.executable, "-c", LISTENER], env=server.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert listener.stdout is not None
    try:
        assert listener.stdout.readline().strip() == "live"
        server.play_into_microphone(tmp_path / "tone.wav")
        assert listener.stdout.readline().strip() == "sound"
        server.die()
        assert listener.stdout.readline().strip() == "gone"
        server.start()
        assert listener.stdout.readline().strip() == "live"
        server.play_into_microphone(tmp_path / "tone.wav")
        assert listener.stdout.readline().strip() == "sound"
    finally:
        listener.kill()
        listener.wait()


def test_frames_are_cut_from_the_blocks_without_a_gap(server: SoundServer, tmp_path: Path) -> None:
    hz = 400
    soundfile.write(tmp_path / "tone.wav", np.sin(np.arange(48000) * 2 * np.pi * hz / 16000) * 0.3, 16000)
    recorder = subprocess.Popen(
        [sys.executable, "-c", RECORDER], env=server.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert recorder.stderr is not None
    try:
        assert recorder.stderr.readline().strip() == b"live"
        server.play_into_microphone(tmp_path / "tone.wav")
        heard, told = recorder.communicate(timeout=30)
    finally:
        recorder.kill()
        recorder.wait()
    assert recorder.returncode == 0, told
    tone = np.frombuffer(heard, "<i2")[3200:16000].astype(float)
    assert np.abs(tone).max() > 5000
    against_a_pure_tone = tone[2:] - 2 * np.cos(2 * np.pi * hz / 16000) * tone[1:-1] + tone[:-2]
    assert np.abs(against_a_pure_tone).max() < 100
