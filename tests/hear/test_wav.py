import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.core.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from assistant.errors import AudioFileError
from assistant.hear.wav import Pace, Playback, Recording, read_audio, resample, to_pcm


def tone(rate_hz: int, seconds: float = 1.0, hertz: float = 440.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate_hz * seconds)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000])
def test_a_tone_of_any_rate_arrives_as_the_same_tone(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate_hz), rate_hz, subtype="FLOAT")

    heard = np.frombuffer(read_audio(path), "<i2").astype(np.float32) / 32768
    wanted = tone(SAMPLE_RATE_HZ)

    assert abs(len(heard) - SAMPLE_RATE_HZ) <= 1
    middle = slice(2000, 14000)
    assert np.abs(heard[middle] - wanted[middle]).max() < 0.002


def test_a_tone_above_half_the_new_rate_vanishes() -> None:
    assert np.abs(resample(tone(48000, hertz=10000), 48000)[500:-500]).max() < 0.001


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_U8"), ("a.wav", "PCM_24"), ("a.wav", "ULAW"), ("a.flac", "PCM_16"), ("a.flac", "PCM_24")],
)
def test_any_depth_is_read(tmp_path: Path, name: str, subtype: str) -> None:
    soundfile.write(tmp_path / name, tone(16000), 16000, subtype=subtype)

    heard = np.frombuffer(read_audio(tmp_path / name), "<i2").astype(np.float32) / 32768

    assert np.abs(heard - tone(16000)).max() < 0.02


def test_stereo_is_mixed_and_what_is_not_a_number_is_silence(tmp_path: Path) -> None:
    left = tone(16000)
    both = np.stack([left, np.zeros_like(left)], axis=1)
    both[100] = np.nan
    soundfile.write(tmp_path / "a.wav", both, 16000, subtype="FLOAT")

    heard = np.frombuffer(read_audio(tmp_path / "a.wav"), "<i2")

    assert heard[100] == 0
    assert np.abs(heard[200:] / 32768 - left[200:] / 2).max() < 0.001


def test_louder_than_full_scale_is_clipped_not_wrapped() -> None:
    assert np.frombuffer(to_pcm(np.array([2.0, -2.0], np.float32)), "<i2").tolist() == [32767, -32768]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"hello, this is a letter and no sound at all" * 50, "cut, or not audio"),
        (b"\x00" * 5000, "cut, or not audio"),
        (b"RIFF", "cut, or not audio"),
    ],
)
def test_a_file_that_is_not_sound_is_named_with_a_mend(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)

    with pytest.raises(AudioFileError, match=complaint) as caught:
        read_audio(path)
    assert caught.value.mend
    assert str(path) in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_cut_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 16000), 16000)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(AudioFileError):
        read_audio(path)


def test_a_missing_file_a_folder_and_a_header_without_sound_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "header.wav", np.zeros(0), 16000)

    for path in (tmp_path / "nowhere.wav", tmp_path, tmp_path / "header.wav"):
        with pytest.raises(AudioFileError):
            read_audio(path)


def test_a_wav_written_to_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16000), 16000)
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))

    assert len(read_audio(path)) == 32000


def test_fast_playback_asks_before_each_frame_and_audio_time_is_its_clock() -> None:
    asked: list[float] = []
    names: list[str] = []
    clips = [Recording("one", b"\x01\x00" * 500, 0.1, 0.2), Recording("two", b"\x02\x00" * 320, 0.0, 0.0)]
    playback = Playback(
        clips, Pace.FAST, ready=lambda: asked.append(playback.now()), started=lambda clip: names.append(clip.name)
    )

    frames = list(playback.frames())

    assert names == ["one", "two"]
    assert len(frames) == len(asked) == 5 + 2 + 10 + 1
    assert all(len(frame.pcm) == FRAME_BYTES for frame in frames)
    assert frames[6].pcm == b"\x01\x00" * 180 + bytes(280)
    assert frames[-1].at - frames[0].at == pytest.approx(0.34)
    assert playback.now() == frames[-1].at


def test_real_playback_takes_its_time_and_closes_from_another_thread() -> None:
    playback = Playback([Recording("long", bytes(32000 * 60))])
    begun = time.monotonic()
    threading.Timer(0.3, playback.close).start()

    count = len(list(playback.frames()))

    assert 0.29 < time.monotonic() - begun < 1.0
    assert 5 <= count <= 16
