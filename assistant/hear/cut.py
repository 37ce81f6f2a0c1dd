"""A whole recording cut into the turns that the ear would hear in it."""

from assistant.core.audio import FRAME_BYTES, FRAME_MS, Clip, Frame
from assistant.core.event import TurnEnded
from assistant.core.ports import VoiceActivity
from assistant.hear.turn import LEAD_MS, Turn

_AFTERWARDS = bytes(FRAME_BYTES * 1000 // FRAME_MS)
"""A second of silence, so that the last turn ends."""


def turns(pcm: bytes, voice_activity: VoiceActivity) -> tuple[Clip, ...]:
    """Return the clip of each turn in s16le sound, in seconds from its beginning; none where nobody speaks."""
    found: list[Clip] = []
    recent: list[Frame] = []
    turn = Turn(0)
    padded = pcm + bytes(-len(pcm) % FRAME_BYTES) + _AFTERWARDS
    for number, start in enumerate(range(0, len(padded), FRAME_BYTES), 1):
        frame = Frame(padded[start : start + FRAME_BYTES], number * FRAME_MS / 1000)
        recent = [*recent[1 - LEAD_MS // FRAME_MS :], frame]
        events = turn.hear(frame, voice_activity.speech(frame.pcm))
        found += [event.clip for event in events if isinstance(event, TurnEnded)]
        if turn.over:
            turn = Turn(0, before=recent)
    return tuple(found)
