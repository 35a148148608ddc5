"""The queue's tick: what is due, never two ticks at once."""

from datetime import timedelta
from time import monotonic

from marketplace.core.clock import db_now
from marketplace.core.jobs import release_lease, take_lease
from notifications.delivery.models import Delivery

from .batches import send_delivery
from .digests import send_due_digests
from .stragglers import send_due_stragglers

JOB = "notifications.send_due"
TICK_LEASE = timedelta(seconds=60)
TICK_SECONDS = 30.0
"""A third for each, so that no backlog of one keeps the others waiting; less than a task may take."""


def send_due(limit: int = 100) -> int:
    """Work on what is due: batches, then stragglers, then digests; how many batches. Never two of these at once."""
    mine = take_lease(JOB, TICK_LEASE)
    if mine is None:
        return 0
    begin = monotonic()
    try:
        count = _send_batches(limit, begin + TICK_SECONDS / 3)
        send_due_stragglers(until=begin + TICK_SECONDS * 2 / 3)
        send_due_digests(until=begin + TICK_SECONDS)
        return count
    finally:
        release_lease(JOB, mine)


def _send_batches(limit: int, until: float) -> int:
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=db_now()).order_by("due_at")
    count = 0
    for pk in list(waiting.values_list("pk", flat=True)[:limit]):
        if monotonic() >= until:
            break
        count += send_delivery(pk, until=until)
    return count
