"""Points whose time is over, and the word that is given before."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from promotions.events import PointsExpiring
from promotions.loyalty.models import LoyaltyMember, PointsLot
from promotions.loyalty.selectors import due_members, to_warn

from .lots import expire_lots

AHEAD: Final = timedelta(days=30)
"""So long before they expire, their owner is told."""
BATCH = 200


def expire_points(*, at: datetime) -> int:
    """Take away every point whose time is over, a transaction for so many members; how many points. Harmless twice."""
    gone = 0
    while members := due_members(at, BATCH):
        gone += _expire(members, at)
    return gone


@transaction.atomic
def _expire(member_ids: list[UUID], at: datetime) -> int:
    members = lock(LockRank.LOYALTY, LoyaltyMember.objects.filter(pk__in=member_ids))
    return sum(expire_lots(member, at) for member in members)


def warn_of_expiry(*, at: datetime) -> int:
    """Publish `PointsExpiring` for members whose points expire within 30 days, once for each lot; how many members."""
    told = 0
    while members := to_warn(at, AHEAD, BATCH):
        told += _warn(members, at)
    return told


@transaction.atomic
def _warn(member_ids: list[UUID], at: datetime) -> int:
    members = lock(LockRank.LOYALTY, LoyaltyMember.objects.filter(pk__in=member_ids))
    soon = {"left__gt": 0, "expires_at__gt": at, "expires_at__lte": at + AHEAD, "warned_at": None}
    events = []
    for member in members:
        lots = list(PointsLot.objects.filter(member=member, **soon).order_by("expires_at", "pk"))
        if lots:
            points = sum(lot.left for lot in lots)
            first = lots[0].expires_at
            events.append(PointsExpiring(customer_id=member.customer_id, points=points, expires_at=first))
        PointsLot.objects.filter(pk__in=[lot.pk for lot in lots]).update(warned_at=at)
    publish(*events)
    return len(events)
