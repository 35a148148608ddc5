"""Erasure of a person, and of records that are old."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from marketplace.core.locking import LockRank, lock
from marketplace.core.retention import delete_in_batches
from purchases.autobuy.errors import PurchaseUnderWayErasureError
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Run
from purchases.autobuy.selectors import has_live_purchases


@transaction.atomic
def refuse_while_purchases_are_under_way(customer_id: UUID) -> None:
    """Raises `PurchaseUnderWayErasureError` while money is set aside or an order on its way.

    The plan stays locked to the end, as whoever erases goes on: plans come before lists.
    """
    lock(LockRank.PLAN, Plan.objects.filter(customer=customer_id))
    if has_live_purchases(customer_id):
        raise PurchaseUnderWayErasureError


def forget_plan(customer_id: UUID) -> None:
    """Schedules, records and questions go; what was bought stays as sums, without what it was and where it went."""
    lock(LockRank.PLAN, Plan.objects.filter(customer=customer_id))
    mine = AutoPurchase.objects.filter(customer=customer_id)
    PurchaseTicket.objects.filter(purchase__in=mine).update(
        url="", ship_to={}, snapshot_id=None, shop_reference="", tracking="", reason=""
    )
    mine.filter(state__in=["asked", "declined", "lapsed"]).delete()
    mine.update(title="")
    Plan.objects.filter(customer=customer_id).delete()


def forget_old_runs(*, at: datetime, after: timedelta) -> int:
    """Delete the engine's records of that age; how many. Harmless twice."""
    return delete_in_batches(Run.objects.filter(at__lt=at - after))
