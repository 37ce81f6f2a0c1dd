"""The envelope both ends speak: strict JSON of at most 128 KiB, `{id, order, op, rev, body, body_sha256, created, expires, trace}`.

A reply bears the `id` of the request it answers (MQTT correlation data is that id, too); news without a request bears
an id of its own. Times are epoch seconds of the *bridge's* clock, which the car learns from every pong, so a car's
wrong clock neither expires nor revives anything.

car -> bridge, body                                          answered by
ping    {head, length}: the car's audit chain                pong  {now, head, length}: bridge clock (float s), what it keeps of the chain
ask     {service, method, args}: reads only, no order        answer {result} or problem
quote   {service, method, args}                              order (QUOTED, or an end)
change  {args}: only what changes                            order (same state, new quote)
commit  core.consent.Consent.to_json                         order (ACCEPTED once it is in the bridge's database, QUOTED if the price changed)
approve {digest}: ask the owner's phone                      order (later once more, with `approved`)
cancel  {}                                                   order (CANCELLING or CANCELLED; else its state and a reason)
status  {}                                                   order, or problem `unknown_order`: it never arrived and will be taken as new
erase   {}: all of this vehicle                              erased {receipt, rows}
`order` bodies are core.order.Snapshot.to_json with the bridge's own growing `rev` (1 and up); every other message has rev 0.
problem {reason}: the message (not the order) was refused: malformed, forged, expired, body_changed, unknown_order, not_allowed, busy.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NoReturn

from assistant.core.quote import canonical
from assistant.core.uuid7 import is_uuid7
from assistant.errors import LinkError

MAX_BYTES: Final = 128 * 1024
MAX_DEPTH: Final = 16
MAX_LIFE_S: Final = 7 * 86_400
_BIGGEST: Final = 2**53
"""Whole numbers beyond this are not the same in every JSON reader."""
_TRACE: Final = re.compile(r"[A-Za-z0-9-]{0,64}")
_FIELDS: Final = frozenset({"id", "order", "op", "rev", "body", "body_sha256", "created", "expires", "trace"})


class Op(StrEnum):
    """What a message is."""

    PING = "ping"
    ASK = "ask"
    QUOTE = "quote"
    CHANGE = "change"
    COMMIT = "commit"
    APPROVE = "approve"
    CANCEL = "cancel"
    STATUS = "status"
    ERASE = "erase"
    PONG = "pong"
    ANSWER = "answer"
    ORDER = "order"
    ERASED = "erased"
    PROBLEM = "problem"


FROM_CAR: Final = frozenset(
    {Op.PING, Op.ASK, Op.QUOTE, Op.CHANGE, Op.COMMIT, Op.APPROVE, Op.CANCEL, Op.STATUS, Op.ERASE}
)
FROM_BRIDGE: Final = frozenset({Op.PONG, Op.ANSWER, Op.ORDER, Op.ERASED, Op.PROBLEM})
ABOUT_AN_ORDER: Final = frozenset({Op.QUOTE, Op.CHANGE, Op.COMMIT, Op.APPROVE, Op.CANCEL, Op.STATUS, Op.ORDER})
UNTIMED: Final = frozenset({Op.PING, Op.PONG})
"""Never expired: by them a car learns what time it is (a first ping is `created` 0; a pong counts only for a ping under way)."""


_NESTING: Final = (dict, list, tuple)
_OPS: Final = frozenset(op.value for op in Op)


class Fault(StrEnum):
    """Why a message is refused; also the word a `problem` answers with."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    FORGED = "forged"
    """The body is not what its hash says."""
    FOREIGN = "foreign"
    """Another vehicle's, or one that this side does not take."""
    EXPIRED = "expired"
    NOT_ALLOWED = "not_allowed"
    """It holds a field that may not leave the car."""


class WireError(LinkError):
    """A message was refused; nothing in it was used."""

    def __init__(self, fault: Fault, message: str) -> None:
        """Keep the kind of fault beside the text."""
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message."""

    id: str
    """UUIDv7."""
    op: Op
    body: Mapping[str, Any]
    created: int
    """Epoch seconds of the bridge."""
    expires: int
    """Epoch seconds of the bridge; from then on it means nothing."""
    order: str = ""
    """UUIDv7 of the order; empty where the message is not about one."""
    rev: int = 0
    """Of an `order` message; 0 for all others."""
    trace: str = ""
    _text: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def body_text(self) -> bytes:
        """Return the canonical JSON of the body, which nobody changes."""
        if not self._text:
            object.__setattr__(self, "_text", canonical(dict(self.body)))
        return self._text

    @property
    def body_sha256(self) -> str:
        """Return the lower-case hex SHA-256 of the canonical JSON of the body."""
        return hashlib.sha256(self.body_text).hexdigest()


def encode(envelope: Envelope) -> bytes:
    """Return the message as bytes; WireError if the other side would refuse its form."""
    fields = {
        "id": envelope.id,
        "order": envelope.order,
        "op": envelope.op.value,
        "rev": envelope.rev,
        "created": envelope.created,
        "expires": envelope.expires,
        "trace": envelope.trace,
        "body": dict(envelope.body),
    }
    try:
        fields["body_sha256"] = envelope.body_sha256
        rest = canonical({name: value for name, value in fields.items() if name != "body"})
        raw = b'{"body":' + envelope.body_text + b"," + rest[1:]  # "body" is the first of the sorted names
    except (ValueError, TypeError, RecursionError) as error:
        raise WireError(Fault.MALFORMED, f"this cannot be sent: {error}") from error
    if len(raw) > MAX_BYTES:
        raise WireError(Fault.OVERSIZED, f"{len(raw)} bytes are more than {MAX_BYTES}")
    _check(fields)
    return raw


def decode(raw: bytes, takes: frozenset[Op], bridge_now: float | None = None) -> Envelope:
    """Return the message; WireError with its fault if it is anything but one of `takes`, whole and alive at `bridge_now`.

    `bridge_now` is epoch seconds of the bridge; None does not look at the expiry.
    """
    if len(raw) > MAX_BYTES:
        raise WireError(Fault.OVERSIZED, f"{len(raw)} bytes are more than {MAX_BYTES}")
    try:
        fields = _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise WireError(Fault.MALFORMED, f"not the JSON we speak: {_short(error)}") from error
    if not isinstance(fields, dict) or fields.keys() != _FIELDS:
        raise WireError(Fault.MALFORMED, "not an envelope")
    envelope = _read(fields)
    if envelope.op not in takes:
        raise WireError(Fault.FOREIGN, f"{envelope.op} is not for this side")
    if bridge_now is not None and envelope.op not in UNTIMED and bridge_now >= envelope.expires:
        raise WireError(Fault.EXPIRED, f"it expired {bridge_now - envelope.expires:.0f} s ago")
    return envelope


def _read(fields: Mapping[str, Any]) -> Envelope:
    """Return the envelope of fields of the right names; WireError if a value is wrong or the body is not what its hash says."""
    envelope = _formed(fields)
    try:
        true_hash = envelope.body_sha256
    except ValueError as error:
        raise WireError(Fault.MALFORMED, "the body holds half a character") from error
    if fields["body_sha256"] != true_hash:
        raise WireError(Fault.FORGED, "the body is not what its hash says")
    return envelope


def _formed(fields: Mapping[str, Any]) -> Envelope:
    """Return the envelope of fields of the right names; WireError if a value is wrong."""
    _check(fields)
    given = (fields[name] for name in ("body", "created", "expires", "order", "rev", "trace"))
    return Envelope(fields["id"], Op(fields["op"]), *given)


def _check(fields: Mapping[str, Any]) -> None:
    """Raise WireError if a value is wrong."""
    order, rev, body = fields["order"], fields["rev"], fields["body"]
    created, expires, trace = fields["created"], fields["expires"], fields["trace"]
    op = fields["op"] if isinstance(fields["op"], str) and fields["op"] in _OPS else None
    right = {
        "id": isinstance(fields["id"], str) and is_uuid7(fields["id"]),
        "op": op is not None,
        "order": isinstance(order, str) and (is_uuid7(order) if op in ABOUT_AN_ORDER or order else True),
        "rev": type(rev) is int and (rev >= 1 if op == Op.ORDER else rev == 0),
        "body": isinstance(body, dict) and _shallow(body, MAX_DEPTH),
        "times": type(created) is int and type(expires) is int and 0 <= created < expires <= created + MAX_LIFE_S,
        "trace": isinstance(trace, str) and _TRACE.fullmatch(trace) is not None,
        "body_sha256": isinstance(fields["body_sha256"], str),
    }
    if not all(right.values()):
        wrong = [name for name, good in right.items() if not good]
        raise WireError(Fault.MALFORMED, f"wrong in the envelope: {', '.join(wrong)}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; ValueError if a key stands in it twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key stands twice"
        raise ValueError(msg)
    return found


def _refuse(word: str) -> NoReturn:
    """Refuse NaN and Infinity."""
    msg = f"{word} is not a number"
    raise ValueError(msg)


def _finite(word: str) -> float:
    """Return a number that is not too big for one."""
    number = float(word)
    if not math.isfinite(number):
        _refuse(word[:20])
    return number


def _bounded(word: str) -> int:
    """Return a whole number that every JSON reader reads the same."""
    if len(word) > 17 or abs(int(word)) > _BIGGEST:
        _refuse(word[:20])
    return int(word)


def _shallow(value: Mapping[str, Any], depth: int) -> bool:
    """Tell whether nothing in `value` is nested deeper than `depth`."""
    level: list[Any] = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _NESTING)
        ]
        if not level:
            return True
    return False


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite, parse_int=_bounded
)


def _short(error: BaseException) -> str:
    """Return the error's text without what was in the message."""
    return type(error).__name__ if isinstance(error, UnicodeDecodeError) else str(error)[:80]
