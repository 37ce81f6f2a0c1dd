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
