"""`/healthz`: the process is up. `/readyz`: it can do its work, or why not."""

from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection

from marketplace.core.jobs import TICK_PERIOD, since_tick
from marketplace.core.outbox.models import EventDelivery
from marketplace.core.outbox.relay import outbox_lag

MAX_LAG_SECONDS = 30
MOST_COUNTED = 100
MAX_BEAT_AGE = 5 * TICK_PERIOD


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Touches nothing: a process that answers is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, cache, broker, outbox lag, parked deliveries, beat. 503 when the database is out; the rest degrades,
    and says so."""
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    ready = checks["database"] == "ok"
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _outcome(check: Callable[[], str | None]) -> str:
    try:
        return check() or "ok"
    except Exception as error:
        return type(error).__name__


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    if settings.REDIS_URL:
        get_redis_connection("default").ping()
    else:
        cache.get("readyz")


def _broker() -> str | None:
    if settings.CELERY_BROKER_URL.startswith("memory://"):
        return None
    with current_app.connection_for_write(connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
    return None


def _outbox() -> str | None:
    lag = outbox_lag().total_seconds()
    return None if lag <= MAX_LAG_SECONDS else f"oldest event waits {lag:.0f} s"


def _deliveries() -> str | None:
    parked = EventDelivery.objects.filter(state=EventDelivery.State.PARKED)[:MOST_COUNTED].count()
    return f"{parked}{'' if parked < MOST_COUNTED else ' or more'} parked" if parked else None


def _beat() -> str | None:
    age = since_tick()
    if age is None:
        return "no tick yet"
    return None if age <= MAX_BEAT_AGE else f"last tick {age.total_seconds():.0f} s ago"


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "outbox": _outbox,
    "deliveries": _deliveries,
    "beat": _beat,
}
