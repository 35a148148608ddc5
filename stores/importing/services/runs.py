"""Opening, confirming, discarding and failing runs."""

from pathlib import PurePath
from typing import IO, Final
from uuid import UUID

from django.core.files import File
from django.db import transaction

from marketplace.core import audit
from marketplace.core.clock import read_db_now
from marketplace.core.errors import DomainError, NotFoundError
from marketplace.core.locking import LockRank, lock
from stores.importing.errors import ImportStateError, NothingToImportError, UnknownFileFormatError
from stores.importing.feed_reading import lines_in
from stores.importing.models import ImportRun
from stores.importing.selectors import writer_of
from stores.merchants.models import Store

from .staging import Staging, first_lines, forget_upload

SMALL: Final = 2_000
"""So many rows are looked through in the request itself."""
_FORMATS: Final = {
    (".csv", False): ImportRun.Format.CSV,
    (".xlsx", False): ImportRun.Format.XLSX,
    (".csv", True): ImportRun.Format.FEED_CSV,
    (".xml", True): ImportRun.Format.FEED_XML,
}
_State = ImportRun.State


@transaction.atomic
def open_run(*, file: IO[bytes], file_name: str, actor_id: UUID | None, store: Store | None = None) -> ImportRun:
    """Take a file in: a catalogue file, or a product feed for `store`. Nothing of the catalogue is written.

    Up to 2,000 rows the run comes back ready, with its preview; a longer file is kept and read in the background.
    Raises an `ImportFileError` for a file whose beginning cannot be read; then nothing is kept of it.
    """
    file_format = _FORMATS.get((PurePath(file_name).suffix.lower(), store is not None))
    if file_format is None:
        raise UnknownFileFormatError
    run = ImportRun(file_name=PurePath(file_name).name[-200:], file_format=file_format, store=store, actor_id=actor_id)
    head = first_lines(lines_in(file, run), SMALL)
    is_small = len(head) <= SMALL
    if not is_small:
        file.seek(0)
        run.upload.save(f"{run.pk}{PurePath(file_name).suffix.lower()}", File(file), save=False)
    run.save(force_insert=True)
    audit.record(
        actor_id=actor_id,
        action="stores.open_import",
        subject=run,
        after={"format": file_format.value, "file": run.file_name},
    )
    if is_small:
        Staging(run, head, writer_of(actor_id)).stage_all()
        run.refresh_from_db()
    return run


@transaction.atomic
def confirm_run(*, run_id: UUID, actor_id: UUID | None) -> ImportRun:
    """Say yes to the preview; the rows are written in the background.

    Raises `ImportStateError` unless it waits for that, `NothingToImportError`.
    """
    run = _held(run_id)
    if run.state != _State.READY:
        raise ImportStateError(state=run.state)
    if not run.new_count + run.changed_count:
        raise NothingToImportError
    run.state = _State.APPLYING
    run.woken_until = run.leased_until = None
    run.attempts = 0
    run.save()
    counts = {"new": run.new_count, "changed": run.changed_count, "errors": run.error_count}
    audit.record(actor_id=actor_id, action="stores.confirm_import", subject=run, after=counts)
    return run


@transaction.atomic
def discard_run(*, run_id: UUID, actor_id: UUID | None) -> ImportRun:
    """Give a run up that was not confirmed. Raises `ImportStateError`."""
    run = _held(run_id)
    if run.state not in {_State.STAGING, _State.READY}:
        raise ImportStateError(state=run.state)
    _end(run, _State.DISCARDED)
    audit.record(actor_id=actor_id, action="stores.discard_import", subject=run)
    return run


@transaction.atomic
def fail_run(*, run_id: UUID, error: DomainError) -> None:
    """The file could not be read to its end, or the work was given up. What was applied stays, and is counted."""
    run = _held(run_id)
    if run.state not in {_State.STAGING, _State.APPLYING}:
        return
    run.failure = {"code": error.code, "params": error.params}
    _end(run, _State.FAILED)
    audit.record(actor_id=None, action="stores.fail_import", subject=run, after={"code": error.code})


def _end(run: ImportRun, state: ImportRun.State) -> None:
    run.state = state
    run.finished_at = read_db_now()
    run.leased_until = None
    forget_upload(run)
    run.save()


def _held(run_id: UUID) -> ImportRun:
    for run in lock(LockRank.CATALOG, ImportRun.objects.filter(pk=run_id)):
        return run
    raise NotFoundError
