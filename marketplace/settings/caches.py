"""Cache and rate limits: Redis where there is one, this process's memory otherwise. Never pickle."""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from .env import env
from .traces import TRACES_EXPORTER

REDIS_URL = env.str("REDIS_URL", default="")

_BY_REDIS: dict[str, Any] = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": REDIS_URL,
    "KEY_PREFIX": env.str("CACHE_KEY_PREFIX", default="mp"),
    "OPTIONS": {
        "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        "SOCKET_CONNECT_TIMEOUT": 1,
        "SOCKET_TIMEOUT": 1,
        # Without Redis the shop goes on, slower.
        "IGNORE_EXCEPTIONS": True,
        # redis-py's default sleeps between three tries: a second of a request's time whenever Redis is out.
        "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 0)},
    },
}
if TRACES_EXPORTER != "none":
    _BY_REDIS["OPTIONS"]["REDIS_CLIENT_CLASS"] = "marketplace.core.observability.traced_redis.TracedRedis"


def _in_memory(name: str, most: int) -> dict[str, Any]:
    backend = "django.core.cache.backends.locmem.LocMemCache"
    return {"BACKEND": backend, "LOCATION": name, "OPTIONS": {"MAX_ENTRIES": most}}


# `marks` are one small entry for each of many recipients: in one memory they would push out everything else.
CACHES: dict[str, dict[str, Any]] = (
    {"default": _BY_REDIS, "marks": _BY_REDIS}
    if REDIS_URL
    else {"default": _in_memory("marketplace", 2_000), "marks": _in_memory("marks", 200_000)}
)

# Lists of products for people who are not signed in. Every write of the catalogue begins new ones; stock and promoted
# prices show after so many seconds at the latest. 0: nothing is kept.
PRODUCT_LIST_CACHE_SECONDS = env.int("PRODUCT_LIST_CACHE_SECONDS", default=10)
