"""A music player and radio for the bench: keeps a queue, runs with the clock."""

from collections.abc import Mapping
from dataclasses import replace

from assistant.core.headunit import Media
from assistant.core.vehicle import Value
from assistant.platform.world import Track, World

RADIO = "radio"
SOURCES = ("library", RADIO, "bluetooth", "usb")


class Player:
    """State of the player; every method returns an empty text, or the word of a reason why not."""

    def __init__(self, world: World) -> None:
        """Load the library and stand on its first track, stopped."""
        self.world = world
        self.queue: tuple[Track, ...] = world.tracks
        self.at = 0
        self.station = 0
        self.liked: frozenset[str] = frozenset()
        self.added: frozenset[tuple[str, str]] = frozenset()
        """(playlist, title) pairs that were put on playlists since the start."""
        self.media = Media(source="library")

    def snapshot(self) -> Media:
        """Return the state with the names of what plays."""
        if self.media.source == RADIO:
            name = self.world.stations[self.station].name if self.world.stations else ""
            return replace(self.media, title=name, artist="", album="", playlist="", position_s=0.0)
        if not self.queue:
            return self.media
        track = self.queue[self.at]
        return replace(self.media, title=track.title, artist=track.artist, album=track.album)

    def advance(self, seconds: float) -> None:
        """Let time pass: the piece runs on and the next one begins."""
        if not self.media.playing or self.media.source == RADIO or not self.queue:
            return
        position = self.media.position_s + seconds
        while position >= self.queue[self.at].seconds:
            position -= self.queue[self.at].seconds
            self.at = self.at if self.media.repeat else (self.at + 1) % len(self.queue)
        self.media = replace(self.media, position_s=position)

    def play(self, _: Mapping[str, Value]) -> str:
        """Start or go on."""
        if not self.snapshot().title:
            return "nothing_playing"
        self.media = replace(self.media, playing=True)
        return ""

    def pause(self, _: Mapping[str, Value]) -> str:
        """Stop where it is."""
        self.media = replace(self.media, playing=False)
        return ""

    def next(self, _: Mapping[str, Value]) -> str:
        """Go to the next piece or station."""
        return self.skip(1)

    def previous(self, _: Mapping[str, Value]) -> str:
        """Go to the piece or station before."""
        return self.skip(-1)

    def skip(self, by: int) -> str:
        """Move in the queue, or over the stations."""
        if self.media.source == RADIO:
            self.station = (self.station + by) % max(1, len(self.world.stations))
        elif self.queue:
            # shuffled play walks the queue in a stride that visits all of it
            stride = 5 if self.media.shuffle and len(self.queue) % 5 else 1
            self.at = (self.at + by * stride) % len(self.queue)
        else:
            return "nothing_playing"
        self.media = replace(self.media, position_s=0.0, playing=True)
        return ""

    def seek(self, args: Mapping[str, Value]) -> str:
        """Jump to `to_s`, or by `by_s`; never out of the piece."""
        if self.media.source == RADIO or not self.queue:
            return "not_available"
        target = float(args["to_s"]) if "to_s" in args else self.media.position_s + float(args["by_s"])
        self.media = replace(self.media, position_s=min(self.queue[self.at].seconds - 1, max(0.0, target)))
        return ""

    def set_source(self, args: Mapping[str, Value]) -> str:
        """Choose where sound comes from."""
        if args["source"] not in SOURCES:
            return "not_available"
        self.media = replace(self.media, source=str(args["source"]), position_s=0.0)
        return ""

    def play_item(self, args: Mapping[str, Value]) -> str:
        """Play what `kind` (song, artist, album, playlist, station) and `name` say."""
        kind, name = str(args["kind"]), str(args["name"]).casefold()
        if kind == "station":
            return self.tune(name)
        if kind not in {"song", "artist", "album", "playlist"}:
            return "not_available"
        chosen = tuple(track for track in self.world.tracks if name in self.values(track, kind))
        if not chosen:
            return "not_found"
        # a song is played in its album, so that there is a next one
        self.queue = self.world.tracks if kind == "song" else chosen
        self.at = self.queue.index(chosen[0])
        source = "library" if self.media.source == RADIO else self.media.source
        playlist = str(args["name"]) if kind == "playlist" else ""
        self.media = replace(self.media, source=source, playing=True, position_s=0.0, playlist=playlist)
        return ""

    def values(self, track: Track, kind: str) -> set[str]:
        """Return what the track is called in the list of that kind, in lower case."""
        if kind == "playlist":
            later = {playlist for playlist, title in self.added if title == track.title}
            return {playlist.casefold() for playlist in (*track.playlists, *later)}
        return {{"song": track.title, "artist": track.artist, "album": track.album}[kind].casefold()}

    def tune(self, name: str) -> str:
        """Play a station by its name."""
        for number, station in enumerate(self.world.stations):
            if name in {known.casefold() for known in (station.name, *station.aliases)}:
                self.station = number
                self.media = replace(self.media, source=RADIO, playing=True)
                return ""
        return "not_found"

    def shuffle(self, args: Mapping[str, Value]) -> str:
        """Random order: `on`."""
        self.media = replace(self.media, shuffle=bool(args["on"]))
        return ""

    def repeat(self, args: Mapping[str, Value]) -> str:
        """Again and again: `on`."""
        self.media = replace(self.media, repeat=bool(args["on"]))
        return ""

    def like(self, args: Mapping[str, Value]) -> str:
        """Remember (`liked`) or forget that the present piece is liked."""
        title = self.snapshot().title
        if not title:
            return "nothing_playing"
        self.liked = self.liked | {title} if args["liked"] else self.liked - {title}
        return ""

    def add_to_playlist(self, args: Mapping[str, Value]) -> str:
        """Put the piece `title` on the `playlist`."""
        if all(track.title != args["title"] for track in self.world.tracks):
            return "not_found"
        self.added |= {(str(args["playlist"]), str(args["title"]))}
        return ""

    def set_volume(self, args: Mapping[str, Value]) -> str:
        """Set `percent`; sound is given back if it was muted."""
        percent = round(float(args["percent"]))
        if not 0 <= percent <= 100:
            return "out_of_range"
        self.media = replace(self.media, volume_percent=percent, muted=False)
        return ""

    def mute(self, _: Mapping[str, Value]) -> str:
        """Be silent."""
        self.media = replace(self.media, muted=True)
        return ""

    def unmute(self, _: Mapping[str, Value]) -> str:
        """Sound again."""
        self.media = replace(self.media, muted=False)
        return ""
