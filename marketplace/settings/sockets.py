"""WebSockets: who may open one, and how processes tell each other. Redis where there is one, memory otherwise."""

from typing import Any

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from .caches import CACHES, REDIS_URL
from .env import env

# Pages that may open a socket, such as https://shop.example. Empty: those of ALLOWED_HOSTS.
SOCKET_ORIGINS = env.list("SOCKET_ORIGINS", default=[])
# A process takes so many sockets; further ones are asked to come back later.
SOCKET_LIMIT = env.int("SOCKET_LIMIT", default=20_000)
# Of these so many percent are kept for people with a ticket: whoever watches promotions cannot use them up.
SOCKET_RESERVED_PERCENT = env.int("SOCKET_RESERVED_PERCENT", default=25)
# An inbox's socket lives so long at most; then its client asks for a new ticket.
SOCKET_LIFETIME_MINUTES = env.float("SOCKET_LIFETIME_MINUTES", default=60.0)
# Database work of sockets runs in so many threads; each keeps a connection.
SOCKET_THREADS = env.int("SOCKET_THREADS", default=4)
# For what Redis did not say, a process looks into the database for all its sockets together this often.
SOCKET_LOOK_SECONDS = env.float("SOCKET_LOOK_SECONDS", default=20.0)

CHANNEL_LAYERS: dict[str, dict[str, Any]]
if REDIS_URL:
    # Publish and subscribe: a process subscribes once and has them again after Redis was away, without any key there.
    _host = {
        "address": REDIS_URL,
        "socket_connect_timeout": 1,
        "health_check_interval": 15,
        "retry": Retry(NoBackoff(), 0),
    }
    # Numbered databases do not part what is published: the prefix does.
    _config = {"hosts": [_host], "prefix": f"{CACHES['default']['KEY_PREFIX']}-ws"}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": _config}}
else:
    # The capacity is of the one channel of the process.
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}}
