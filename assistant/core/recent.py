"""What was worked out lately."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The answers of a function to the last `most` keys; for one thread.

    functools.lru_cache on a method of an object that holds it is a cycle: then only a full collection frees the object.
    """

    def __init__(self, most: int) -> None:
        """Hold none yet."""
        self._most = most
        self._held: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def of(self, key: Key, make: Callable[[Key], Value]) -> Value:
        """Return the answer to a key, made if it is not held; the one that was not asked for the longest then goes."""
        try:
            self._held.move_to_end(key)
        except KeyError:
            value = self._held[key] = make(key)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
            return value
        return self._held[key]
