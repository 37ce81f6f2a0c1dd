"""Memory given back: glibc keeps a heap for every thread and what is freed in it, so that a daemon grows for days though it holds no more."""

import contextlib
import ctypes
from typing import Final

ARENAS: Final = 2
"""Heaps at most; glibc would make eight for every core."""
_M_ARENA_MAX: Final = -8
"""As in glibc's malloc.h."""
BEATS: Final = 60
"""Most between two clearings."""


class Heap:
    """The process's own heap; without glibc it does nothing."""

    def __init__(self) -> None:
        """Bound the number of heaps; before other threads begin."""
        self._libc = ctypes.CDLL(None)
        self._beats = 0
        self._freed = False
        with contextlib.suppress(AttributeError):
            self._libc.mallopt(_M_ARENA_MAX, ARENAS)

    def freed(self) -> None:
        """Note that something large was freed: the sound of a sentence takes up to 20 MB while it is recognised."""
        self._freed = True

    def beat(self, *, busy: bool) -> None:
        """Count the heart's beats; give free pages back where there are some and nobody is `busy`, else at the sixtieth beat."""
        self._beats += 1
        if (self._freed and not busy) or self._beats >= BEATS:
            self._beats, self._freed = 0, False
            with contextlib.suppress(AttributeError):
                self._libc.malloc_trim(0)
