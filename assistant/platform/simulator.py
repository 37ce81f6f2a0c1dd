"""A head unit of the bench: player, telephone and navigation with state, read-back, and faults that can be switched on.

It implements `core.ports.Devices`. These are all the calls of a head unit; another one must answer the same:

| call                     | args                                                           | done when                           |
|--------------------------|----------------------------------------------------------------|-------------------------------------|
| media.play               |                                                                | it plays                            |
| media.pause              |                                                                | it does not play                    |
| media.next               |                                                                | it plays from the start of a piece  |
| media.previous           |                                                                | it plays from the start of a piece  |
| media.seek               | to_s: seconds from the start, or by_s: seconds from here       | it stands there                     |
| media.set_source         | source: radio, bluetooth, usb, library                         | it is the source                    |
| media.play_item          | kind: song, artist, album, playlist, station; name             | it plays that                       |
| media.shuffle            | on: bool                                                       | it is so                            |
| media.repeat             | on: bool                                                       | it is so                            |
| media.like               | liked: bool                                                    | the present piece is marked so      |
| media.add_to_playlist    | playlist, title                                                | the piece is on it                  |
| volume.set               | percent: 0..100; gives the sound back if it was muted          | it is so                            |
| volume.mute, .unmute     |                                                                | it is so                            |
| phone.dial               | name, number: one of them may be empty                         | it dials that                       |
| phone.hang_up, .reject   |                                                                | there is no call                    |
| phone.answer             |                                                                | we are talking                      |
| navigation.start         | destination: name, alias, address, or `home`, `work`           | the route leads there               |
| navigation.stop          |                                                                | there is no route                   |
| navigation.add_stop      | place: name, alias, address, or `home`, `work`                 | it is once more among the stops     |
| navigation.remove_stop   | place: as above                                                | it is once less among the stops     |
| navigation.avoid         | what: tolls, motorways, ferries; on: bool                      | it is so                            |
| navigation.mute, .unmute |                                                                | it is so                            |

Reasons of a refusal: not_available (no such call, source or road), out_of_range (arguments that do not fit), not_found,
unknown_place, nothing_playing, no_route, no_call, busy. A device that keeps silent is `timeout` (UNKNOWN), one whose state
reads back otherwise is `mismatch` (FAILED).
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from assistant.core.headunit import CallPhase, HeadUnit
from assistant.core.plan import LocalCall, Outcome, Status
from assistant.core.vehicle import Value
from assistant.platform.navigator import Navigator
from assistant.platform.player import Player
from assistant.platform.telephone import Telephone
from assistant.platform.world import World

Args = Mapping[str, Value]


class Fault(StrEnum):
    """What can be wrong with a device: it says no, says nothing, or says yes and does not do it."""

    REFUSE = "refuse"
    SILENT = "silent"
    WRONG = "wrong"


class SimulatedHeadUnit:
    """The devices of one car; safe to call from several threads."""

    def __init__(
        self,
        world: World,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone(),
        silence_s: float = 2.0,
    ) -> None:
        """Start with everything quiet; `silence_s` is how long a silent device is waited for."""
        self._world = world
        self._clock = clock
        self._silence_s = silence_s
        self._player = Player(world)
        self._telephone = Telephone(world)
        self._navigator = Navigator(world, now)
        self._seen = clock()
        self._faults: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def headunit(self) -> HeadUnit:
        """Return the last known state, at once."""
        with self._lock:
            return self._snapshot()

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists it knows: contact, given_name, place, place.<kind>, station, song, artist, album, playlist, menu."""
        return self._world.names()

    def call(self, call: LocalCall) -> Outcome:
        """Do one thing, read its effect back, and tell what became of it."""
        device = call.name.partition(".")[0]
        fault = self._faults.get(device)
        if fault is Fault.SILENT:
            self._closed.wait(self._silence_s)
            return Outcome(call, Status.UNKNOWN, reason="timeout")
        if fault is Fault.REFUSE:
            return Outcome(call, Status.REFUSED, reason="not_available")
        with self._lock:
            before = self._snapshot()
            reason = "" if fault is Fault.WRONG and call.name in self._verbs() else self._do(call)
            if reason:
                return Outcome(call, Status.REFUSED, reason=reason)
            receipt = self._read_back(call, before)
        if receipt is None:
            return Outcome(call, Status.FAILED, reason="mismatch")
        return Outcome(call, Status.DONE, receipt)

    def fault(self, device: str, fault: Fault | None) -> None:
        """Break `media`, `volume`, `phone` or `navigation`, or mend it with None."""
        if fault is None:
            self._faults.pop(device, None)
        else:
            self._faults[device] = fault

    def close(self) -> None:
        """Let go of the devices; a silent one is waited for no longer."""
        self._closed.set()

    def _snapshot(self) -> HeadUnit:
        """Let the time pass since the last look, then return the state."""
        now = self._clock()
        passed, self._seen = max(0.0, now - self._seen), now
        for device in (self._player, self._telephone, self._navigator):
            device.advance(passed)
        return HeadUnit(
            self._player.snapshot(), self._telephone.call, self._navigator.snapshot(), here=self._navigator.here
        )

    def _verbs(self) -> Mapping[str, Callable[[Args], str]]:
        """Return what each call does; every one returns an empty text or the word of a reason."""
        player, telephone, navigator = self._player, self._telephone, self._navigator
        media = "play pause next previous seek set_source play_item shuffle repeat like add_to_playlist"
        phone = "dial hang_up answer reject"
        way = "start stop add_stop remove_stop avoid mute unmute"
        return {
            **{f"media.{verb}": getattr(player, verb) for verb in media.split()},
            "volume.set": player.set_volume,
            "volume.mute": player.mute,
            "volume.unmute": player.unmute,
            **{f"phone.{verb}": getattr(telephone, verb) for verb in phone.split()},
            **{f"navigation.{verb}": getattr(navigator, verb) for verb in way.split()},
        }

    def _do(self, call: LocalCall) -> str:
        """Do it; arguments that are missing or of the wrong kind are refused."""
        verb = self._verbs().get(call.name)
        if verb is None:
            return "not_available"
        try:
            return verb(call.args)
        except (KeyError, ValueError, TypeError):
            return "out_of_range"

    def _read_back(self, call: LocalCall, before: HeadUnit) -> str | None:
        """Return what now reads back as evidence, or None if the state is not as it was asked for."""
        device, _, verb = call.name.partition(".")
        after = self._snapshot()
        match device:
            case "media":
                value, right = self._media_reads(verb, call.args, before, after)
            case "volume":
                value = after.media.muted if verb != "set" else after.media.volume_percent
                right = value == (verb == "mute" if verb != "set" else round(float(call.args["percent"])))
            case "phone":
                value = after.call.phase
                right = value in PHASES[verb]
            case _:
                value, right = self._route_reads(verb, call.args, before, after)
        return str(value) if right else None

    def _media_reads(self, verb: str, args: Args, before: HeadUnit, after: HeadUnit) -> tuple[object, bool]:
        """Return the state that shows the effect, and whether it is as asked for."""
        media = after.media
        match verb:
            case "play" | "pause":
                return media.playing, media.playing is (verb == "play")
            case "next" | "previous" | "play_item":
                changed = media.title != before.media.title or media.position_s < 1
                return media.title, media.playing and (changed or media.source == "radio")
            case "seek":
                wanted = float(args["to_s"]) if "to_s" in args else before.media.position_s + float(args["by_s"])
                inside = min(self._player.queue[self._player.at].seconds - 1, max(0.0, wanted))
                return media.position_s, abs(media.position_s - inside) < 1
            case "set_source":
                return media.source, media.source == args["source"]
            case "shuffle":
                return media.shuffle, media.shuffle is bool(args["on"])
            case "repeat":
                return media.repeat, media.repeat is bool(args["on"])
            case "like":
                liked = media.title in self._player.liked
                return liked, liked is bool(args["liked"])
        pair = (args["playlist"], args["title"])
        return args["playlist"], pair in self._player.added

    def _route_reads(self, verb: str, args: Args, before: HeadUnit, after: HeadUnit) -> tuple[object, bool]:
        """Return the state that shows the effect, and whether it is as asked for."""
        route = after.route
        match verb:
            case "start":
                spot = self._navigator.spot(str(args["destination"]))
                return route.destination, spot is not None and route.destination == spot.name
            case "stop":
                return route.active, not route.active
            case "add_stop" | "remove_stop":
                spot = self._navigator.spot(str(args["place"]))
                name = "" if spot is None else spot.name
                more = route.stops.count(name) - before.route.stops.count(name)
                return ", ".join(route.stops), more == (1 if verb == "add_stop" else -1)
            case "avoid":
                return ", ".join(route.avoid), (args["what"] in route.avoid) is bool(args["on"])
        return route.muted, route.muted is (verb == "mute")


PHASES: Mapping[str, frozenset[CallPhase]] = {
    "dial": frozenset({CallPhase.DIALLING, CallPhase.ACTIVE}),
    "answer": frozenset({CallPhase.ACTIVE}),
    "hang_up": frozenset({CallPhase.NONE}),
    "reject": frozenset({CallPhase.NONE}),
}
"""What the telephone reads after each call."""
