"""Memory given back: glibc keeps a heap for every thread and what is freed in it, so that a daemon grows for days though it holds no more."""

import contextlib
import ctypes
from typing import Final

ARENAS: Final = 2
"""Heaps at most; glibc would make eight for every core."""
_M_ARENA_MAX: Final = -8
"""As in glibc's malloc.h."""
BEATS: Final = 60
"""Between two clearings."""


class Heap:
    """The process's own heap; without glibc it does nothing."""

    def __init__(self) -> None:
        """Bound the number of heaps; before other threads begin."""
        self._libc = ctypes.CDLL(None)
        self._beats = 0
        with contextlib.suppress(AttributeError):
            self._libc.mallopt(_M_ARENA_MAX, ARENAS)

    def beat(self) -> None:
        """Count the heart's beats, and give free pages back to the kernel at every sixtieth."""
        self._beats += 1
        if self._beats % BEATS == 0:
            with contextlib.suppress(AttributeError):
                self._libc.malloc_trim(0)
