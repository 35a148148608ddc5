"""The deny list as this process knows it: at most DENY_LIST_SECONDS old, one query each time it is read anew."""

import threading
import time
from uuid import UUID

from django.conf import settings

from marketplace.core.clock import db_now

from .models import DeniedAccount


class DenyList:
    """Which access tokens are refused although they have not run out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._below: dict[UUID, int] = {}
        self._read_at: float | None = None

    def refuses(self, user_id: UUID, version: int) -> bool:
        """Whether a token of this generation is out of force."""
        return version < self._current().get(user_id, 0)

    def forget(self) -> None:
        """Read anew the next time (after a change made by this process)."""
        with self._lock:
            self._read_at = None

    def _current(self) -> dict[UUID, int]:
        with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at >= settings.DENY_LIST_SECONDS:
                rows = DeniedAccount.objects.filter(until__gt=db_now())
                self._below = dict(rows.values_list("user_id", "below_version"))
                self._read_at = now
            return self._below


deny_list = DenyList()
