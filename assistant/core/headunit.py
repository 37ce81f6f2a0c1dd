"""What the head unit itself is doing: media, phone, route, timers. Snapshots; no clock runs in them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallPhase(StrEnum):
    """Where a telephone call stands."""

    NONE = "none"
    RINGING = "ringing"
    DIALLING = "dialling"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Media:
    """The player."""

    playing: bool = False
    source: str = ""
    """`radio`, `bluetooth`, `usb`, `library`, …"""
    title: str = ""
    artist: str = ""
    album: str = ""
    playlist: str = ""
    position_s: float = 0.0
    volume_percent: int = 30
    muted: bool = False
    shuffle: bool = False
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """The telephone."""

    phase: CallPhase = CallPhase.NONE
    name: str = ""
    number: str = ""
    last_name: str = ""
    last_number: str = ""
    """Whom we dialled last."""
    last_caller: str = ""
    """Name or number of who rang last."""


@dataclass(frozen=True, slots=True)
class Route:
    """The navigation."""

    active: bool = False
    destination: str = ""
    stops: tuple[str, ...] = ()
    remaining_km: float | None = None
    arrival: datetime | None = None
    avoid: tuple[str, ...] = ()
    """Any of `tolls`, `motorways`, `ferries`."""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    """A kitchen timer, alarm or reminder that will speak up."""

    name: str
    """Unique; also the id it is cancelled by."""
    due: datetime
    kind: str
    """`timer`, `alarm` or `reminder`."""
    text: str = ""
    """What to remind of, in the words it was said."""
    set_for_s: float | None = None
    """Length in seconds where it was set as a length."""


@dataclass(frozen=True, slots=True)
class HeadUnit:
    """All of it at one moment."""

    media: Media = Media()
    call: Call = Call()
    route: Route = Route()
    timers: tuple[Timer, ...] = ()
    here: str = ""
    """Street and town where the car is, as far as the map knows."""
