import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.uuid7 import is_uuid7, uuid7


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_it_is_a_version_seven_uuid_that_bears_its_time(unix_ms: int, chance: bytes) -> None:
    text = uuid7(unix_ms, chance)
    known = uuid.UUID(text)
    assert is_uuid7(text)
    assert (known.version, known.variant) == (7, uuid.RFC_4122)
    assert known.int >> 80 == unix_ms


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_a_clock_that_stands_still_does_not_double_a_name(one: bytes, other: bytes) -> None:
    different = (int.from_bytes(one) >> 68, int.from_bytes(one) & (1 << 62) - 1) != (
        int.from_bytes(other) >> 68,
        int.from_bytes(other) & (1 << 62) - 1,
    )
    assert (uuid7(5, one) != uuid7(5, other)) is different


@pytest.mark.parametrize("text", ["", "x", "018BCFE5-6800-7FF6-89D6-E4968FDE1234", str(uuid.UUID(int=0)), "1" * 36])
def test_anything_else_is_none(text: str) -> None:
    assert not is_uuid7(text)


def test_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="random"):
        uuid7(0, b"123")
