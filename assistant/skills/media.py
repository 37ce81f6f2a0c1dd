"""Music, radio and what else plays: choose, pause, skip, seek, shuffle, repeat, like, ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from assistant.core.context import Context
from assistant.core.headunit import Media
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal, Step
from assistant.core.request import OneOf, Request
from assistant.core.text import Phrase
from assistant.skills import Skill


class MediaSource(StrEnum):
    """Where sound can come from."""

    RADIO = "radio"
    BLUETOOTH = "bluetooth"
    USB = "usb"
    LIBRARY = "library"


class MediaSwitch(StrEnum):
    """Whether a way of playing is wanted."""

    ON = "on"
    OFF = "off"


class SeekDirection(StrEnum):
    """Which way inside the piece."""

    FORWARD = "forward"
    BACK = "back"
    START = "start"


class TrackFact(StrEnum):
    """What somebody wants to know about the piece."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"


@dataclass(frozen=True, slots=True)
class PlayMedia(Request):
    """Play something by name, a source, or anything at all."""

    labels = ("media.play",)
    source: MediaSource | None = None
    playlist: Annotated[str, OneOf("playlist")] = ""
    artist: Annotated[str, OneOf("artist")] = ""
    album: Annotated[str, OneOf("album")] = ""
    song: Annotated[str, OneOf("song")] = ""
    station: Annotated[str, OneOf("station")] = ""


@dataclass(frozen=True, slots=True)
class PauseMedia(Request):
    """Stop the music for now."""

    labels = ("media.control",)


@dataclass(frozen=True, slots=True)
class ResumeMedia(Request):
    """Go on playing where it stopped."""

    labels = ("media.control", "media.play")


@dataclass(frozen=True, slots=True)
class NextTrack(Request):
    """Skip to the next piece or station."""

    labels = ("media.control", "media.play")


@dataclass(frozen=True, slots=True)
class PreviousTrack(Request):
    """Go back to the piece or station before."""

    labels = ("media.control", "media.play")


@dataclass(frozen=True, slots=True)
class SeekMedia(Request):
    """Jump inside the piece: by so much forward or back, or to its start."""

    labels = ("media.control",)
    direction: SeekDirection = SeekDirection.FORWARD
    by: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ShuffleMedia(Request):
    """Play in random order, or no longer."""

    labels = ("media.control",)
    switch: MediaSwitch = MediaSwitch.ON


@dataclass(frozen=True, slots=True)
class RepeatMedia(Request):
    """Play it again and again, or no longer."""

    labels = ("media.control",)
    switch: MediaSwitch = MediaSwitch.ON


@dataclass(frozen=True, slots=True)
class LikeTrack(Request):
    """Remember that this piece is liked, or no longer."""

    labels = ("media.control",)
    switch: MediaSwitch = MediaSwitch.ON


@dataclass(frozen=True, slots=True)
class AddToPlaylist(Request):
    """Put a piece on a playlist: the one that plays, if no other was named."""

    labels = ("media.playlist",)
    playlist: Annotated[str, OneOf("playlist")] = ""
    song: Annotated[str, OneOf("song")] = ""


@dataclass(frozen=True, slots=True)
class AskTrack(Request):
    """What is playing."""

    labels = ("media.query",)
    fact: TrackFact | None = None


SEEK_BY: Final = timedelta(seconds=15)
NAMED: Final = ("song", "album", "artist", "playlist", "station")
"""Fields of PlayMedia and lists in `Context.names`; words are looked up in this order."""


def back_to(media: Media) -> tuple[Step, ...]:
    """Return the steps that put back what was playing."""
    steps: list[Step] = []
    if media.source:
        steps.append(LocalCall("media.set_source", {"source": media.source}))
    if media.title and media.source == MediaSource.RADIO:
        steps.append(LocalCall("media.play_item", {"kind": "station", "name": media.title}))
    elif media.title:
        steps.append(LocalCall("media.play_item", {"kind": "song", "name": media.title}))
        steps.append(LocalCall("media.seek", {"to_s": media.position_s}))
    return tuple(steps) if media.playing else (*steps, LocalCall("media.pause"))


def named(wish: str, context: Context, lists: Iterable[str]) -> tuple[str, str] | None:
    """Return (list, name) of the first listed name that the words are, letter case aside."""
    words = wish.casefold().strip()
    for kind in lists:
        for name in context.names.get(kind, ()):
            if name.casefold() == words:
                return kind, name
    return None


def plan_play(request: PlayMedia, context: Context) -> Decision:
    """Play the item, the source, or go on."""
    undo = back_to(context.headunit.media)
    for kind in NAMED:
        if wish := getattr(request, kind):
            found = named(wish, context, (kind, *NAMED))
            if found is None:
                return Refusal(request, Phrase("media.not_found", {"wish": wish}), "not_found")
            return play_item(request, *found, undo)
    if request.source is not None:
        steps = (LocalCall("media.set_source", {"source": request.source.value}), LocalCall("media.play"))
        return Plan(request, steps, Phrase("media.source", {"source": f"@media_source.{request.source}"}), undo=undo)
    undo = () if context.headunit.media.playing else (LocalCall("media.pause"),)
    return Plan(request, (LocalCall("media.play"),), Phrase("media.playing"), undo=undo)


def play_item(request: PlayMedia, kind: str, name: str, undo: tuple[Step, ...]) -> Plan:
    """Play one named thing."""
    steps = (LocalCall("media.play_item", {"kind": kind, "name": name}),)
    return Plan(request, steps, Phrase(f"media.{kind}", {"name": name}), undo=undo)


def plan_seek(request: SeekMedia, media: Media) -> Decision:
    """Jump inside the piece."""
    if media.source == MediaSource.RADIO:
        return Refusal(request, Phrase("media.live"), "not_available")
    undo = (LocalCall("media.seek", {"to_s": media.position_s}),)
    if request.direction is SeekDirection.START:
        return Plan(request, (LocalCall("media.seek", {"to_s": 0.0}),), Phrase("media.restarted"), undo=undo)
    by = request.by or SEEK_BY
    seconds = by.total_seconds() * (1 if request.direction is SeekDirection.FORWARD else -1)
    key = f"media.seek_{request.direction}"
    return Plan(request, (LocalCall("media.seek", {"by_s": seconds}),), Phrase(key, {"by": by}), undo=undo)


def plan_switch(request: ShuffleMedia | RepeatMedia | LikeTrack, media: Media) -> Decision:
    """Turn a way of playing on or off."""
    on = request.switch is MediaSwitch.ON
    match request:
        case ShuffleMedia():
            call, key, was = "shuffle", "on", media.shuffle
        case RepeatMedia():
            call, key, was = "repeat", "on", media.repeat
        case LikeTrack() if not media.title:
            return Refusal(request, Phrase("media.nothing"), "nothing_playing")
        case LikeTrack():
            call, key, was = "like", "liked", not on
    steps = (LocalCall(f"media.{call}", {key: on}),)
    undo = (LocalCall(f"media.{call}", {key: was}),)
    return Plan(request, steps, Phrase(f"media.{call}_{request.switch}", {"title": media.title}), undo=undo)


def plan_playlist(request: AddToPlaylist, context: Context) -> Decision:
    """Put the piece on a known playlist."""
    title = context.headunit.media.title
    if request.song:
        song = named(request.song, context, ("song",))
        if song is None:
            return Refusal(request, Phrase("media.not_found", {"wish": request.song}), "not_found")
        title = song[1]
    elif context.headunit.media.source == MediaSource.RADIO:
        return Refusal(request, Phrase("media.live"), "not_available")
    if not title:
        return Refusal(request, Phrase("media.nothing"), "nothing_playing")
    if not request.playlist:
        choices = context.names.get("playlist", ())[:3]
        return Question(request, Phrase("media.which_playlist", {"choices": choices}), "playlist", choices)
    found = named(request.playlist, context, ("playlist",))
    if found is None:
        return Refusal(request, Phrase("media.no_playlist", {"wish": request.playlist}), "not_found")
    args = {"title": title, "playlist": found[1]}
    return Plan(request, (LocalCall("media.add_to_playlist", args),), Phrase("media.added", args))


def answer_track(request: AskTrack, media: Media) -> Answer:
    """Say what plays."""
    if not media.title:
        key = "media.nothing" if not media.playing else "media.unknown_track"
        return Answer(request, Phrase(key))
    slots = {"title": media.title, "artist": media.artist, "album": media.album}
    if request.fact is TrackFact.ALBUM:
        return Answer(request, Phrase("media.is_album" if media.album else "media.unknown_album", slots))
    return Answer(request, Phrase("media.is_by" if media.artist else "media.is", slots))


def plan_transport(request: Request, media: Media) -> Decision:
    """Pause, go on, skip."""
    match request:
        case PauseMedia() if not media.playing:
            return Answer(request, Phrase("media.not_playing"))
        case PauseMedia():
            return Plan(request, (LocalCall("media.pause"),), Phrase("media.paused"), undo=(LocalCall("media.play"),))
        case ResumeMedia() if media.playing:
            return Answer(request, Phrase("media.already"))
        case ResumeMedia():
            return Plan(request, (LocalCall("media.play"),), Phrase("media.playing"), undo=(LocalCall("media.pause"),))
    call = "media.next" if isinstance(request, NextTrack) else "media.previous"
    return Plan(request, (LocalCall(call),), Phrase(call), undo=back_to(media))


def plan(request: Request, context: Context) -> Decision:
    """Decide about one request of this skill."""
    media = context.headunit.media
    match request:
        case PlayMedia():
            return plan_play(request, context)
        case SeekMedia():
            return plan_seek(request, media)
        case ShuffleMedia() | RepeatMedia() | LikeTrack():
            return plan_switch(request, media)
        case AddToPlaylist():
            return plan_playlist(request, context)
        case AskTrack():
            return answer_track(request, media)
    return plan_transport(request, media)


TRANSPORT: Final = (PauseMedia, ResumeMedia, NextTrack, PreviousTrack, SeekMedia)
WAYS: Final = (ShuffleMedia, RepeatMedia, LikeTrack)
SKILL = Skill("media", (PlayMedia, *TRANSPORT, *WAYS, AddToPlaylist, AskTrack), plan)
