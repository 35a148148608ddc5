"""One error shape for everything: RFC 9457 problem+json with a stable `code` and the request's id."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework import exceptions
from rest_framework.response import Response

from marketplace.core.context import current_request_id
from marketplace.core.errors import DomainError
from marketplace.core.events import json_ready
from marketplace.core.locking import is_lock_timeout

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_LOCK = 1
BUSY = gettext_noop("The service is busy. Please try again.")

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
        "title": HTTPStatus(status).phrase,
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
    if isinstance(error, DatabaseError) and is_lock_timeout(error):
        body = problem(503, "unavailable", _(BUSY))
        return Response(body, status=503, headers={"Retry-After": str(RETRY_AFTER_LOCK)})
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(detail=error.messages)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    return _api(error) if isinstance(error, exceptions.APIException) else None


def _domain(error: DomainError) -> Response:
    status = error.kind.value
    text = _(error.message)
    extra = {name: _plain(value) for name, value in error.params.items()}
    body = problem(
        status,
        error.code,
        text % error.params if error.params else text,
        errors=({"field": e.field, "code": e.code, "detail": _(e.detail)} for e in error.field_errors),
        extra=extra,
    )
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return Response(body, status=status, headers=headers)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return json_ready(value)


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
    if isinstance(details, list):
        for index, item in enumerate(details):
            is_leaf = isinstance(item, dict) and "message" in item and "code" in item
            yield from _flatten(item, path if is_leaf else f"{path}[{index}]")
    elif isinstance(details, dict) and {"message", "code"} == set(details):
        yield {"field": path or "non_field_errors", "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, item in details.items():
            yield from _flatten(item, f"{path}.{name}" if path else str(name))


def problem_response(status: int, code: str, detail: str) -> JsonResponse:
    """For the few places outside DRF (middleware, unknown paths)."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """`handler404`: also unknown paths answer as a problem."""
    return problem_response(404, "not_found", _("Not found."))


def server_error(request: HttpRequest) -> JsonResponse:
    """`handler500`: a defect; the log has the rest under the same request id."""
    return problem_response(500, "internal_error", _("An internal error occurred."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """`handler400`."""
    return problem_response(400, "invalid", _("The request is malformed."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """`handler403`."""
    return problem_response(403, "permission_denied", _("You do not have permission to do this."))
