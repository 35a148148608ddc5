"""Cache and rate limits: Redis where there is one, this process's memory otherwise. Never pickle."""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from .env import env

REDIS_URL = env.str("REDIS_URL", default="")

CACHES: dict[str, dict[str, Any]]
if REDIS_URL:
    CACHES = {
        "default": {
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
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "marketplace"}}

# Lists of products for people who are not signed in. Every write of the catalogue begins new ones; stock and promoted
# prices show after so many seconds at the latest. 0: nothing is kept.
PRODUCT_LIST_CACHE_SECONDS = env.int("PRODUCT_LIST_CACHE_SECONDS", default=10)
