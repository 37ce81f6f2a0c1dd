import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.core.quote import canonical, sha256
from assistant.link.wire import (
    ABOUT_AN_ORDER,
    FROM_BRIDGE,
    FROM_CAR,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_LIFE_S,
    Envelope,
    Fault,
    Op,
    WireError,
    decode,
    encode,
)

ID = "018bcfe5-6800-7ff6-89d6-e4968fde1234"
ORDER = "018bcfe5-6800-7ff6-89d6-e4968fde0001"
ASK = Envelope(ID, Op.ASK, {"service": "weather", "args": {"near": [31.2, "上海"]}}, 1_000, 1_060, trace="t-1")
ALL = FROM_CAR | FROM_BRIDGE

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
BODY = st.dictionaries(st.text(max_size=8), JSON, max_size=4)


def fault_of(raw: bytes, takes: frozenset[Op] = ALL, bridge_now: float | None = None) -> Fault:
    with pytest.raises(WireError) as told:
        decode(raw, takes, bridge_now)
    return told.value.fault


def fields() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode(ASK))
    return found


def raw_with(**changed: Any) -> bytes:
    """Return the message with fields changed, its hash made right again."""
    data = {**fields(), **changed}
    if "body_sha256" not in changed:
        data["body_sha256"] = sha256(data["body"])
    return json.dumps(data).encode()


@settings(max_examples=300)
@given(
    st.sampled_from(Op),
    BODY,
    st.integers(0, 2**40),
    st.integers(1, MAX_LIFE_S),
    st.from_regex(r"[A-Za-z0-9-]{0,64}", fullmatch=True),
)
def test_what_is_sent_is_what_is_read(op: Op, body: dict[str, Any], created: int, life_s: int, trace: str) -> None:
    order = ORDER if op in ABOUT_AN_ORDER else ""
    sent = Envelope(ID, op, body, created, created + life_s, order, 3 if op is Op.ORDER else 0, trace)
    assert decode(encode(sent), ALL, created) == sent


def test_a_body_hashes_the_same_whatever_the_order_of_its_keys() -> None:
    other = replace(ASK, body=dict(reversed(list(ASK.body.items()))))
    assert other.body_sha256 == ASK.body_sha256
    assert encode(other) == encode(ASK)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_one_changed_byte_is_never_taken_for_the_message(place: int, flip: int) -> None:
    raw = bytearray(encode(ASK))
    raw[place % len(raw)] ^= flip
    try:
        read = decode(bytes(raw), ALL)
    except WireError:
        return
    assert read.body == ASK.body, "the body is covered by its hash; the rest is covered by TLS"


@settings(max_examples=600)
@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"")
@example(b"[" * 100_000)
@example(b'{"a":' * 20_000)
@example(b"1" * 100_000)
@example(b'"\\ud800"')
@example(b"\xef\xbb\xbf{}")
@example(b"null")
def test_anything_at_all_is_a_wire_error_and_nothing_else(raw: bytes) -> None:
    assert fault_of(raw) is Fault.MALFORMED


@settings(max_examples=600)
@given(st.sampled_from(sorted(fields())), JSON)
def test_any_field_with_any_value_is_read_or_refused(name: str, value: Any) -> None:
    try:
        read = decode(raw_with(**{name: value}), ALL)
    except WireError:
        return
    assert decode(encode(read), ALL) == read


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"body_sha256": "0" * 64}, Fault.FORGED),
        ({"body_sha256": None}, Fault.MALFORMED),
        ({"id": "1"}, Fault.MALFORMED),
        ({"id": ID.upper()}, Fault.MALFORMED),
        ({"op": "pay"}, Fault.MALFORMED),
        ({"op": ["ask"]}, Fault.MALFORMED),
        ({"op": "order", "order": ORDER, "rev": 0}, Fault.MALFORMED),
        ({"op": "quote"}, Fault.MALFORMED),
        ({"order": "x"}, Fault.MALFORMED),
        ({"rev": 1}, Fault.MALFORMED),
        ({"rev": True}, Fault.MALFORMED),
        ({"rev": 0.0}, Fault.MALFORMED),
        ({"body": []}, Fault.MALFORMED),
        ({"created": -1}, Fault.MALFORMED),
        ({"created": 1_060}, Fault.MALFORMED),
        ({"expires": 1_000 + MAX_LIFE_S + 1}, Fault.MALFORMED),
        ({"expires": 2**54, "created": 2**54 - 5}, Fault.MALFORMED),
        ({"trace": "a b"}, Fault.MALFORMED),
        ({"trace": "x" * 65}, Fault.MALFORMED),
        ({"extra": 1}, Fault.MALFORMED),
        ({"body": {"a": "\ud800"}, "body_sha256": "0" * 64}, Fault.MALFORMED),
    ],
)
def test_a_wrong_field_is_refused_by_its_fault(changed: dict[str, Any], fault: Fault) -> None:
    assert fault_of(raw_with(**changed)) is fault


@pytest.mark.parametrize("name", sorted(fields()))
def test_a_missing_field_is_refused(name: str) -> None:
    data = fields()
    del data[name]
    assert fault_of(json.dumps(data).encode()) is Fault.MALFORMED


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9007199254740993", "9" * 5_000])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    raw = encode(ASK).replace(b"31.2", number.encode())
    assert number.encode() in raw
    assert fault_of(raw) is Fault.MALFORMED


def test_a_key_that_stands_twice_is_refused() -> None:
    raw = encode(ASK).replace(b'"service":', b'"service":"pay","service":', 1)
    assert fault_of(raw) is Fault.MALFORMED


def test_nesting_has_a_bound() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert decode(raw_with(body={"a": deep}), ALL).body == {"a": deep}
    assert fault_of(raw_with(body={"a": [deep]})) is Fault.MALFORMED


def test_size_has_a_bound_on_both_sides() -> None:
    with pytest.raises(WireError) as told:
        encode(replace(ASK, body={"a": "x" * MAX_BYTES}))
    assert told.value.fault is Fault.OVERSIZED
    assert fault_of(encode(ASK) + b" " * MAX_BYTES) is Fault.OVERSIZED


def test_what_would_be_refused_cannot_be_sent() -> None:
    for wrong in (
        replace(ASK, id="x"),
        replace(ASK, expires=1_000),
        replace(ASK, body={"a": float("nan")}),
        replace(ASK, rev=2),
    ):
        with pytest.raises(WireError):
            encode(wrong)


def test_a_message_for_the_other_side_is_foreign() -> None:
    assert fault_of(encode(ASK), FROM_BRIDGE) is Fault.FOREIGN
    assert FROM_CAR.isdisjoint(FROM_BRIDGE)
    assert set(Op) == ALL


def test_a_message_past_its_time_is_expired_but_a_ping_tells_the_time() -> None:
    assert decode(encode(ASK), ALL, 1_059.9) == ASK
    assert fault_of(encode(ASK), ALL, 1_060) is Fault.EXPIRED
    ping = replace(ASK, op=Op.PING, created=0, expires=15)
    assert decode(encode(ping), ALL, 2e9) == ping


def test_an_error_does_not_repeat_what_was_in_the_message() -> None:
    with pytest.raises(WireError) as told:
        decode(canonical({"secret": "Elm Street"}) + b"x", ALL)
    assert "Elm" not in str(told.value)
