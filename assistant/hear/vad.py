"""Voice activity: webrtcvad on a denoised copy opens the gate, Silero on the raw signal decides.

webrtcvad alone flags 98-100 % of car noise at 10 dB as speech; Silero alone would run all day.
"""

import importlib.util
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.core.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from assistant.errors import ModelError

NOISE_SUPPRESSION_LEVEL = 2
GATE_MODE = 2
"""On hand-labelled speech the gate at this mode, held open, loses 0.1 % of what Silero alone finds, clean to 0 dB."""
GATE_HOLD_MS = 300
STARTS_AT = 0.5
"""Probability at which speech begins."""
GOES_ON_AT = 0.3
"""Probability below which it ends."""

_WINDOW_SAMPLES = 512
_CONTEXT_SAMPLES = 64
_STATE_SHAPE = (1, 1, 128)
_WINDOW_BYTES = _WINDOW_SAMPLES * 2
_REPLAYED_WINDOWS = 8
"""256 ms that Silero is shown when the gate opens, so that it does not start cold."""
_HALF = FRAME_BYTES // 2


def shipped_silero() -> Path:
    """Return the Silero v6 model inside faster-whisper's wheel, without importing it; raise ModelError."""
    found = importlib.util.find_spec("faster_whisper")
    folders = list(found.submodule_search_locations or ()) if found else []
    path = Path(folders[0]) / "assets" / "silero_vad_v6.onnx" if folders else None
    if path is None or not path.is_file():
        raise ModelError(
            "silero_vad_v6.onnx is missing", "pip install faster-whisper, or set [hear] silero to its path"
        )
    return path


class GatedSilero:
    """Streaming detector of speech on 20 ms frames; Silero runs only while the gate is open."""

    def __init__(self, model: Path | None = None) -> None:
        """Load the ONNX model (None: the shipped one); raise ModelError."""
        self._gate = _Gate()
        self._silero = _Silero(model or shipped_silero())
        self._open_frames = 0
        self._speech = False

    def speech(self, pcm: bytes) -> bool:
        """Take one frame; tell whether somebody is speaking in it."""
        if self._gate.open(pcm):
            self._open_frames = GATE_HOLD_MS // FRAME_MS
        else:
            self._open_frames = max(0, self._open_frames - 1)
        probabilities = self._silero.listen(pcm, awake=self._open_frames > 0)
        for probability in probabilities:
            self._speech = probability >= (GOES_ON_AT if self._speech else STARTS_AT)
        if self._open_frames == 0:
            self._speech = False
        return self._speech

    @property
    def maybe(self) -> bool:
        """Tell whether the last moment might hold speech: what `speech` says is within it."""
        return self._open_frames > 0

    def reset(self) -> None:
        """Forget the speech so far; what is known of the noise stays."""
        self._silero.sleep()
        self._open_frames = 0
        self._speech = False


class _Gate:
    """Cheap and too generous: webrtcvad on a denoised copy."""

    def __init__(self) -> None:
        """Load both libraries."""
        import webrtcvad  # noqa: PLC0415 - heavy libraries wait until sound is wanted
        from webrtc_noise_gain import AudioProcessor  # noqa: PLC0415 - as above

        self._denoiser: Any = AudioProcessor(0, NOISE_SUPPRESSION_LEVEL)
        self._vad: Any = webrtcvad.Vad(GATE_MODE)

    def open(self, pcm: bytes) -> bool:
        """Tell whether one frame might be speech."""
        halves = (self._denoiser.Process10ms(pcm[start : start + _HALF]).audio for start in (0, _HALF))
        return bool(self._vad.is_speech(b"".join(halves), SAMPLE_RATE_HZ))


class _Silero:
    """Silero v6 on windows of 512 samples, whatever the frames are; on one thread."""

    def __init__(self, model: Path) -> None:
        """Load the model; raise ModelError."""
        import onnxruntime  # noqa: PLC0415 - heavy

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no base below Exception
            raise ModelError(f"{model}: not a model that onnxruntime can load: {error}", "fetch it again") from error
        if {node.name for node in self._session.get_inputs()} != {"input", "h", "c"}:
            raise ModelError(f"{model}: not a Silero v6 model", "use silero_vad_v6.onnx")
        self._pending = b""
        self._past: deque[bytes] = deque(maxlen=_REPLAYED_WINDOWS)
        self.sleep()

    def sleep(self) -> None:
        """Forget what was heard; the next window that is listened to starts with a replay."""
        self._hidden = np.zeros(_STATE_SHAPE, np.float32)
        self._cell = np.zeros(_STATE_SHAPE, np.float32)
        self._asleep = True

    def listen(self, pcm: bytes, *, awake: bool) -> list[float]:
        """Take one frame; return the probability of each window it completes, none while not awake."""
        self._pending += pcm
        fresh = 0
        while len(self._pending) >= _WINDOW_BYTES:
            self._past.append(self._pending[:_WINDOW_BYTES])
            self._pending = self._pending[_WINDOW_BYTES:]
            fresh += 1
        if not awake:
            if not self._asleep:
                self.sleep()
            return []
        count = len(self._past) if self._asleep else fresh
        return self._judge(count) if count else []

    def _judge(self, count: int) -> list[float]:
        """Return the probabilities of the last `count` windows."""
        self._asleep = False
        sound = np.frombuffer(b"".join(self._past), "<i2").astype(np.float32) / 32768.0
        padded = np.concatenate([np.zeros(_CONTEXT_SAMPLES, np.float32), sound])
        windows: npt.NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(
            padded, _CONTEXT_SAMPLES + _WINDOW_SAMPLES
        )[::_WINDOW_SAMPLES][-count:]
        answer, self._hidden, self._cell = self._session.run(
            None, {"input": np.ascontiguousarray(windows), "h": self._hidden, "c": self._cell}
        )
        return [float(probability) for probability in answer.ravel()]
