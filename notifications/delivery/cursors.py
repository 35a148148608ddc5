"""How far a batch has come between two commits of its progress: one small note per recipient, outside the database.

A worker that is killed between two commits is followed by one that goes on behind the last note, so that at most the
one recipient who was being served is served twice. In Redis where there is one; else a file in VAR_DIR, for then all
workers are on one machine. Losing notes costs repeats up to the last commit, never a recipient.
"""

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from .models import Delivery

logger = logging.getLogger(__name__)
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Note:
    """Up to whom, and how many until then."""

    done_up_to: UUID
    sent_count: int
    refused_count: int


class Cursor:
    """The notes of one batch."""

    def __init__(self, delivery: Delivery) -> None:
        name = f"{delivery.pk}-{delivery.notes_key.hex}"
        self._key = f"{settings.CACHES['default'].get('KEY_PREFIX', '')}:delivery:{name}"
        self._path = Path(settings.VAR_DIR) / "delivery" / name

    def write(self, note: Note) -> None:
        """Behind this recipient everything is done."""
        # Always of one length, so that a file is written over in one go: there is no moment without a note.
        text = f"{note.done_up_to.hex} {note.sent_count:010} {note.refused_count:010}"
        if not settings.REDIS_URL:
            self._overwrite(text.encode())
            return
        try:
            get_redis_connection("default").set(self._key, text, ex=KEPT_SECONDS)
        except RedisError:
            logger.warning("progress is kept by the page: Redis is out")

    def read(self) -> Note | None:
        """The last note; None without one, or with one that does not read."""
        with suppress(RedisError, OSError, ValueError):
            if settings.REDIS_URL:
                found = get_redis_connection("default").get(self._key)
                text = found.decode() if found else ""
            else:
                text = self._path.read_text()
            done, sent, refused = text.split()
            return Note(UUID(hex=done), int(sent), int(refused))
        return None

    def _overwrite(self, text: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.pwrite(descriptor, text, 0)
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """The batch's own progress says it all now."""
        with suppress(RedisError, OSError):
            if settings.REDIS_URL:
                get_redis_connection("default").delete(self._key)
            else:
                self._path.unlink()
