"""The music players of a bus (MPRIS2) as one: the player that plays, else the one that played last, else any.

What MPRIS has no word for (a piece by its name, sources, likes, playlists) is `not_available`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from assistant.core.headunit import Media
from assistant.core.plan import LocalCall, Outcome, Status
from assistant.core.vehicle import Value
from assistant.errors import BusError, Trouble
from assistant.platform.bus import DAEMON, PROPERTIES, Bus, wait_until, watch_names

PREFIX: Final = "org.mpris.MediaPlayer2."
PATH: Final = "/org/mpris/MediaPlayer2"
PLAYER: Final = "org.mpris.MediaPlayer2.Player"
LOOK_S: Final = 0.5
SETTLE_S: Final = 2.0
NEAR_S: Final = 2.0
"""A player that was told to jump there stands no farther away than this; it may play on meanwhile."""


@dataclass(slots=True)
class _Player:
    """What one player last said."""

    name: str
    told: dict[str, Any] = field(default_factory=dict)
    position_s: float = 0.0
    at: float = 0.0
    """Monotonic seconds at which it stood there."""
    played: float = 0.0
    """When it last began to play."""

    @property
    def playing(self) -> bool:
        return bool(self.told.get("PlaybackStatus") == "Playing")

    def of_piece(self, key: str) -> Any:
        return self.told.get("Metadata", {}).get(key)

    def stands_at(self, now: float) -> float:
        moved = (now - self.at) * float(self.told.get("Rate", 1.0)) if self.playing else 0.0
        return max(0.0, self.position_s + moved)

    def take(self, told: Mapping[str, Any], now: float) -> None:
        """Take properties that changed."""
        was_playing, piece = self.playing, self.of_piece("mpris:trackid")
        self.position_s, self.at = self.stands_at(now), now
        self.told.update(told)
        if self.of_piece("mpris:trackid") != piece:
            self.position_s = 0.0
        if "Position" in told:
            self.position_s = told["Position"] / 1e6
        if self.playing and not was_playing:
            self.played = now


class Mpris:
    """Keeps a snapshot of the players from their signals; `call` asks them and reads back. Safe to use from several threads."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to look for players."""
        self._bus = bus
        self._clock = clock
        self._lock = threading.Lock()
        self._players: dict[str, _Player] = {}
        """By the unique name of their connection."""
        self._loud = 1.0
        """Volume before a mute."""
        self._muted = False
        watch_names(bus, self._name_changed)
        bus.listen("", f"{PROPERTIES}.PropertiesChanged", self._changed, arg0=PLAYER)
        bus.listen("", f"{PLAYER}.Seeked", self._seeked)
        bus.on_back(self._look)

    def media(self) -> Media:
        """Return what the present player last said, at once; the defaults where there is none."""
        with self._lock:
            player = self._present()
            if player is None:
                return Media()
            artists = player.of_piece("xesam:artist") or []
            return Media(
                playing=player.playing,
                source="bluetooth" if "bluez" in player.name.lower() else "",
                title=str(player.of_piece("xesam:title") or ""),
                artist=", ".join(artists) if isinstance(artists, list) else str(artists),
                album=str(player.of_piece("xesam:album") or ""),
                position_s=player.stands_at(self._clock()),
                volume_percent=round(100 * (self._loud if self._muted else self._volume(player))),
                muted=self._muted and self._volume(player) == 0,
                shuffle=bool(player.told.get("Shuffle", False)),
                repeat=player.told.get("LoopStatus", "None") != "None",
            )

    def call(self, call: LocalCall) -> Outcome:
        """Do `media.*` or `volume.*`, read back for at most SETTLE_S, and tell what became of it."""
        with self._lock:
            player = self._present()
        if player is None:
            return Outcome(call, Status.REFUSED, reason="nothing_playing")
        try:
            self._refresh(player)
            return self._do(call, player)
        except BusError as error:
            if error.trouble in {Trouble.SILENT, Trouble.ABSENT}:
                return Outcome(call, Status.UNKNOWN, reason="timeout")
            return Outcome(call, Status.REFUSED, reason="not_available")
        except (KeyError, TypeError, ValueError):
            return Outcome(call, Status.REFUSED, reason="out_of_range")

    def _do(self, call: LocalCall, player: _Player) -> Outcome:
        match call.name, call.args:
            case "media.play" | "media.pause" as name, _:
                wanted = name == "media.play"
                self._ask(player, "Play" if wanted else "Pause")
                return self._settled(call, player, lambda: player.playing is wanted, "PlaybackStatus")
            case "media.next" | "media.previous" as name, _:
                return self._skip(call, player, "Next" if name == "media.next" else "Previous")
            case "media.seek", args:
                return self._seek(call, player, args)
            case "media.shuffle", {"on": on}:
                return self._set(call, player, "Shuffle", "b", bool(on))
            case "media.repeat", {"on": on}:
                return self._set(call, player, "LoopStatus", "s", "Playlist" if on else "None")
            case "volume.set", {"percent": percent}:
                self._muted = False
                return self._set(call, player, "Volume", "d", min(1.0, max(0.0, float(percent) / 100)))
            case "volume.mute", _:
                self._loud = self._loud if self._muted else self._volume(player)
                self._muted = True
                return self._set(call, player, "Volume", "d", 0.0)
            case "volume.unmute", _:
                self._muted = False
                return self._set(call, player, "Volume", "d", self._loud)
        return Outcome(call, Status.REFUSED, reason="not_available")

    def _skip(self, call: LocalCall, player: _Player, method: str) -> Outcome:
        if player.told.get(f"CanGo{method}") is False:
            return Outcome(call, Status.REFUSED, reason="not_available")
        piece, stood = player.of_piece("mpris:trackid"), player.stands_at(self._clock())
        self._ask(player, method)

        def elsewhere() -> bool:
            self._refresh(player)
            return bool(player.of_piece("mpris:trackid") != piece)

        def again() -> bool:
            return player.stands_at(self._clock()) < min(stood, NEAR_S)

        wait_until(elsewhere, SETTLE_S / 2, every_s=0.05)
        return self._settled(call, player, lambda: elsewhere() or again(), "xesam:title")

    def _seek(self, call: LocalCall, player: _Player, args: Mapping[str, Value]) -> Outcome:
        stands = player.stands_at(self._clock())
        to_s = max(0.0, float(args["to_s"]) if "to_s" in args else stands + float(args["by_s"]))
        if length := player.of_piece("mpris:length"):
            to_s = min(to_s, max(0.0, length / 1e6 - 1))
        self._ask(player, "Seek", "x", round((to_s - stands) * 1e6))
        return self._settled(call, player, lambda: abs(player.stands_at(self._clock()) - to_s) < NEAR_S, "Position")

    def _set(self, call: LocalCall, player: _Player, name: str, kind: str, value: bool | float | str) -> Outcome:
        if name not in player.told:
            return Outcome(call, Status.REFUSED, reason="not_available")
        self._bus.set((player.name, PATH), f"{PLAYER}.{name}", kind, value)

        def so() -> bool:
            told = player.told[name]
            return abs(told - value) < 0.01 if isinstance(value, float) else bool(told == value)

        return self._settled(call, player, so, name)

    def _ask(self, player: _Player, method: str, kinds: str = "", *arguments: object) -> None:
        self._bus.call((player.name, PATH), f"{PLAYER}.{method}", kinds, *arguments)

    def _settled(self, call: LocalCall, player: _Player, right: Callable[[], bool], evidence: str) -> Outcome:
        """Look until it is right; DONE with what reads back, FAILED otherwise."""

        def look() -> bool:
            self._refresh(player)
            return right()

        if not wait_until(look, SETTLE_S, every_s=0.05):
            return Outcome(call, Status.FAILED, reason="mismatch")
        told = player.told.get(evidence, player.of_piece(evidence))
        return Outcome(call, Status.DONE, str(player.position_s if evidence == "Position" else told))

    def _refresh(self, player: _Player) -> None:
        told = self._bus.call((player.name, PATH), f"{PROPERTIES}.GetAll", "s", PLAYER, timeout_s=LOOK_S)[0]
        with self._lock:
            player.take(told, self._clock())

    def _present(self) -> _Player | None:
        return max(self._players.values(), key=lambda player: (player.playing, player.played), default=None)

    @staticmethod
    def _volume(player: _Player) -> float:
        return float(player.told.get("Volume", 1.0))

    def _look(self) -> None:
        """Find the players that are there; on the bus's thread."""
        with self._lock:
            self._players.clear()
        for name in self._bus.call((DAEMON, "/org/freedesktop/DBus"), f"{DAEMON}.ListNames")[0]:
            if name.startswith(PREFIX):
                owner = self._bus.call((DAEMON, "/org/freedesktop/DBus"), f"{DAEMON}.GetNameOwner", "s", name)[0]
                self._name_changed(name, "", owner)

    def _name_changed(self, name: str, old: str, new: str) -> None:
        if not name.startswith(PREFIX):
            return
        with self._lock:
            self._players.pop(old, None)
            if not new:
                return
            player = self._players.setdefault(new, _Player(name, at=self._clock()))
        try:
            self._refresh(player)
        except BusError:
            return  # it has not put up its object yet; its signals tell the rest

    def _changed(self, sender: str, path: str, arguments: tuple[Any, ...]) -> None:
        with self._lock:
            player = self._players.get(sender)
            if player is not None and path == PATH:
                player.take(arguments[1], self._clock())

    def _seeked(self, sender: str, path: str, arguments: tuple[Any, ...]) -> None:
        self._changed(sender, path, (PLAYER, {"Position": arguments[0]}))
