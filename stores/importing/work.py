"""Carrying runs on: whoever takes one reads or writes chunks until a slice of time is over, then somebody goes on.

A worker may die at any point: what it committed is marked on the run, its lease runs out, the next one goes on there.
"""

import logging
from contextlib import closing
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet

from marketplace.core.clock import db_now

from .errors import ImportFileError, ImportGivenUpError
from .feed_reading import lines_in
from .models import ImportRun
from .selectors import WORKING, writer_of
from .services import Staging, apply_chunk, fail_run
from .services.staging import LEASE, SupersededError

logger = logging.getLogger(__name__)

SLICE_SECONDS: Final = 25.0
"""Well below Celery's time limit."""
WAKE_AGAIN: Final = timedelta(seconds=30)
PAUSE: Final = timedelta(seconds=5)
MAX_ATTEMPTS: Final = 5
MOST_WOKEN: Final = 20


def take_wake_ups() -> list[UUID]:
    """Runs that wait for a worker; each is named again after a while if nobody has come."""
    due = list(
        _free().filter(Q(woken_until=None) | Q(woken_until__lt=db_now())).values_list("pk", flat=True)[:MOST_WOKEN]
    )
    ImportRun.objects.filter(pk__in=due).update(woken_until=db_now() + WAKE_AGAIN)
    return due


def work_on(run_id: UUID, seconds: float = SLICE_SECONDS) -> bool:
    """Carry the run on for a while; whether this worker had it. Harmless twice and at the same time."""
    taken = _free().filter(pk=run_id).update(leased_until=db_now() + LEASE, attempts=F("attempts") + 1)
    if not taken:
        return False
    run = ImportRun.objects.get(pk=run_id)
    try:
        if run.attempts > MAX_ATTEMPTS:
            raise ImportGivenUpError  # noqa: TRY301 - it ends as any other failure
        _carry_on(run, monotonic() + seconds)
    except ImportFileError as error:
        fail_run(run_id=run_id, error=error)
    except SupersededError:
        return True
    except Exception:
        logger.exception("import failed", extra={"import": str(run_id)})
        # Not at once again: the next attempt is somebody's whose lease begins then.
        ImportRun.objects.filter(pk=run_id).update(leased_until=db_now() + PAUSE, woken_until=None)
    else:
        ImportRun.objects.filter(pk=run_id).update(leased_until=None, woken_until=None)
    return True


def run_to_end(run_id: UUID) -> ImportRun:
    """In this thread, for commands and tools: until nothing more is to be done without somebody's word."""
    while ImportRun.objects.filter(pk=run_id, state__in=WORKING).exists() and work_on(run_id):
        pass
    return ImportRun.objects.get(pk=run_id)


def _carry_on(run: ImportRun, until: float) -> None:
    if run.state == ImportRun.State.APPLYING:
        while apply_chunk(run_id=run.pk) and monotonic() < until:
            pass
        return
    with closing(run.upload.open("rb")) as upload:
        staging = Staging(run, lines_in(upload.file, run), writer_of(run.actor_id))
        while staging.stage_next() and monotonic() < until:
            pass


def _free() -> "QuerySet[ImportRun]":
    waiting = ImportRun.objects.filter(state__in=WORKING).order_by("pk")
    return waiting.filter(Q(leased_until=None) | Q(leased_until__lt=db_now()))
