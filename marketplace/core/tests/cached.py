"""Forgetting what is cached, without taking anything from the other workers and checkouts that use the same Redis."""

from django.conf import settings
from django.core.cache import caches
from django_redis import get_redis_connection


def forget_cached() -> None:
    """Empty the caches of this worker. Not `cache.clear()`: on Redis that empties the whole numbered database."""
    if not settings.REDIS_URL:
        for each in caches.settings:
            caches[each].clear()
        return
    server = get_redis_connection("default")
    for key in server.scan_iter(match=f"{settings.CACHES['default']['KEY_PREFIX']}*", count=1000):
        server.unlink(key)
