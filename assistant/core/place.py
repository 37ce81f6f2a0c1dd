"""Where things are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A point with the name people use for it."""

    name: str
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    address: str = ""
