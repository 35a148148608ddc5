"""Celery's doors to the payment queue. A message is a wake-up with an id; the row in the database is the job."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import Final
from uuid import UUID

from celery import shared_task
from django.db import connection
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from marketplace.core.outbox.feeds import Feed

from . import reconciliation, retention, work

logger = logging.getLogger(__name__)

QUEUE: Final = "payments"
SPARE_HANDS: Final = 4
"""Threads that work from the database while the broker is out; never the relay's own, which keeps exact moments."""

_spare = ThreadPoolExecutor(max_workers=SPARE_HANDS, thread_name_prefix="payments-without-broker")
_places = Semaphore(400)
"""More than that waiting would only grow memory: the rows come again."""


@shared_task(name="funds.run_payment_task")
def run_payment_task(task_id: str) -> None:
    """Carry one task out."""
    work.run_task(task_id=UUID(task_id))


@shared_task(name="funds.sweep_payment_tasks")
def sweep_payment_tasks() -> None:
    """Safety net (beat, every 2 s): whatever is due, from the database."""
    work.sweep_due_tasks()


@shared_task(name="funds.check_unsettled")
def check_unsettled() -> None:
    """Ask the providers about everything that is due to be asked about (beat, every 30 s)."""
    reconciliation.check_unsettled()


@shared_task(name="funds.reconcile_providers")
def reconcile_providers() -> None:
    """Look through what the providers changed since the last look, an hour's overlap (beat, every 5 min)."""
    reconciliation.reconcile_providers(at=timezone.now())


@shared_task(name="funds.report_clearing")
def report_clearing() -> None:
    """Compare the clearing accounts with the providers' payments (beat, daily)."""
    reconciliation.report_clearing(at=timezone.now())


@shared_task(name="funds.forget_old_payments")
def forget_old_payments() -> None:
    """Forget what has outlived its use (beat, daily)."""
    retention.forget_old(timezone.now())


def send_wake_ups(task_ids: Sequence[UUID]) -> None:
    """Hand the ids to the queue; with the broker out, work from the database. The relay calls it."""
    for position, task_id in enumerate(task_ids):
        try:
            run_payment_task.apply_async(args=(str(task_id),), queue=QUEUE, retry=False)
        except (BrokerError, ChannelError, RedisError, OSError):
            work_without_broker(task_ids[position:])
            break


def run_here(task_id: UUID) -> None:
    """Carry one task out in this thread."""
    work.run_task(task_id=task_id)


FEED: Final = Feed("funds.payment_tasks", work.take_wake_ups, send_wake_ups, run_here)


def work_without_broker(task_ids: Sequence[UUID]) -> None:
    """Carry these tasks out on the spare threads of this process."""
    for task_id in task_ids:
        if not _places.acquire(blocking=False):
            return
        _spare.submit(_carry_out, task_id)


def _carry_out(task_id: UUID) -> None:
    try:
        work.run_task(task_id=task_id)
    except Exception:
        logger.exception("payment task failed", extra={"payment_task": str(task_id)})
    finally:
        connection.close()
        _places.release()
