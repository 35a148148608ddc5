"""What selections are made from, kept in this process for a second: the scores' version, the policy, the pins.

Keys of caches hold versions, so each request asks for them; within a second it is not the database that is asked. Who
publishes scores or changes pins changes a word in the shared cache, and every process reads anew at once; where the
word is lost, a second later. Pins carry their moments: their starts and ends need nobody.
"""

import hashlib
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import cache

from promotions.scoring import selectors as scoring
from promotions.scoring.models import ScoringPolicy

from . import selectors
from .models import Pin

GLANCE_SECONDS = 1.0
WORD_KEY = "promotions.exposure.word"


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest complete version of the scores (none before the first), the policy in force, and the pins."""

    scores_version: int | None
    policy: ScoringPolicy
    pins: tuple[Pin, ...]
    word: str
    read_at: float

    def pins_in(self, context: str, category_id: UUID | None, at: datetime) -> list[Pin]:
        """The pins of a place of the shop at a moment."""
        return [
            pin
            for pin in self.pins
            if pin.context == context
            and pin.category_id == category_id
            and pin.starts_at <= at
            and (pin.ends_at is None or at < pin.ends_at)
        ]


def pins_word(pins: Sequence[Pin]) -> str:
    """A short word that is another one for other pins, or other versions of them."""
    if not pins:
        return "-"
    named = "|".join(f"{pin.pk.hex}.{pin.version}" for pin in pins)
    return hashlib.blake2b(named.encode(), digest_size=6).hexdigest()


class _Keeper:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing: Standing | None = None

    def standing(self, at: datetime) -> Standing:
        word, kept = _shared_word(), self._standing
        if kept is not None and _is_good(kept, word):
            return kept
        with self._lock:
            kept = self._standing
            if kept is None or not _is_good(kept, word):
                # The word was read before the rows: a change in between makes this old at once, never wrong.
                self._standing = kept = _read(word, at)
            return kept


def _is_good(kept: Standing, word: str) -> bool:
    return kept.word == word and time.monotonic() - kept.read_at < GLANCE_SECONDS


def _shared_word() -> str:
    """Empty while the cache does not answer."""
    word = cache.get(WORD_KEY)
    if word is None:
        cache.add(WORD_KEY, uuid.uuid4().hex, timeout=None)
        word = cache.get(WORD_KEY)
    return str(word or "")


_keeper = _Keeper()


def standing(at: datetime) -> Standing:
    """What selections are made from now; three small queries at most once a second."""
    return _keeper.standing(at)


def standing_changed() -> None:
    """Every process reads anew at its next use. Call it when the change is committed."""
    cache.set(WORD_KEY, uuid.uuid4().hex, timeout=None)


def _read(word: str, at: datetime) -> Standing:
    now = time.monotonic()
    version = scoring.current_version()
    return Standing(
        scores_version=None if version is None else version.pk,
        policy=scoring.policy(),
        pins=tuple(selectors.pins_from(at)),
        word=word,
        read_at=now,
    )
