from collections.abc import Callable
from typing import Any

import pytest

from assistant.core.audio import FRAME_BYTES
from assistant.hear.cut import turns
from assistant.hear.turn import LEAD_MS
from assistant.hear.vad import GatedSilero


class Marked:
    """Frames that begin with S are speech."""

    maybe = True

    def speech(self, pcm: bytes) -> bool:
        return pcm[:1] == b"S"

    def reset(self) -> None:
        pass


def sound(*parts: tuple[str, int]) -> bytes:
    return b"".join(part.encode() * FRAME_BYTES * (length_ms // 20) for part, length_ms in parts)


def test_each_stretch_of_speech_is_a_clip_with_its_lead() -> None:
    first, second = turns(sound(("_", 1000), ("S", 500), ("_", 1000), ("S", 400)), Marked())

    assert first.pcm == sound(("_", LEAD_MS), ("S", 500), ("_", 120))
    assert (round(first.started, 2), round(first.ended, 2)) == (0.7, 1.5)
    assert second.pcm == sound(("_", LEAD_MS), ("S", 400)) + bytes(FRAME_BYTES * 6)
    assert (round(second.started, 2), round(second.ended, 2)) == (2.2, 2.9)


def test_a_turn_soon_after_another_keeps_its_lead() -> None:
    _, second = turns(sound(("S", 500), ("_", 660), ("S", 400)), Marked())

    assert second.pcm.startswith(sound(("_", LEAD_MS), ("S", 400)))


def test_silence_holds_no_clip() -> None:
    assert turns(sound(("_", 20000)), Marked()) == ()
    assert turns(b"", Marked()) == ()


@pytest.mark.shared
def test_an_order_is_one_turn(
    recordings: Callable[..., list[dict[str, Any]]], sound: Callable[[dict[str, Any]], bytes]
) -> None:
    counts = [len(turns(sound(row), GatedSilero())) for row in recordings(source="picovoice_barista")[:12]]

    assert counts == [1] * 12
