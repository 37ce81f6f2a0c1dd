"""MQTT topics: a vehicle writes `v/<id>/req`, reads `v/<id>/rsp` and keeps its slow facts in `v/<id>/state`."""

import re
from typing import Final

_VEHICLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_TOPIC: Final = re.compile(r"v/(?P<vehicle>[A-Za-z0-9][A-Za-z0-9-]{0,63})/(?P<leaf>req|rsp|state)")

ALL_REQUESTS: Final = "$share/bridge/v/+/req"
"""What every bridge subscribes to: each request reaches one of them."""


def is_vehicle(name: str) -> bool:
    """Tell whether `name` can be a vehicle id (and so a certificate's CN): letters, digits, dashes, at most 64."""
    return _VEHICLE.fullmatch(name) is not None


def request(vehicle: str) -> str:
    """Return the topic the vehicle writes to; ValueError for a name that is no vehicle id."""
    return _topic(vehicle, "req")


def response(vehicle: str) -> str:
    """Return the topic the vehicle reads; ValueError for a name that is no vehicle id."""
    return _topic(vehicle, "rsp")


def state(vehicle: str) -> str:
    """Return the retained topic of slow facts; ValueError for a name that is no vehicle id."""
    return _topic(vehicle, "state")


def vehicle_of(topic: str) -> str | None:
    """Return whose topic it is, or None if it is none of ours."""
    match = _TOPIC.fullmatch(topic)
    return None if match is None else match["vehicle"]


def _topic(vehicle: str, leaf: str) -> str:
    """Return `v/<vehicle>/<leaf>`."""
    if not is_vehicle(vehicle):
        msg = f"not a vehicle id: {vehicle!r}"
        raise ValueError(msg)
    return f"v/{vehicle}/{leaf}"
