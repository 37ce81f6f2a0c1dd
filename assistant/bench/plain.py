"""The plain assistant to compare with: fixed silence, one stage after the other, exact match of what the recogniser writes."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.config import Config
from assistant.core.audio import SAMPLE_RATE_HZ, Clip
from assistant.core.context import Context
from assistant.core.effect import Expecting
from assistant.engines import Engines
from assistant.report import request_json
from assistant.worker import Token

SILENCE_MS = 700.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the plain assistant made of a recording."""

    requests: list[dict[str, Any]]
    ms: float
    """From the last word to the request: the fixed silence, then recognition, then the match."""


class Plain:
    """Recogniser and exact sentences, nothing else."""

    def __init__(self, config: Config) -> None:
        """Load the same recogniser and the same sentences as the assistant."""
        engines = Engines(config)
        devices = engines.devices()
        self._context = Context(0.0, datetime.now().astimezone(), names=devices.names())
        devices.close()
        engines.understand(self._context.names)
        self._recogniser = engines.recogniser()
        self._rules = engines.sentences

    def hear(self, pcm: bytes) -> Heard:
        """Take a recording as one turn."""
        began = time.monotonic()
        clip = Clip(pcm, 0.0, len(pcm) / 2 / SAMPLE_RATE_HZ)
        transcript = self._recogniser.transcribe(clip, "en", Expecting.COMMAND, Token())
        requests = self.typed(transcript.text)
        return Heard(requests, SILENCE_MS + (time.monotonic() - began) * 1000)

    def typed(self, sentence: str) -> list[dict[str, Any]]:
        """Return what a sentence means as text."""
        read = self._rules.read(sentence, "en", self._context)
        return [request_json(found.request) for found in read.reads] if read else []
