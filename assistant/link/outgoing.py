"""What may leave the car: a list of fields per operation. What is not listed is refused, not dropped."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from assistant.link.wire import Fault, Op, WireError

MAX_TEXT: Final = 300
MAX_ROWS: Final = 50


class Kind(Enum):
    """What a field may hold."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Point:
    """A place: `{name, latitude_deg, longitude_deg, address}`, rounded to `decimals` (4: 11 m, 3: 110 m, 2: 1.1 km, 1: 11 km)."""

    decimals: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of objects, or of points."""

    row: "Fields | Point"


Fields = Mapping[str, "Kind | Point | Rows"]

TEXT, NUMBER, FLAG, TEXTS = Kind.TEXT, Kind.NUMBER, Kind.FLAG, Kind.TEXTS
DOOR, STREET, QUARTER, TOWN = Point(4), Point(3), Point(2), Point(1)

_RIDE: Final[Fields] = {
    "pickup": DOOR,
    "destination": DOOR,
    "stops": Rows(DOOR),
    "when": TEXT,
    "ceiling_minor": NUMBER,
    "currency": TEXT,
    "shared": FLAG,
    "vehicle_class": TEXT,
    "seats": NUMBER,
    "luggage": NUMBER,
    "passenger": TEXT,
    "offer": TEXT,
}
_MEAL: Final[Fields] = {
    "place": TEXT,
    "items": Rows({"item": TEXT, "name": TEXT, "quantity": NUMBER, "options": TEXTS}),
    "delivery": FLAG,
    "deliver_to": DOOR,
    "when": TEXT,
    "tip_minor": NUMBER,
    "ceiling_minor": NUMBER,
    "currency": TEXT,
    "note": TEXT,
    "offer": TEXT,
}
_HOTEL: Final[Fields] = {
    "hotel": TEXT,
    "rate": TEXT,
    "town": TEXT,
    "check_in": TEXT,
    "nights": NUMBER,
    "guests": NUMBER,
    "rooms": NUMBER,
    "guest": TEXT,
    "ceiling_minor": NUMBER,
    "currency": TEXT,
    "offer": TEXT,
}
_TRAVEL: Final[Fields] = {
    "kind": TEXT,
    "origin": TEXT,
    "destination": TEXT,
    "stops": TEXTS,
    "date": TEXT,
    "time": TEXT,
    "seat_class": TEXT,
    "passengers": NUMBER,
    "passenger": TEXT,
    "ceiling_minor": NUMBER,
    "currency": TEXT,
    "offer": TEXT,
}
_SHOP: Final[Fields] = {
    "items": Rows({"item": TEXT, "name": TEXT, "quantity": NUMBER}),
    "query": TEXT,
    "deliver_to": DOOR,
    "order": TEXT,
    "ceiling_minor": NUMBER,
    "currency": TEXT,
    "offer": TEXT,
}
_NEAR: Final[Fields] = {"query": TEXT, "near": QUARTER, "limit": NUMBER, "open_now": FLAG, "category": TEXT}

SERVICES: Final[Mapping[str, Fields]] = {
    "ride": _RIDE,
    "ride.search": {**_RIDE, "pickup": STREET, "destination": STREET, "stops": Rows(STREET)},
    "meal": _MEAL,
    "meal.search": {**_NEAR, "cuisine": TEXT, "delivery": FLAG, "ceiling_minor": NUMBER, "currency": TEXT},
    "hotel": _HOTEL,
    "hotel.search": {**_HOTEL, "near": QUARTER, "limit": NUMBER},
    "travel": _TRAVEL,
    "travel.search": {**_TRAVEL, "limit": NUMBER},
    "parcel": {
        "parcel": TEXT,
        "carrier": TEXT,
        "number": TEXT,
        "redirect_to": DOOR,
        "pickup_point": TEXT,
        "when": TEXT,
    },
    "shop": _SHOP,
    "shop.search": {"query": TEXT, "category": TEXT, "limit": NUMBER, "ceiling_minor": NUMBER, "currency": TEXT},
    "pay": {"payee": TEXT, "amount_minor": NUMBER, "currency": TEXT, "purpose": TEXT, "payment": TEXT},
    "places": _NEAR,
    "routes": {"origin": STREET, "destination": STREET, "stops": Rows(STREET), "avoid": TEXTS, "depart": TEXT},
    "weather": {"near": TOWN, "town": TEXT, "date": TEXT, "days": NUMBER},
}
"""Fields of the arguments per `service.method`, or per `service` where its methods do not differ."""

_TERMS: Final[Fields] = {
    "digest": TEXT,
    "amount": NUMBER,
    "currency": TEXT,
    "payee": TEXT,
    "language": TEXT,
    "at": NUMBER,
    "factor": TEXT,
    "said_sha256": TEXT,
}
_PLAIN: Final[Mapping[Op, Fields]] = {
    Op.PING: {"head": TEXT, "length": NUMBER},
    Op.COMMIT: _TERMS,
    Op.APPROVE: {"digest": TEXT},
    Op.CANCEL: {},
    Op.STATUS: {},
    Op.ERASE: {},
}
_POINT: Final = frozenset({"name", "latitude_deg", "longitude_deg", "address"})


def call_body(service: str, method: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a `quote` or `ask` with locations rounded to need; WireError(NOT_ALLOWED) for a field not on the list."""
    return {
        "service": service,
        "method": method,
        "args": _fields(args, _listed(service, method), f"{service}.{method}"),
    }


def change_body(service: str, method: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a `change` of an order of that service; WireError(NOT_ALLOWED) for a field not on the list."""
    return {"args": _fields(args, _listed(service, method), f"{service}.{method}")}


def plain_body(op: Op, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of any other operation; WireError(NOT_ALLOWED) for a field not on the list."""
    if op not in _PLAIN:
        raise WireError(Fault.NOT_ALLOWED, f"{op} does not go out like this")
    return _fields(body, _PLAIN[op], op.value)


def _listed(service: str, method: str) -> Fields:
    """Return the fields of a service's method; WireError(NOT_ALLOWED) for a service that is not on the list."""
    found = SERVICES.get(f"{service}.{method}") or SERVICES.get(service)
    if found is None:
        raise WireError(Fault.NOT_ALLOWED, f"nothing of {service}.{method} may leave the car")
    return found


def _fields(given: Mapping[str, Any], listed: Fields, where: str) -> dict[str, Any]:
    """Return the fields, each of its kind; WireError(NOT_ALLOWED) otherwise."""
    return {key: _value(value, listed.get(key), f"{where}.{key}") for key, value in given.items()}


def _value(value: Any, kind: "Kind | Point | Rows | None", where: str) -> Any:
    """Return one value as it may leave."""
    match kind:
        case Kind.TEXT if isinstance(value, str) and len(value) <= MAX_TEXT:
            return value
        case Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.TEXTS if isinstance(value, list | tuple) and len(value) <= MAX_ROWS:
            return [_value(row, Kind.TEXT, where) for row in value]
        case Point() if isinstance(value, Mapping):
            return _point(value, kind, where)
        case Rows(row) if isinstance(value, list | tuple) and len(value) <= MAX_ROWS:
            return [_value(one, row, where) if isinstance(row, Point) else _row(one, row, where) for one in value]
        case _:
            raise WireError(Fault.NOT_ALLOWED, f"{where} may not leave the car")


def _row(value: Any, row: Fields, where: str) -> dict[str, Any]:
    """Return one object of a list."""
    if not isinstance(value, Mapping):
        raise WireError(Fault.NOT_ALLOWED, f"{where} may not leave the car")
    return _fields(value, row, where)


def _point(value: Mapping[str, Any], point: Point, where: str) -> dict[str, Any]:
    """Return a place rounded to need."""
    if not value.keys() <= _POINT:
        raise WireError(Fault.NOT_ALLOWED, f"{where} holds more than a place")
    rounded: dict[str, Any] = {}
    for key, one in value.items():
        if key in {"name", "address"}:
            rounded[key] = _value(one, Kind.TEXT, where)
        elif one is not None:
            rounded[key] = round(float(_value(one, Kind.NUMBER, where)), point.decimals)
    return rounded
