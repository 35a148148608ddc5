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
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop
from marketplace.core.locking import LockRank, enter, is_lock_timeout

HEADER = "Idempotency-Key"
MAX_LENGTH = 255
KEPT_FOR = timedelta(hours=24)

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
    answer = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField()

    COLUMNS: ClassVar[str] = "caller, route, key, fingerprint, status, created_at"

    class Meta:
        app_label = "core"
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
        caller = cast(UUID, request.user.pk)  # permissions let nobody anonymous come here
        with transaction.atomic():
            stored = _insert_or_find(caller, route, key, fingerprint)
            if stored is not None:
                return _replay(stored, fingerprint)
            response = action(view, request, *args, **kwargs)
            IdempotencyKey.objects.filter(caller=caller, route=route, key=key).update(
                status=response.status_code, answer=response.data
            )
        return response

    run.is_idempotent = True  # type: ignore[attr-defined]  # read by the schema
    return cast(ActionT, run)


def _key_of(request: Request) -> str:
    key = str(request.headers.get(HEADER, ""))
    if not 1 <= len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyRequiredError
    return key


def _fingerprint(request: Request) -> str:
    # The path is part of it: one key on two objects is two requests.
    body = json.dumps([request.path, request.data], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(body.encode()).hexdigest()


def _insert_or_find(caller: UUID, route: str, key: str, fingerprint: str) -> IdempotencyKey | None:
    enter(LockRank.IDEMPOTENCY_KEY)
    table = IdempotencyKey._meta.db_table
    field = IdempotencyKey._meta.get_field("caller")
    now = IdempotencyKey._meta.get_field("created_at").get_db_prep_value(timezone.now(), connection)
    row = [field.get_db_prep_value(caller, connection), route, key, fingerprint, 0, now]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({IdempotencyKey.COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s) "  # noqa: S608
                "ON CONFLICT DO NOTHING",
                row,
            )
            inserted = bool(cursor.rowcount)
    except DatabaseError as error:
        if is_lock_timeout(error):
            raise IdempotencyInProgressError(retry_after=1) from error
        raise
    return None if inserted else IdempotencyKey.objects.get(caller=caller, route=route, key=key)


def _replay(stored: IdempotencyKey, fingerprint: str) -> Response:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError
    return Response(stored.answer, status=stored.status, headers={"Idempotency-Replayed": "true"})


def forget_old_keys() -> int:
    """Delete keys past their 24 hours; how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]
