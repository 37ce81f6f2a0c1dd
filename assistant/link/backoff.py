"""How long to wait before the next try: full jitter, so that a fleet does not come back in step."""

from typing import Final

FLOOR_S: Final = 1.0
CEILING_S: Final = 64.0


def pause_s(failures: int, chance: float, floor_s: float = FLOOR_S, ceiling_s: float = CEILING_S) -> float:
    """Return seconds to wait after `failures` in a row (1 and up), evenly spread over 0 to min(ceiling, floor * 2**(n-1)).

    `chance` is in 0..1. "Full jitter" of the AWS architecture blog: least work at the server for the same delay.
    """
    return chance * min(ceiling_s, floor_s * 2.0 ** min(max(failures, 1) - 1, 16))
