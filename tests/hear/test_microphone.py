import threading
import time

import pytest

from assistant.core.audio import FRAME_BYTES
from assistant.errors import DeviceError
from assistant.hear.microphone import Microphone, MicrophoneState


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


def test_closing_before_the_first_frame_ends_at_once() -> None:
    microphone = Microphone("none")
    microphone.close()

    assert list(microphone.frames()) == []
