"""Cached lists are kept by version: whoever writes the catalogue begins a new one, so that a price shows at once.

Only what anybody may see is ever kept, and only for `PRODUCT_LIST_CACHE_SECONDS`: stock moves and promotions begin
and end without a new version.
"""

from uuid import uuid4

from django.core.cache import cache
from django.db import transaction

_KEY = "stores:lists"
_KEPT_SECONDS = 86_400


def lists_changed() -> None:
    """Nobody is shown a list from before, once the caller's transaction is committed."""
    transaction.on_commit(_begin_version, robust=True)


def lists_version() -> str:
    """The version of now; a new one where the cache has forgotten it."""
    version = cache.get(_KEY)
    return str(version or _begin_version())


def _begin_version() -> str:
    # A word never used before: a counter that the cache had forgotten would count through old versions again.
    version = uuid4().hex
    cache.set(_KEY, version, _KEPT_SECONDS)
    return version
