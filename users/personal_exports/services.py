"""Asking for a copy, making it, fetching it, forgetting it."""

import tempfile
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import transaction

from marketplace.core import audit
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from marketplace.core.personal_data import write_archive
from users.accounts.errors import AccountNotFoundError
from users.accounts.models import User
from users.events import PersonalExportReady, PersonalExportRequested

from .errors import NoPersonalExportError, PersonalExportNotReadyError, PersonalExportTooLargeError
from .models import PersonalExport
from .selectors import newest_export

IN_MEMORY = 8_000_000
"""Bytes of a copy under way that are kept in memory; what is more goes to a temporary file."""


@transaction.atomic
def request_export(*, actor: User, user_id: UUID, reason: str = "") -> PersonalExport:
    """Have a copy made of what is kept about the person; while one is being made, that one.

    For the person, and for an administrator who answers a letter (`reason` says which). Raises `AccountNotFoundError`
    for everybody else, and for an account that is archived.
    """
    if actor.pk != user_id and not actor.is_superuser:
        raise AccountNotFoundError
    account = next(iter(lock(LockRank.PERSON, User.objects.filter(pk=user_id, archived_at__isnull=True))), None)
    if account is None:
        raise AccountNotFoundError
    waiting = PersonalExport.objects.filter(user=account, state=PersonalExport.State.WAITING).first()
    if waiting is not None:
        return waiting
    made = PersonalExport.objects.create(user=account, requested_by=actor.pk, reason=reason)
    audit.record(
        actor_id=actor.pk,
        action="users.request_personal_export",
        subject=account,
        after={"export": str(made.pk)},
        reason=reason,
    )
    publish(PersonalExportRequested(export_id=made.pk, user_id=user_id))
    return made


def make_export(export_id: UUID) -> None:
    """Make the copy and say that it is there. Harmless twice, and when the account is gone meanwhile.

    Outside a transaction: reading may take a while, and nobody shall wait for it.
    """
    waiting = PersonalExport.objects.filter(pk=export_id, state=PersonalExport.State.WAITING)
    found = waiting.first()
    if found is None:
        return
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        write_archive(file, found.user_id, at=read_db_now())
        _keep(found, file, size=file.tell())


@transaction.atomic
def _keep(export: PersonalExport, file: IO[bytes], *, size: int) -> None:
    state, content = PersonalExport.State.TOO_LARGE, None
    if size <= settings.PERSONAL_EXPORT_MAX_BYTES:
        file.seek(0)
        state, content = PersonalExport.State.READY, file.read()
    kept = PersonalExport.objects.filter(pk=export.pk, state=PersonalExport.State.WAITING).update(
        state=state,
        content=content,
        size_bytes=size,
        ready_at=db_now(),
        expires_at=db_now() + timedelta(hours=settings.PERSONAL_EXPORT_HOURS),
    )
    if kept and content is not None:
        publish(PersonalExportReady(export_id=export.pk, user_id=export.user_id))


@transaction.atomic
def take_export(*, owner: User) -> tuple[PersonalExport, bytes]:
    """The newest copy and its ZIP, for its owner alone; each time is in the audit trail.

    Raises `NoPersonalExportError` (none, or its time is over), `PersonalExportNotReadyError`,
    `PersonalExportTooLargeError`.
    """
    newest = newest_export(owner.pk)
    if newest.state == PersonalExport.State.WAITING:
        raise PersonalExportNotReadyError
    if newest.state == PersonalExport.State.TOO_LARGE:
        raise PersonalExportTooLargeError
    # By the database's clock: whatever has not been tidied yet is over all the same.
    current = PersonalExport.objects.filter(pk=newest.pk, state=PersonalExport.State.READY, expires_at__gt=db_now())
    content = current.values_list("content", flat=True).first()
    if content is None:
        raise NoPersonalExportError
    audit.record(
        actor_id=owner.pk, action="users.take_personal_export", subject=owner, after={"export": str(newest.pk)}
    )
    return newest, bytes(content)


@transaction.atomic
def write_export(target: IO[bytes], *, user_id: UUID, at: datetime, reason: str) -> dict[str, int]:
    """Write a copy into a file of the operator's, whatever its size; the number of rows by file. Audited.

    Raises `AccountNotFoundError`.
    """
    account = User.objects.filter(pk=user_id, archived_at__isnull=True).first()
    if account is None:
        raise AccountNotFoundError
    audit.record(actor_id=None, action="users.write_personal_export", subject=account, reason=reason)
    return write_archive(target, user_id, at=at)


def forget_old_exports() -> int:
    """Delete the content of copies whose time is over; how many. Harmless twice."""
    over = PersonalExport.objects.filter(state=PersonalExport.State.READY, expires_at__lte=db_now())
    return over.update(state=PersonalExport.State.EXPIRED, content=None)


def forget_exports_of(user_id: UUID) -> None:
    """Erasure: the copies go, and that they were made."""
    PersonalExport.objects.filter(user_id=user_id).delete()
