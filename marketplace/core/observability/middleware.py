"""The outermost layer: gives each request its id, writes one log line about it and counts it."""

import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from django.contrib.admindocs.views import simplify_regex
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from marketplace.core.context import request_id as belonging_to
from marketplace.core.ids import uuid7

from .counting import Counter, Histogram
from .logs import hashed

logger = logging.getLogger("marketplace.request")

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")
# What anybody may send in place of a method must not become a series.
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

REQUESTS = Counter(
    "marketplace_requests_total",
    "requests that were answered; health, metrics and static files aside",
    ("route", "method", "status"),
)
SECONDS = Histogram("marketplace_request_seconds", "from a request to its answer", ("route",))


class RequestContextMiddleware:
    """Takes a well-formed X-Request-ID from the proxy or makes one, and sends it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else uuid7().hex
        started = time.perf_counter()
        with belonging_to(request_id):
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            if not request.path.startswith(_QUIET):
                seconds = time.perf_counter() - started
                _log(request, response, seconds)
                count(request, response, seconds)
            return response


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """By route template, method and class of status: `5xx`. What no route is for, a wrong path, is `none`."""
    match = request.resolver_match
    route = template_of(match.route) if match else "none"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.add(route, str(method), f"{response.status_code // 100}xx")
    SECONDS.add(seconds, route)


@lru_cache(maxsize=2_048)
def template_of(route: str) -> str:
    """The route as people write it: `/api/v1/market/products/<pk>/`."""
    return str(simplify_regex(route))


def _known_user(request: HttpRequest) -> Any:
    # Only whom somebody asked about already: a log line costs no query, and must not fail when the database is out.
    user = getattr(request, "user", None)
    return getattr(request, "_cached_user", None) if isinstance(user, SimpleLazyObject) else user


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    user = _known_user(request)
    # The route, not the path: ids stay out, and lines of one route count together.
    route = match.route.removesuffix("$") if match else ""
    milliseconds = round(seconds * 1000, 1)
    logger.info(
        "%s /%s %s in %s ms",
        request.method,
        route,
        response.status_code,
        milliseconds,
        extra={
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "milliseconds": milliseconds,
            "user": hashed(str(user.pk)) if user is not None and user.is_authenticated else "",
        },
    )
