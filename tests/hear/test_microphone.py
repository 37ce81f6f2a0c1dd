import threading
import time

import pytest

from assistant.core.audio import FRAME_BYTES
from assistant.errors import DeviceError
from assistant.hear.microphone import Microphone, MicrophoneState
from assistant.platform.bus import wait_until


def test_a_device_that_never_was_is_named_with_a_mend() -> None:
    with pytest.raises(DeviceError, match="no such microphone") as caught:
        Microphone("no such microphone").probe()

    assert caught.value.mend
    assert caught.value.exit_code == 1


def test_without_a_device_there_is_silence_in_real_time_and_it_keeps_trying() -> None:
    states: list[MicrophoneState] = []
    tries: list[float] = []
    microphone = Microphone("none", state=states.append, rescan=lambda: tries.append(time.monotonic()))
    threading.Timer(1.9, microphone.close).start()
    begun = time.monotonic()

    frames = list(microphone.frames())

    assert states == [MicrophoneState.GONE]
    assert len(tries) == 3
    assert tries[1] - tries[0] > 0.45
    assert tries[2] - tries[1] > 0.9
    assert all(frame.void for frame in frames)
    assert {frame.pcm for frame in frames} == {bytes(FRAME_BYTES)}
    assert 60 <= len(frames) <= 100
    assert time.monotonic() - begun < 2.5


def test_at_rest_it_gives_nothing_and_afterwards_it_looks_at_once() -> None:
    states: list[MicrophoneState] = []
    microphone = Microphone("none", state=states.append, rescan=lambda: None)
    heard: list[float] = []

    def hear() -> None:
        heard.extend(frame.at for frame in microphone.frames())

    thread = threading.Thread(target=hear)
    thread.start()
    assert wait_until(lambda: len(heard) > 5, 5.0)
    microphone.rest()
    assert wait_until(lambda: states[-1] is MicrophoneState.RESTING, 2.0)
    before = len(heard)
    time.sleep(0.3)
    assert len(heard) == before

    microphone.resume()

    assert wait_until(lambda: len(heard) > before + 5, 2.0)
    assert states == [MicrophoneState.GONE, MicrophoneState.RESTING, MicrophoneState.GONE]
    microphone.rest()
    microphone.close()
    thread.join(2)
    assert not thread.is_alive()


def test_it_looks_as_soon_as_it_is_told_that_something_changed() -> None:
    tries: list[float] = []
    microphone = Microphone("none", rescan=lambda: tries.append(time.monotonic()))
    thread = threading.Thread(target=lambda: [None for _ in microphone.frames()])
    thread.start()
    assert wait_until(lambda: len(tries) == 4, 10.0)
    told = time.monotonic()
    microphone.look()

    assert wait_until(lambda: len(tries) > 4, 3.0)
    assert tries[-1] - told < 1.5
    assert wait_until(lambda: len(tries) > 5, 3.0)
    microphone.close()
    thread.join(2)


def test_closing_before_the_first_frame_ends_at_once() -> None:
    microphone = Microphone("none")
    microphone.close()

    assert list(microphone.frames()) == []
