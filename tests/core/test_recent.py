"""What was worked out lately, and no more."""

import gc
import weakref

import pytest

from assistant.core.recent import Recent


def test_the_one_that_was_not_asked_for_the_longest_goes() -> None:
    made: list[int] = []
    recent: Recent[int, str] = Recent(2)

    def make(key: int) -> str:
        made.append(key)
        return str(key)

    assert [recent.of(key, make) for key in (1, 2, 1, 3, 1, 2)] == ["1", "2", "1", "3", "1", "2"]
    assert made == [1, 2, 3, 2]
    assert len(recent) == 2


def test_what_fails_is_not_held() -> None:
    recent: Recent[str, int] = Recent(2)

    with pytest.raises(ValueError, match="many"):
        recent.of("many", int)
    assert len(recent) == 0


class _Owner:
    """Asks itself, as a word graph does."""

    def __init__(self) -> None:
        self._recent: Recent[int, int] = Recent(2)

    def twice(self, number: int) -> int:
        """Return the double."""
        return self._recent.of(number, self._doubled)

    def _doubled(self, number: int) -> int:
        return 2 * number


def test_its_owner_needs_no_collector_to_go() -> None:
    gc.disable()
    try:
        owner = _Owner()
        assert owner.twice(4) == 8
        gone = weakref.ref(owner)
        del owner
        assert gone() is None
    finally:
        gc.enable()
