"""A dictionary that forgets its oldest entries."""

from collections import OrderedDict
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Remembering(OrderedDict[KeyT, ValueT], Generic[KeyT, ValueT]):
    """Keeps the latest `limit` entries. Not safe for threads by itself."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def __setitem__(self, key: KeyT, value: ValueT) -> None:
        super().__setitem__(key, value)
        while len(self) > self._limit:
            self.popitem(last=False)
