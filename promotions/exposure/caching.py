"""Selections near at hand: in this process, then in the shared cache; and one who makes what many ask for.

Keys hold versions and the period, so nothing is ever deleted: what nobody asks for any more runs out. This process's
selections carry the word of `standing` too: who empties the shared cache has emptied them.
"""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from django.core.cache import cache

from .values import StoredSlate, Tier

logger = logging.getLogger(__name__)

PREFIX = "promotions.exposure"
MOST_KEPT = 2_000
"""Selections in this process."""
PATIENCE_SECONDS = 0.4
"""So long one waits for another process that is making the same; then one makes it oneself."""
MAKING_SECONDS = 5
_NAP_SECONDS = 0.02
_STRIPES = 64


class _Near:
    """This process's selections, the least recently used going first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, StoredSlate] = OrderedDict()

    def find(self, key: str, at: datetime) -> StoredSlate | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None or found.expires_at <= at:
                self._kept.pop(key, None)
                return None
            self._kept.move_to_end(key)
            return found

    def keep(self, key: str, slate: StoredSlate) -> None:
        with self._lock:
            self._kept[key] = slate
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


near = _Near()
_stripes = [threading.Lock() for _ in range(_STRIPES)]


def find(key: str, word: str, at: datetime) -> tuple[StoredSlate, Tier] | None:
    """The selection under a key, from the nearest cache that has it."""
    kept = near.find(word + key, at)
    if kept is not None:
        return kept, Tier.PROCESS
    shared = _shared(key, at)
    if shared is None:
        return None
    near.keep(word + key, shared)
    return shared, Tier.SHARED


def keep(slate: StoredSlate, word: str, at: datetime) -> None:
    """Put it into both caches for as long as it is served."""
    near.keep(word + slate.key, slate)
    seconds = int((slate.expires_at - at).total_seconds())
    if seconds > 0:
        cache.set(_name(slate.key), slate.to_text(), seconds)


def forget_near() -> None:
    """Nothing is kept in this process any more (tests, and a bench that measures the cold way)."""
    near.clear()


def find_or_make(
    key: str, word: str, at: datetime, make: Callable[[], tuple[StoredSlate, Tier]]
) -> tuple[StoredSlate, Tier]:
    """The selection under a key, made by one where many ask at once: one thread of a process, one process of many.

    Whoever waits in vain makes it too: the unique key of the stored selection lets one of them win.
    """
    found = find(key, word, at)
    if found is not None:
        return found
    with _stripes[hash(key) % _STRIPES]:
        found = find(key, word, at) or _wait_for_another(key, word, at)
        if found is not None:
            return found
        try:
            slate, tier = make()
            keep(slate, word, at)
        finally:
            cache.delete(_lock_name(key))
        return slate, tier


def _wait_for_another(key: str, word: str, at: datetime) -> tuple[StoredSlate, Tier] | None:
    """What another process makes meanwhile; none when nobody does, or the shared cache does not answer."""
    if cache.add(_lock_name(key), 1, MAKING_SECONDS):
        return None
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and cache.get(_lock_name(key)) is not None:
        time.sleep(_NAP_SECONDS)
        found = find(key, word, at)
        if found is not None:
            return found
    return find(key, word, at)


def _shared(key: str, at: datetime) -> StoredSlate | None:
    text = cache.get(_name(key))
    if text is None:
        return None
    try:
        slate = StoredSlate.of_text(text)
    except (AttributeError, KeyError, TypeError, ValueError):
        logger.warning("exposure: the shared cache holds what is no selection", extra={"key": key})
        return None
    return slate if slate.key == key and slate.expires_at > at else None


def _name(key: str) -> str:
    # The cache's own limit on names is shorter than a key.
    return f"{PREFIX}.{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def _lock_name(key: str) -> str:
    return f"{_name(key)}.making"
