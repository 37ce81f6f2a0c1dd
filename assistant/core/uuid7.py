"""Names for orders and messages: UUID version 7 (RFC 9562), made of a time and chance that the caller gives."""

import re
from typing import Final

RANDOM_BYTES: Final = 10
_SHAPE: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def uuid7(unix_ms: int, random: bytes) -> str:
    """Return a UUIDv7 in canonical lower case from milliseconds since 1970 and RANDOM_BYTES of chance.

    A clock that is wrong gives an odd name, never a doubled one: 74 bits are chance.
    """
    if len(random) != RANDOM_BYTES:
        msg = f"{RANDOM_BYTES} random bytes are needed, not {len(random)}"
        raise ValueError(msg)
    chance = int.from_bytes(random)
    number = (
        (unix_ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
    )
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_uuid7(text: str) -> bool:
    """Tell whether `text` is a UUIDv7 in canonical lower case."""
    return _SHAPE.fullmatch(text) is not None
