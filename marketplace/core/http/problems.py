"""One error shape for everything: RFC 9457 problem+json with a stable `code` and the request's id."""

import logging
import math
from collections.abc import Iterable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response

from marketplace.core.context import current_request_id
from marketplace.core.errors import DomainError, ErrorKind
from marketplace.core.formatting import shown_params
from marketplace.core.http.fields import money_json
from marketplace.core.locking import is_unavailable
from marketplace.core.money import Money

logger = logging.getLogger(__name__)

BACK_OFFICE = "/admin/"
CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_DEFAULT = 1
BUSY = gettext_noop("The service is busy. Please try again.")

TITLES = {
    400: gettext_noop("Bad Request"),
    401: gettext_noop("Unauthorized"),
    403: gettext_noop("Forbidden"),
    404: gettext_noop("Not Found"),
    405: gettext_noop("Method Not Allowed"),
    406: gettext_noop("Not Acceptable"),
    409: gettext_noop("Conflict"),
    412: gettext_noop("Precondition Failed"),
    413: gettext_noop("Request Entity Too Large"),
    415: gettext_noop("Unsupported Media Type"),
    422: gettext_noop("Unprocessable Entity"),
    429: gettext_noop("Too Many Requests"),
    500: gettext_noop("Internal Server Error"),
    503: gettext_noop("Service Unavailable"),
}
"""What HTTP calls each status; a status that is not here keeps its English phrase."""

_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[Mapping[str, str]] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document. `extra` members (seconds left, failed rules, …) stand beside the fixed ones."""
    return {
        **(extra or {}),
        "type": f"urn:marketplace:problem:{code}",
        "title": _(TITLES[status]) if status in TITLES else HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": list(errors),
        "request_id": current_request_id(),
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every refusal becomes a problem document; a defect stays a 500 and is raised on."""
    response = _respond(error)
    if response is not None:
        response.content_type = CONTENT_TYPE
    return response


def _respond(error: Exception) -> Response | None:
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, DatabaseError) and is_unavailable(error):
        logger.warning("database is busy or out: %s", type(error).__name__)
        body = problem(503, "unavailable", _(BUSY))
        return Response(body, status=503, headers={"Retry-After": str(RETRY_AFTER_DEFAULT)})
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(detail=get_error_detail(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    return _api(error) if isinstance(error, exceptions.APIException) else None


def _domain(error: DomainError) -> Response:
    status = error.kind.value
    extra = {name: _plain(value) for name, value in error.params.items()}
    body = problem(
        status,
        error.code,
        refusal_text(error),
        errors=({"field": e.field, "code": e.code, "detail": _translated(e.detail)} for e in error.field_errors),
        extra=extra,
    )
    headers: dict[str, str] = {}
    retry_after = error.retry_after
    if retry_after is None and error.kind in {ErrorKind.UNAVAILABLE, ErrorKind.TOO_MANY}:
        retry_after = RETRY_AFTER_DEFAULT
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, retry_after))
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, status=status, headers=headers)


def refusal_text(error: DomainError) -> str:
    """What a refusal says, in the reader's language."""
    text = _translated(error.message)
    return text % shown_params(error.params) if error.params else text


def _translated(text: str) -> str:
    return _(text) if text else ""  # gettext answers "" with the catalogue's header


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case Money():
            return money_json(value)
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
    # An id, a lazy translation, a Decimal: an answer must never fail for its decoration.
    return value.isoformat() if isinstance(value, date) else str(value)


def _api(error: exceptions.APIException) -> Response:
    status = error.status_code
    headers: dict[str, str] = {}
    wait = getattr(error, "wait", None)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(max(1, int(wait or 1)))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(error.get_full_details()))
        body = problem(status, "invalid", _("The request has invalid values."), errors=errors)
        return Response(body, status=status, headers=headers)
    code = error.get_codes()
    body = problem(status, code if isinstance(code, str) else _CODES.get(status, "error"), _text(error.detail))
    return Response(body, status=status, headers=headers)


def _text(detail: Any) -> str:
    return str(detail.get("detail", "")) if isinstance(detail, dict) else str(detail)


def _flatten(details: Any, path: str = "") -> Iterable[dict[str, str]]:
    """DRF's nested details as a flat list; `lines[2].quantity` is the path of the field."""
    if _is_leaf(details):
        yield {"field": path or "non_field_errors", "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, list):
        for index, item in enumerate(details):
            yield from _flatten(item, path if _is_leaf(item) else f"{path}[{index}]")
    elif isinstance(details, dict):
        for name, item in details.items():
            if isinstance(name, int):  # an item of a list field
                yield from _flatten(item, f"{path}[{name}]")
            else:
                yield from _flatten(item, f"{path}.{name}" if path else name)


def _is_leaf(details: Any) -> bool:
    # A serializer may have fields of these names: their details are lists or objects, a leaf's are texts.
    return (
        isinstance(details, dict)
        and set(details) == {"message", "code"}
        and all(isinstance(value, str) for value in details.values())
    )


def problem_response(status: int, code: str, detail: str) -> JsonResponse:
    """For the few places outside DRF (middleware, unknown paths)."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)


def _refusal(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """A problem document; in the back office a page, for the people who read it there."""
    # Without a user the middleware was not reached that the page's menu needs.
    if not request.path.startswith(BACK_OFFICE) or not hasattr(request, "user"):
        return problem_response(status, code, detail)
    context = {**admin.site.each_context(request), "title": detail}
    return render(request, "admin/refusal.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler404`: also unknown paths answer as a problem."""
    return _refusal(request, 404, "not_found", _("Not found."))


def server_error(request: HttpRequest) -> JsonResponse:
    """`handler500`: a defect; the log has the rest under the same request id."""
    return problem_response(500, "internal_error", _("An internal error occurred."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """`handler400`."""
    return problem_response(400, "invalid", _("The request is malformed."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler403`."""
    return _refusal(request, 403, "permission_denied", _("You do not have permission to do this."))
