"""Making the engine look again: a plan that is due now."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from purchases.autobuy.models import Plan

BATCH = 1_000


def wake_customers(customer_ids: Collection[UUID], *, cause: str, at: datetime) -> int:
    """The plans of these customers are due now; how many. One statement a thousand; harmless twice.

    A plan that is being looked at just now is looked at once more: what the engine has read may be older.
    """
    ids = list(customer_ids)
    return sum(
        Plan.objects.filter(customer__in=ids[start : start + BATCH]).update(due_at=at, cause=cause)
        for start in range(0, len(ids), BATCH)
    )
