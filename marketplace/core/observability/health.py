"""`/healthz`: the process is up. `/readyz`: it can do its work, or why not."""

from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection

from marketplace.core.outbox.relay import outbox_lag

MAX_LAG_SECONDS = 30


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Touches nothing: a process that answers is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, cache, broker, outbox lag. 503 when the database is out; the rest degrades, and says so."""
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


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "outbox": _outbox,
}
