"""Vouchers and the orders that use them: taken with the uses of promotions, given back when an order comes to nothing.

Their rows rank with the uses of campaigns: an order locks them before goods and accounts. They never touch the points,
except where staff take one back.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.locking import LockRank, enter, lock
from promotions.loyalty.errors import RedemptionNotFoundError, RedemptionStateError, VoucherGoneError
from promotions.loyalty.models import Redemption

from .lots import Kind, add_lot, lock_member

State = Redemption.State
BATCH = 1_000


@transaction.atomic
def take_vouchers(*, order_id: UUID, customer_id: UUID, voucher_ids: Collection[UUID], at: datetime) -> None:
    """These vouchers are the order's. Repeating it for the same order changes nothing.

    Raises `VoucherGoneError` for one that another order has, that has expired, or that is not the customer's; nothing
    is then written.
    """
    if not voucher_ids:
        return
    wanted = Redemption.objects.filter(pk__in=voucher_ids, member__customer_id=customer_id)
    rows = {row.pk: row for row in lock(LockRank.CAMPAIGN_USAGE, wanted)}
    for voucher_id in sorted(voucher_ids):
        row = rows.get(voucher_id)
        if row is None or not (_is_free(row, at) or (row.state == State.USED and row.order_id == order_id)):
            raise VoucherGoneError(name="" if row is None else row.name, voucher=str(voucher_id))
    Redemption.objects.filter(pk__in=rows, state=State.ISSUED).update(state=State.USED, order_id=order_id, used_at=at)


@transaction.atomic
def give_vouchers_back(*, order_id: UUID) -> None:
    """The order uses none any more: they wait for another one until they expire. Harmless twice."""
    rows = lock(LockRank.CAMPAIGN_USAGE, Redemption.objects.filter(order_id=order_id, state=State.USED))
    Redemption.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.ISSUED, order_id=None, used_at=None)


def expire_vouchers(*, at: datetime) -> int:
    """Vouchers whose time is over, a transaction for each batch; how many. They bring no points back."""
    done = 0
    while count := _expire_batch(at):
        done += count
    return done


@transaction.atomic
def _expire_batch(at: datetime) -> int:
    enter(LockRank.CAMPAIGN_USAGE)
    due = Redemption.objects.filter(state=State.ISSUED, expires_at__lte=at).order_by("pk")
    some = list(due.values_list("pk", flat=True)[:BATCH])
    return Redemption.objects.filter(pk__in=some, state=State.ISSUED).update(state=State.EXPIRED) if some else 0


@transaction.atomic
def withdraw_voucher(*, redemption_id: UUID, reason: str, actor_id: UUID | None, at: datetime) -> Redemption:
    """Staff take back a voucher that waits for an order: its points come back as a new lot. Audited.

    Raises `RedemptionNotFoundError`, `RedemptionStateError` for one that was used or has expired.
    """
    found = lock(LockRank.CAMPAIGN_USAGE, Redemption.objects.select_related("member").filter(pk=redemption_id))
    if not found:
        raise RedemptionNotFoundError
    row = found[0]
    if not _is_free(row, at):
        raise RedemptionStateError
    row.state = State.EXPIRED
    row.save(update_fields=["state", "updated_at"])
    member = lock_member(row.member.customer_id)
    add_lot(member, points=row.cost, source=f"redemption:{row.pk}", kind=Kind.RETURNED, at=at, reason=reason)
    audit.record(
        actor_id=actor_id,
        action="promotions.withdraw_voucher",
        subject=row,
        before={"state": State.ISSUED},
        after={"state": State.EXPIRED},
        reason=reason,
    )
    return row


def _is_free(row: Redemption, at: datetime) -> bool:
    return row.state == State.ISSUED and (row.expires_at is None or row.expires_at > at)
