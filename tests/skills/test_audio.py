"""Media and volume, decided against what is playing."""

from datetime import UTC, datetime, timedelta

import pytest

from assistant.core.context import Context
from assistant.core.headunit import HeadUnit, Media
from assistant.core.plan import Answer, Decision, LocalCall, Plan, Question, Refusal
from assistant.core.request import Request
from assistant.skills import by_request
from assistant.skills.media import AddToPlaylist, AskTrack, LikeTrack, PlayMedia, SeekDirection, SeekMedia, TrackFact
from assistant.skills.volume import MuteVolume, SetVolume, VolumeAmount, VolumeDirection, VolumeEnd

SONG = Media(playing=True, source="library", title="Blue Morning", artist="Mara Wells", album="Letters", position_s=40)
NAMES = {
    "song": ("Blue Morning",),
    "playlist": ("Running", "Relax"),
    "artist": ("Mara Wells",),
    "station": ("Jazz FM",),
}


def decided(request: Request, media: Media = SONG) -> Decision:
    around = Context(0.0, datetime(2026, 11, 6, tzinfo=UTC), headunit=HeadUnit(media), names=NAMES)
    return by_request()[type(request)].plan(request, around)


@pytest.mark.parametrize(
    ("request_", "now_percent", "then_percent"),
    [
        (SetVolume(percent=35), 30, 35),
        (SetVolume(level=4), 30, 40),
        (SetVolume(level=0), 30, 0),
        (SetVolume(level=45), 30, 45),
        (SetVolume(end=VolumeEnd.MAX), 30, 100),
        (SetVolume(end=VolumeEnd.HALF), 30, 50),
        (SetVolume(direction=VolumeDirection.UP), 30, 40),
        (SetVolume(direction=VolumeDirection.UP, amount=VolumeAmount.LITTLE), 30, 35),
        (SetVolume(direction=VolumeDirection.DOWN, amount=VolumeAmount.LOT), 30, 5),
        (SetVolume(direction=VolumeDirection.DOWN, by_percent=50), 30, 0),
        (SetVolume(direction=VolumeDirection.UP, steps=2), 30, 40),
        (SetVolume(direction=VolumeDirection.UP), 95, 100),
        (SetVolume(percent=250), 30, 100),
    ],
)
def test_the_volume_is_set_within_its_scale_and_can_be_put_back(
    request_: SetVolume, now_percent: int, then_percent: int
) -> None:
    plan = decided(request_, Media(volume_percent=now_percent))

    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("volume.set", {"percent": then_percent}),)
    assert plan.undo == (LocalCall("volume.set", {"percent": now_percent}),)


def test_louder_than_loud_is_said_and_not_done() -> None:
    assert isinstance(decided(SetVolume(direction=VolumeDirection.UP), Media(volume_percent=100)), Answer)


def test_taking_back_a_volume_set_while_muted_mutes_again() -> None:
    plan = decided(SetVolume(percent=50), Media(volume_percent=30, muted=True))

    assert isinstance(plan, Plan)
    assert plan.undo[-1] == LocalCall("volume.mute")


def test_muting_what_is_muted_does_nothing() -> None:
    assert isinstance(decided(MuteVolume(), Media(muted=True)), Answer)


def test_a_name_is_found_on_any_list_whichever_field_it_came_in() -> None:
    plan = decided(PlayMedia(song="mara wells"))

    assert isinstance(plan, Plan)
    assert plan.steps == (LocalCall("media.play_item", {"kind": "artist", "name": "Mara Wells"}),)


def test_a_name_on_no_list_is_refused_by_name() -> None:
    refusal = decided(PlayMedia(song="yesterday"))

    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.phrase.slots) == ("not_found", {"wish": "yesterday"})


def test_taking_back_another_song_returns_to_the_second_it_was_at() -> None:
    plan = decided(PlayMedia(station="Jazz FM"))

    assert isinstance(plan, Plan)
    assert plan.undo == (
        LocalCall("media.set_source", {"source": "library"}),
        LocalCall("media.play_item", {"kind": "song", "name": "Blue Morning"}),
        LocalCall("media.seek", {"to_s": 40}),
    )


def test_seeking_goes_by_what_was_said_and_not_on_the_radio() -> None:
    back = decided(SeekMedia(SeekDirection.BACK, timedelta(seconds=10)))
    radio = decided(SeekMedia(), Media(playing=True, source="radio", title="Jazz FM"))

    assert isinstance(back, Plan)
    assert back.steps == (LocalCall("media.seek", {"by_s": -10.0}),)
    assert isinstance(radio, Refusal)


def test_nothing_can_be_liked_when_nothing_plays() -> None:
    assert isinstance(decided(LikeTrack(), Media()), Refusal)


def test_a_playlist_is_asked_for_with_at_most_three_choices() -> None:
    question = decided(AddToPlaylist())

    assert isinstance(question, Question)
    assert question.field == "playlist"
    assert question.choices == ("Running", "Relax")


@pytest.mark.parametrize(
    ("media", "key"),
    [
        (SONG, "media.is_by"),
        (Media(playing=True, source="radio", title="Jazz FM"), "media.is"),
        (Media(playing=True, source="bluetooth"), "media.unknown_track"),
        (Media(), "media.nothing"),
    ],
)
def test_what_plays_is_told_as_far_as_known(media: Media, key: str) -> None:
    answer = decided(AskTrack(), media)

    assert isinstance(answer, Answer)
    assert answer.phrase.key == key


def test_an_album_nobody_knows_is_not_invented() -> None:
    answer = decided(AskTrack(TrackFact.ALBUM), Media(playing=True, title="Jazz FM"))

    assert isinstance(answer, Answer)
    assert answer.phrase.key == "media.unknown_album"
