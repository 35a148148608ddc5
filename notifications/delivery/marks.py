"""Who was pushed to lately, by the name of their entry: what a consumer that died had done before it could say so.

In a cache of their own, for a day. Losing marks costs repeats, never a recipient.
"""

from collections.abc import Collection

from django.core.cache import caches

KEPT_SECONDS = 24 * 3600
_PREFIX = "outside:"


def marked(names: Collection[str]) -> set[str]:
    """Those of them that are done; one round trip."""
    keys = {f"{_PREFIX}{name}": name for name in names}
    return {keys[key] for key in caches["marks"].get_many(keys)}


def mark(name: str) -> None:
    """Done. The next thing to do is to take it out of the queue."""
    caches["marks"].set(f"{_PREFIX}{name}", 1, KEPT_SECONDS)
