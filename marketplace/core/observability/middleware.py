"""The outermost layer: gives each request its id and its span, writes one log line about it and counts it."""

import logging
import random
import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from marketplace.core.context import Fact, about, current_request_id, well_formed_trace_parent
from marketplace.core.context import request_id as belonging_to
from marketplace.core.ids import uuid7

from . import tracing
from .counting import Counter, Histogram
from .logs import hashed

logger = logging.getLogger("marketplace.request")

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
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
        with belonging_to(request_id), about(**_facts(request)):
            if request.path.startswith(_QUIET):
                response = self.get_response(request)
            elif tracing.is_on():
                response = self._traced(request)
            else:
                response = self._observed(request)
            response["X-Request-ID"] = request_id
            return response

    def _observed(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        _log(request, response, seconds)
        count(request, response, seconds)
        return response

    def _traced(self, request: HttpRequest) -> HttpResponse:
        method = _method(request)
        with tracing.span(method, tracing.SERVER, parent=_parent(request), http__request__method=method) as mark:
            response = self._observed(request)
            route = _route(request)
            mark.name(f"{method} {route}")
            mark.set("http.route", route)
            mark.set("marketplace.request_id", current_request_id())
            mark.set("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                mark.fail(str(response.status_code))
            return response


def _parent(request: HttpRequest) -> str:
    """The caller's `traceparent`. Whether the request is recorded is ours to say, unless callers are believed."""
    given = well_formed_trace_parent(request.headers.get("traceparent", ""))
    if not given or settings.TRACES_BELIEVE_CALLERS:
        return given
    is_recorded = random.random() < settings.TRACES_RATIO  # noqa: S311 - a sample, no secret
    return f"{given[:-2]}{is_recorded:02x}"


def _facts(request: HttpRequest) -> dict[str, Fact]:
    """Asked for when a line is written: the route and the person are known only then."""

    def user() -> str:
        known = _known_user(request)
        return str(known.pk) if known is not None and known.is_authenticated else ""

    return {
        "user": user,
        "product": lambda: _subject(request, "product_id", "/products/<pk>/"),
        "promotion": lambda: _subject(request, "promo_id", "/flash-promos/<pk>/"),
    }


def _subject(request: HttpRequest, name: str, page: str) -> str:
    match = request.resolver_match
    if match is None:
        return ""
    value = match.kwargs.get(name) or (page in template_of(match.route) and match.kwargs.get("pk"))
    # Where a route takes any text, a stranger's words are no id.
    return str(value) if value and _ID.fullmatch(str(value)) else ""


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """By route template, method and class of status: `5xx`. What no route is for, a wrong path, is `none`."""
    route = _route(request)
    REQUESTS.add(route, _method(request), f"{response.status_code // 100}xx")
    SECONDS.add(seconds, route)


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return template_of(match.route) if match else "none"


def _method(request: HttpRequest) -> str:
    return str(request.method) if request.method in _METHODS else "other"


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
