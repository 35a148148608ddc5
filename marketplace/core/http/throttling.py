"""Rate limits that hold under concurrency: one Redis script, or one lock in this process.

Fixed windows counted by an atomic increment: of N requests at once exactly `limit` pass. The client's
address is the socket's, or the one our own proxies vouch for; a forged header changes nothing.
"""

import ipaddress
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_PERIODS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400}
_SWEEP_SECONDS = 10.0
_SCRIPT = """
local n = redis.call('INCRBY', KEYS[1], ARGV[2])
if n == tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""


class MemoryCounter:
    """Counts per window in this process; forgets windows that are over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[float, int]] = {}
        self._next_sweep = 0.0

    def hit(self, key: str, seconds: int, count: int = 1) -> int:
        """The number of hits in the window, these included."""
        now = time.monotonic()
        with self._lock:
            self._sweep(now)
            until, counted = self._counts.get(key, (now + seconds, 0))
            if until <= now:
                until, counted = now + seconds, 0
            self._counts[key] = (until, counted + count)
            return counted + count

    def _sweep(self, now: float) -> None:
        # At most every few seconds: many addresses at once must not make each hit walk through all of them.
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            self._counts = {key: entry for key, entry in self._counts.items() if entry[0] > now}

    def clear(self) -> None:
        """Forget everything (tests)."""
        with self._lock:
            self._counts.clear()


memory_counter = MemoryCounter()


def hit(key: str, seconds: int, count: int = 1) -> int:
    """Count a hit, or several, in the current window; with Redis gone this process counts alone."""
    window = int(time.time()) // seconds
    full_key = f"throttle:{key}:{window}"
    if settings.REDIS_URL:
        try:
            return int(get_redis_connection("default").eval(_SCRIPT, 1, f"{_prefix()}{full_key}", seconds, count))
        except RedisError:
            logger.warning("throttle falls back to memory: Redis is out")
    return memory_counter.hit(full_key, seconds, count)


def _prefix() -> str:
    return f"{settings.CACHES['default'].get('KEY_PREFIX', '')}:"


def client_address(request: Any) -> str:
    """The client's address as the last trusted proxy saw it; without proxies the socket's peer."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    trusted = settings.TRUSTED_PROXIES
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if not trusted or len(forwarded) < trusted:
        return peer
    return str(forwarded[-trusted])


def network_of(address: str) -> str:
    """What one client can have as many of as it likes counts as one: an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def within_rate(scope: str, who: str) -> bool:
    """Count one try of `who`; whether it is within the scope's rate in `THROTTLE_RATES`."""
    limit, seconds = parse_rate(settings.THROTTLE_RATES[scope])
    return hit(f"{scope}:{who}", seconds) <= limit


class RateLimit(BaseThrottle):
    """Limit per person (signed in) or per address. Subclass with a `scope` of `THROTTLE_RATES`."""

    scope = "auth"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        limit, seconds = parse_rate(settings.THROTTLE_RATES[self.scope])
        self._seconds = seconds
        return hit(f"{self.scope}:{self.who(request)}", seconds) <= limit

    def who(self, request: Request) -> str:
        """Whose hits are counted together."""
        return str(request.user.pk) if request.user.is_authenticated else network_of(client_address(request))

    def wait(self) -> float:
        return self._seconds - time.time() % self._seconds


class AuthRateLimit(RateLimit):
    """Log-in and token routes, per address."""

    scope = "auth"


class MailRateLimit(RateLimit):
    """Routes that send mail."""

    scope = "mail"


class SharedListRateLimit(RateLimit):
    """Reading lists of gifts by their link."""

    scope = "shared_lists"


class ClaimRateLimit(RateLimit):
    """Claiming gifts, without an account too."""

    scope = "claims"


class QuestionRateLimit(RateLimit):
    """Asking about products."""

    scope = "questions"


class LinkRateLimit(RateLimit):
    """Pasting links, and asking for fresh looks at them: each makes us ask somebody's shop."""

    scope = "links"


def parse_rate(text: str) -> tuple[int, int]:
    """`20/min` as (20, 60)."""
    number, _sep, period = text.partition("/")
    return int(number), _PERIODS[period]
