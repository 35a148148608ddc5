"""The outermost layer: gives each request its id and writes one log line about it."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from marketplace.core.context import request_id as belonging_to
from marketplace.core.ids import uuid7

from .logs import hashed

logger = logging.getLogger("marketplace.request")

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


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
                _log(request, response, time.perf_counter() - started)
            return response


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
