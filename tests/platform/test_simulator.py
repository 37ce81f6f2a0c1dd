from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.core.headunit import CallPhase
from assistant.core.plan import LocalCall, Status
from assistant.core.vehicle import Value
from assistant.errors import ConfigError
from assistant.places import shipped
from assistant.platform.simulator import Fault, SimulatedHeadUnit
from assistant.platform.world import Ring, World, read_world

NOON = datetime(2026, 11, 6, 12, 0, tzinfo=UTC)


class Time:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def world() -> World:
    return read_world(shipped("config/names.toml"))


@pytest.fixture
def unit(world: World, time: Time) -> SimulatedHeadUnit:
    return SimulatedHeadUnit(world, clock=time.clock, now=time.now, silence_s=0.01)


@pytest.fixture
def done(unit: SimulatedHeadUnit) -> Callable[..., str | None]:
    def do(call: str, /, **args: Value) -> str | None:
        outcome = unit.call(LocalCall(call, args))
        assert outcome.status is Status.DONE, outcome
        return outcome.receipt

    return do


def refused(unit: SimulatedHeadUnit, call: str, /, **args: Value) -> str:
    outcome = unit.call(LocalCall(call, args))
    assert outcome.status is Status.REFUSED, outcome
    return outcome.reason


def test_music_plays_on_with_the_clock_and_goes_to_the_next_piece(
    unit: SimulatedHeadUnit, time: Time, done: Callable[..., str | None]
) -> None:
    done("media.play_item", kind="album", name="Night Ferry")
    time.seconds += 200
    assert (unit.headunit().media.title, unit.headunit().media.position_s) == ("Harbour Lights", 200)

    time.seconds += 20

    assert (unit.headunit().media.title, unit.headunit().media.position_s) == ("Night Ferry", 6)


def test_repeat_stays_on_the_piece(unit: SimulatedHeadUnit, time: Time, done: Callable[..., str | None]) -> None:
    done("media.play_item", kind="song", name="harbour lights")
    done("media.repeat", on=True)

    time.seconds += 220

    assert unit.headunit().media.title == "Harbour Lights"


def test_pausing_stops_the_position(unit: SimulatedHeadUnit, time: Time, done: Callable[..., str | None]) -> None:
    done("media.play")
    time.seconds += 5
    done("media.pause")
    time.seconds += 60

    assert unit.headunit().media.position_s == 5


def test_seeking_stays_inside_the_piece(unit: SimulatedHeadUnit, done: Callable[..., str | None]) -> None:
    done("media.play")
    done("media.seek", by_s=-30.0)
    assert unit.headunit().media.position_s == 0

    done("media.seek", to_s=10_000.0)

    assert unit.headunit().media.position_s == 213


def test_stations_are_found_by_any_of_their_names(unit: SimulatedHeadUnit, done: Callable[..., str | None]) -> None:
    done("media.play_item", kind="station", name="爵士电台")

    media = unit.headunit().media

    assert (media.source, media.title, media.playing) == ("radio", "Jazz FM", True)


def test_what_is_not_in_the_library_is_refused_and_nothing_changes(unit: SimulatedHeadUnit) -> None:
    before = unit.headunit()

    assert refused(unit, "media.play_item", kind="song", name="Yesterday") == "not_found"
    assert refused(unit, "media.set_source", source="gramophone") == "not_available"
    assert unit.headunit() == before


def test_a_liked_piece_and_a_piece_put_on_a_playlist_are_remembered(
    unit: SimulatedHeadUnit, done: Callable[..., str | None]
) -> None:
    assert done("media.like", liked=True) == "True"
    done("media.add_to_playlist", playlist="Running", title="Blue Morning")
    done("media.play_item", kind="playlist", name="Running")

    titles = [unit.headunit().media.title, done("media.next"), done("media.next")]

    assert titles == ["Blue Morning", "Run the Mile", "Second Wind"]


def test_setting_the_volume_gives_the_sound_back(unit: SimulatedHeadUnit, done: Callable[..., str | None]) -> None:
    done("volume.mute")
    assert unit.headunit().media.muted

    assert done("volume.set", percent=45) == "45"
    assert not unit.headunit().media.muted
    assert refused(unit, "volume.set", percent=145) == "out_of_range"
    assert refused(unit, "volume.set") == "out_of_range"
    assert refused(unit, "volume.set", percent="loud") == "out_of_range"


def test_a_contact_is_dialled_by_alias_and_answers_after_a_moment(
    unit: SimulatedHeadUnit, time: Time, done: Callable[..., str | None]
) -> None:
    assert done("phone.dial", name="妈妈", number="") == "dialling"
    assert unit.headunit().call.number == "+442079460456"
    assert refused(unit, "phone.dial", name="Dad", number="") == "busy"

    time.seconds += 5

    assert unit.headunit().call.phase is CallPhase.ACTIVE
    done("phone.hang_up")
    assert unit.headunit().call.phase is CallPhase.NONE
    assert unit.headunit().call.last_name == "妈妈"


def test_an_incoming_call_rings_and_gives_up(world: World, time: Time) -> None:
    ringing = World(contacts=world.contacts, rings=(Ring(10, "+442079460123"),))
    unit = SimulatedHeadUnit(ringing, clock=time.clock, now=time.now)
    assert refused(unit, "phone.answer") == "no_call"

    time.seconds = 11
    assert (unit.headunit().call.phase, unit.headunit().call.name) == (CallPhase.RINGING, "Tom Baker")

    time.seconds = 60
    assert (unit.headunit().call.phase, unit.headunit().call.last_caller) == (CallPhase.NONE, "Tom Baker")


def test_a_ringing_call_can_be_taken(world: World, time: Time) -> None:
    unit = SimulatedHeadUnit(World(rings=(Ring(1, "+4912"),)), clock=time.clock, now=time.now)
    time.seconds = 2
    unit.headunit()

    outcome = unit.call(LocalCall("phone.answer"))

    assert (outcome.status, outcome.receipt) == (Status.DONE, "active")


def test_a_route_comes_nearer_and_ends_at_the_place(
    unit: SimulatedHeadUnit, time: Time, done: Callable[..., str | None]
) -> None:
    assert done("navigation.start", destination="机场") == "Airport"
    route = unit.headunit().route
    assert route.remaining_km == pytest.approx(31.0)
    assert route.arrival == NOON + timedelta(minutes=28)

    time.seconds = 14 * 60
    assert unit.headunit().route.remaining_km == pytest.approx(15.5)
    assert unit.headunit().route.arrival == NOON + timedelta(minutes=28)

    time.seconds = 29 * 60
    assert not unit.headunit().route.active
    assert unit.headunit().here == "Airport Road 1"


def test_stops_and_avoided_roads_make_the_way_longer(unit: SimulatedHeadUnit, done: Callable[..., str | None]) -> None:
    done("navigation.start", destination="home")
    direct = unit.headunit().route.arrival
    done("navigation.add_stop", place="Library")
    done("navigation.avoid", what="tolls", on=True)

    route = unit.headunit().route

    assert (route.destination, route.stops, route.avoid) == ("12 Maple Avenue", ("Library",), ("tolls",))
    assert route.arrival is not None
    assert direct is not None
    assert route.arrival > direct
    done("navigation.remove_stop", place="图书馆")
    done("navigation.avoid", what="tolls", on=False)
    assert unit.headunit().route.arrival == direct


def test_a_place_that_is_not_on_the_map_is_refused_and_the_route_stays(
    unit: SimulatedHeadUnit, done: Callable[..., str | None]
) -> None:
    done("navigation.start", destination="Stadium")

    assert refused(unit, "navigation.start", destination="Atlantis") == "unknown_place"
    assert refused(unit, "navigation.avoid", what="puddles", on=True) == "not_available"
    assert unit.headunit().route.destination == "Stadium"


def test_a_call_nobody_knows_is_refused(unit: SimulatedHeadUnit) -> None:
    assert refused(unit, "media.explode") == "not_available"
    assert refused(unit, "toaster.on") == "not_available"


def test_a_device_that_lies_is_found_out_by_reading_back(unit: SimulatedHeadUnit) -> None:
    unit.fault("volume", Fault.WRONG)

    outcome = unit.call(LocalCall("volume.set", {"percent": 70}))

    assert (outcome.status, outcome.reason) == (Status.FAILED, "mismatch")
    assert unit.headunit().media.volume_percent == 30


def test_a_silent_device_leaves_the_outcome_unknown_and_a_mended_one_works(unit: SimulatedHeadUnit) -> None:
    unit.fault("media", Fault.SILENT)
    assert unit.call(LocalCall("media.play")).status is Status.UNKNOWN

    unit.fault("media", Fault.REFUSE)
    assert unit.call(LocalCall("media.play")).status is Status.REFUSED

    unit.fault("media", None)
    assert unit.call(LocalCall("media.play")).status is Status.DONE


def test_the_lists_hold_every_name_people_may_say(unit: SimulatedHeadUnit) -> None:
    names = unit.names()

    assert {"Anna Schmidt", "Anna Li", "妈妈", "张伟"} <= set(names["contact"])
    assert "Anna" in names["given_name"]
    assert names["place.fuel"][0] == "Shell Harbour Street"
    assert {"机场", "火车站", "Airport"} <= set(names["place"])
    assert not {"12 Maple Avenue"} & set(names["place"])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[contact]]\nname = 'A'\n", "number is missing"),
        ("[[contact]]\nname = 'A'\nnumber = 5\n", "wrong kind"),
        ("[[contct]]\nname = 'A'\n", "unknown key 'contct'"),
        ("[[track]]\ntitle='A'\nartist='B'\nalbum='C'\nseconds=1\nsize=2\n", "unknown key 'size'"),
        ("here = \n", "names.toml"),
        ("menu = 'soup'\n", "wrong kind"),
    ],
)
def test_a_broken_names_file_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "names.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=complaint):
        read_world(path)
