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
    OPTIONS = "options"
    """An object of texts: size, milk, sugar, …"""


@dataclass(frozen=True, slots=True)
class Point:
    """A place: `{name, latitude_deg, longitude_deg, address}`, rounded to `decimals` (4: 11 m, 3: 110 m, 2: 1.1 km, 1: 11 km)."""

    decimals: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of objects or of points."""

    row: "Fields | Point"


Fields = Mapping[str, Any]
"""Field name -> Kind, Point, Rows, or the Fields of an object."""

TEXT, NUMBER, FLAG, TEXTS, OPTIONS = Kind.TEXT, Kind.NUMBER, Kind.FLAG, Kind.TEXTS, Kind.OPTIONS
DOOR, STREET, QUARTER, TOWN = Point(4), Point(3), Point(2), Point(1)
_MONEY: Final[Fields] = {"minor": NUMBER, "currency": TEXT}
_PERSON: Final[Fields] = {"name": TEXT, "phone": TEXT}
_CEILING: Final[Fields] = {"ceiling": _MONEY}
_DISHES: Final = Rows({"dish": TEXT, "count": NUMBER, "options": OPTIONS})
_GOODS: Final = Rows({"product": TEXT, "count": NUMBER})
_STAY: Final[Fields] = {"check_in": TEXT, "nights": NUMBER, "rooms": NUMBER}
_FIND: Final[Fields] = {"near": QUARTER, "words": TEXT, "limit": NUMBER}
_LEG: Final[Fields] = {
    "origin": TEXT,
    "destination": TEXT,
    "day": TEXT,
    "number": TEXT,
    "after": TEXT,
    "carriage": TEXT,
}

CALLS: Final[Mapping[str, Fields]] = {
    "ride.book": {
        "pickup": DOOR,
        "destination": DOOR,
        "stops": Rows(DOOR),
        "at": TEXT,
        "vehicle_class": TEXT,
        "seats": NUMBER,
        "luggage": NUMBER,
        "shared": FLAG,
        "passenger": _PERSON,
        **_CEILING,
    },
    "ride.change": {"add_stop": DOOR, "remove_stop": TEXT, "destination": DOOR},
    "ride.products": {
        "pickup": STREET,
        "destination": STREET,
        "stops": Rows(STREET),
        "seats": NUMBER,
        "luggage": NUMBER,
        "shared": FLAG,
    },
    "meal.order": {
        "lines": _DISHES,
        "kitchen": TEXT,
        "handover": TEXT,
        "address": DOOR,
        "at": TEXT,
        "tip_minor": NUMBER,
        **_CEILING,
    },
    "meal.change": {"address": DOOR, "handover": TEXT, "add": _DISHES},
    "meal.nearby": _FIND,
    "meal.menu": {"kitchen": TEXT},
    "hotel.search": {**_FIND, **_STAY, "guests": NUMBER, "stars": NUMBER, **_CEILING},
    "hotel.rates": {"hotel": TEXT, **_STAY},
    "hotel.book": {"hotel": TEXT, "rate": TEXT, **_STAY, "guests": NUMBER, "guest": _PERSON, **_CEILING},
    "hotel.change": _STAY,
    "travel.search": {
        "origin": TEXT,
        "destination": TEXT,
        "day": TEXT,
        "after": TEXT,
        "carriage": TEXT,
        "limit": NUMBER,
    },
    "travel.book": {"legs": Rows(_LEG), "cabin": TEXT, "seats": NUMBER, "passengers": Rows(_PERSON), **_CEILING},
    "travel.change": {"leg": NUMBER, "day": TEXT, "after": TEXT, "number": TEXT},
    "parcel.mine": {},
    "parcel.track": {"parcel": TEXT},
    "parcel.redirect": {"parcel": TEXT, "address": DOOR, "day": TEXT, **_CEILING},
    "shop.search": {"words": TEXT, "limit": NUMBER},
    "shop.buy": {"lines": _GOODS, "address": DOOR, **_CEILING},
    "shop.reorder": {"order": TEXT, **_CEILING},
    "shop.change": {"address": DOOR, "add": _GOODS},
    "pay.pay": {"payee": TEXT, "amount": _MONEY, **_CEILING},
    "pay.due": {},
    "pay.limits": {},
    "places.find": {**_FIND, "kind": TEXT},
    "routes.route": {"origin": STREET, "destination": STREET, "stops": Rows(STREET), "avoid": TEXTS},
    "weather.forecast": {"near": TOWN, "day": TEXT, "days": NUMBER},
}
"""Fields of the arguments per `service.method`; a change of an order is `service.change`."""

_TERMS: Final[Fields] = {
    "digest": TEXT,
    "amount": NUMBER,
    "currency": TEXT,
    "payee": TEXT,
    "language": TEXT,
    "at": NUMBER,
    "factor": TEXT,
    "said_sha256": TEXT,
    "parts": Rows({"order": TEXT, "digest": TEXT}),
}
_PLAIN: Final[Mapping[Op, Fields]] = {
    Op.PING: {"head": TEXT, "length": NUMBER},
    Op.COMMIT: _TERMS,
    Op.APPROVE: {"digest": TEXT},
    Op.CANCEL: {},
    Op.STATUS: {},
    Op.ERASE: {},
}
_DEGREES: Final = frozenset({"latitude_deg", "longitude_deg"})
_PLACE: Final[Fields] = {"name": TEXT, "latitude_deg": NUMBER, "longitude_deg": NUMBER, "address": TEXT}


def call_body(service: str, method: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a `quote` or `ask`, locations rounded to need; WireError(NOT_ALLOWED) for a field not on the list."""
    return {"service": service, "method": method, "args": _listed(service, method, args)}


def change_body(service: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a `change` of an order of that service; WireError(NOT_ALLOWED) for a field not on the list."""
    return {"args": _listed(service, "change", args)}


def plain_body(op: Op, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of any other operation; WireError(NOT_ALLOWED) for a field not on the list."""
    if op not in _PLAIN:
        raise WireError(Fault.NOT_ALLOWED, f"{op} does not go out like this")
    return _fields(body, _PLAIN[op], op.value)


def _listed(service: str, method: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a service's method; WireError(NOT_ALLOWED) for a method or field that is not on the list."""
    where = f"{service}.{method}"
    if where not in CALLS:
        raise WireError(Fault.NOT_ALLOWED, f"nothing of {where} may leave the car")
    return _fields(args, CALLS[where], where)


def _fields(given: Mapping[str, Any], listed: Fields, where: str) -> dict[str, Any]:
    """Return the fields that are said, each of its kind; WireError(NOT_ALLOWED) otherwise."""
    foreign = sorted(given.keys() - listed.keys())
    if foreign:
        raise WireError(Fault.NOT_ALLOWED, f"{where}.{foreign[0][:40]} may not leave the car")
    return {key: _value(value, listed[key], f"{where}.{key}") for key, value in given.items() if value is not None}


def _value(value: Any, kind: Any, where: str) -> Any:
    """Return one value as it may leave."""
    match kind:
        case Kind.TEXT if isinstance(value, str) and len(value) <= MAX_TEXT:
            return str(value)
        case Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.TEXTS if isinstance(value, list | tuple) and len(value) <= MAX_ROWS:
            return [_value(row, Kind.TEXT, where) for row in value]
        case Kind.OPTIONS if isinstance(value, Mapping) and len(value) <= MAX_ROWS:
            return {_value(key, Kind.TEXT, where): _value(one, Kind.TEXT, where) for key, one in value.items()}
        case Rows(row) if isinstance(value, list | tuple) and len(value) <= MAX_ROWS:
            return [_value(one, row, where) for one in value]
        case Point() if isinstance(value, Mapping):
            return _point(value, kind, where)
        case Mapping() if isinstance(value, Mapping):
            return _fields(value, kind, where)
        case _:
            raise WireError(Fault.NOT_ALLOWED, f"{where} may not leave the car like this")


def _point(value: Mapping[str, Any], point: Point, where: str) -> dict[str, Any]:
    """Return a place rounded to need."""
    place = _fields(value, _PLACE, where)
    return {key: round(float(one), point.decimals) if key in _DEGREES else one for key, one in place.items()}
