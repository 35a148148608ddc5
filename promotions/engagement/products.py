"""Which products events may be about: asked of the catalogue once a minute for each product."""

import threading
from collections.abc import Set as AbstractSet
from time import monotonic
from typing import Final
from uuid import UUID

from stores import facade as stores

TRUSTED_SECONDS: Final = 60.0
_MOST: Final = 200_000


class KnownProducts:
    """Products that were there within the last minute; one query for those that nobody has asked for lately.

    What is not there is asked for each time, so a product counts from its first moment on; one that was archived is
    still taken for at most a minute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[UUID, float] = {}

    def missing(self, product_ids: AbstractSet[UUID]) -> set[UUID]:
        """Those of the ids that are no product, or an archived one."""
        now = monotonic()
        known = self._until
        unsure = {each for each in product_ids if known.get(each, 0.0) <= now}
        if not unsure:
            return unsure
        there = stores.products_there(unsure)
        with self._lock:
            if len(self._until) + len(there) > _MOST:
                self._until = {}
            self._until.update(dict.fromkeys(there, now + TRUSTED_SECONDS))
        return unsure - there

    def clear(self) -> None:
        """Forget everything (tests)."""
        with self._lock:
            self._until = {}


known_products = KnownProducts()
