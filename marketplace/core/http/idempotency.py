"""Idempotency-Key: the same request twice has one effect and one answer.

After authentication and permission, one transaction inserts the key, runs the action and stores the
answer. A concurrent duplicate waits at the insert for the first to finish (database `lock_timeout`), then
gets its answer; if it does not finish in time, 409 with Retry-After. A refusal rolls everything back,
the key included, so that the caller may try again with the same key.

Follows draft-ietf-httpapi-idempotency-key-header.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import is_success
from rest_framework.utils.encoders import JSONEncoder

from marketplace.core.clock import now_sql
from marketplace.core.errors import DomainError, ErrorKind, gettext_noop
from marketplace.core.locking import LockRank, enter, is_lock_timeout

HEADER = "Idempotency-Key"
MAX_LENGTH = 255
KEPT_FOR = timedelta(hours=24)
STORED_HEADERS = ("ETag", "Location")

ActionT = TypeVar("ActionT", bound=Callable[..., Response])


class IdempotencyKeyRequiredError(DomainError):
    """A route that moves money or stock was called without the header."""

    code = "idempotency_key_required"
    kind = ErrorKind.INVALID
    message = gettext_noop("Send an Idempotency-Key header of 1 to 255 printable ASCII characters.")


class IdempotencyKeyReusedError(DomainError):
    """The key belongs to another request."""

    code = "idempotency_key_reused"
    kind = ErrorKind.UNPROCESSABLE
    message = gettext_noop("This Idempotency-Key was used with another request.")


class IdempotencyInProgressError(DomainError):
    """The first request with this key is still running."""

    code = "idempotency_in_progress"
    message = gettext_noop("The first request with this Idempotency-Key is still running.")


class IdempotencyKey(models.Model):
    """A key of one caller on one route, the fingerprint of its request, and the stored answer."""

    id = models.BigAutoField(primary_key=True)
    caller = models.UUIDField()
    route = models.CharField(max_length=120)
    key = models.CharField(max_length=MAX_LENGTH)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    # JSON as text, just as it was sent: PostgreSQL would put the members of a JSON column in another order.
    answer = models.TextField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "core"
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["caller", "route", "key"], name="core_idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="core_idempotency_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


def idempotent(action: ActionT) -> ActionT:
    """Decorate a ViewSet action (or a view's `post`) that moves money or stock."""

    @functools.wraps(action)
    def run(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = _key_of(request)
        route = f"{request.method} {request.resolver_match.route if request.resolver_match else request.path}"[:120]
        fingerprint = _fingerprint(request)
        caller = request.user.pk
        if caller is None:  # keys belong to somebody; two strangers must never see each other's answers
            raise NotAuthenticated
        with transaction.atomic():
            stored = _insert_or_find(caller, route, key, fingerprint)
            if stored is not None:
                return _replay(stored, fingerprint)
            response = action(view, request, *args, **kwargs)
            if not is_success(response.status_code):
                transaction.set_rollback(True)
                return response
            _store(response, caller=caller, route=route, key=key)
        return response

    run.is_idempotent = True  # type: ignore[attr-defined]  # read by the schema
    return cast(ActionT, run)


def once(*, caller: UUID, route: str, key: str, body: Any, work: Callable[[], Any]) -> Any:
    """What `work` answers (JSON-ready), carried out once for the caller's key on that route: for forms.

    As `idempotent`: the same key again gives the stored answer, and a refusal stores nothing. Raises
    `IdempotencyKeyRequiredError`, `IdempotencyKeyReusedError` when the key came with another `body`,
    `IdempotencyInProgressError`, and what `work` raises.
    """
    _require_key(key)
    fingerprint = _hash_of([route, body])
    with transaction.atomic():
        stored = _insert_or_find(caller, route, key, fingerprint)
        if stored is not None:
            return _stored_answer(stored, fingerprint)
        answer = work()
        IdempotencyKey.objects.filter(caller=caller, route=route, key=key).update(
            status=200, answer=json.dumps(answer, cls=JSONEncoder)
        )
    return answer


def _key_of(request: Request) -> str:
    key = str(request.headers.get(HEADER, ""))
    _require_key(key)
    return key


def _require_key(key: str) -> None:
    if not 1 <= len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyRequiredError


def _fingerprint(request: Request) -> str:
    # The path is part of it: one key on two objects is two requests.
    return _hash_of([request.path, request.data])


def _hash_of(content: Any) -> str:
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(body.encode()).hexdigest()


def _insert_or_find(caller: UUID, route: str, key: str, fingerprint: str) -> IdempotencyKey | None:
    enter(LockRank.IDEMPOTENCY_KEY)
    table = IdempotencyKey._meta.db_table
    caller_value = IdempotencyKey._meta.get_field("caller").get_db_prep_value(caller, connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (caller, route, key, fingerprint, status, headers, created_at) "  # noqa: S608
                f"VALUES (%s, %s, %s, %s, 0, '{{}}', {now_sql(connection)}) ON CONFLICT DO NOTHING",
                [caller_value, route, key, fingerprint],
            )
            inserted = bool(cursor.rowcount)
    except DatabaseError as error:
        if is_lock_timeout(error):
            raise IdempotencyInProgressError(retry_after=1) from error
        raise
    if inserted:
        return None
    stored = IdempotencyKey.objects.filter(caller=caller, route=route, key=key).first()
    if stored is None:  # forgotten for its age between the two statements
        raise IdempotencyInProgressError(retry_after=1)
    return stored


def _store(response: Response, *, caller: UUID, route: str, key: str) -> None:
    IdempotencyKey.objects.filter(caller=caller, route=route, key=key).update(
        status=response.status_code,
        answer=json.dumps(response.data, cls=JSONEncoder),
        headers={name: response[name] for name in STORED_HEADERS if response.has_header(name)},
    )


def _replay(stored: IdempotencyKey, fingerprint: str) -> Response:
    body = _stored_answer(stored, fingerprint)
    return Response(body, status=stored.status, headers={**stored.headers, "Idempotency-Replayed": "true"})


def _stored_answer(stored: IdempotencyKey, fingerprint: str) -> Any:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError
    return json.loads(stored.answer or "null")
