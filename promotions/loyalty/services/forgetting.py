"""What the programme forgets of a person who is erased."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from marketplace.core import locking
from marketplace.core.locking import LockRank
from promotions.loyalty.models import LoyaltyMember, PointsEntry, PointsLot, Redemption

State = Redemption.State
ACCOUNT_ENDED = "account ended"


def forget_member(customer_id: UUID, at: datetime) -> None:
    """Points, what is owed and vouchers end with the account; the statement stays with the books, under an id that
    leads to nobody. In the caller's transaction.
    """
    locking.enter(LockRank.CAMPAIGN_USAGE)
    Redemption.objects.filter(member__customer_id=customer_id, state=State.ISSUED).update(state=State.EXPIRED)
    for member in locking.lock(LockRank.LOYALTY, LoyaltyMember.objects.filter(customer_id=customer_id)):
        _empty(member, at)


def _empty(member: LoyaltyMember, at: datetime) -> None:
    left = PointsLot.objects.filter(member=member, left__gt=0)
    lots = [[str(pk), -points] for pk, points in left.order_by("pk").values_list("pk", "left")]
    left.update(lapsed=F("lapsed") + F("left"), left=0)
    LoyaltyMember.objects.filter(pk=member.pk).update(points=0, owed=0, level=None)
    if member.points or member.owed:
        PointsEntry.objects.create(
            member=member,
            kind=PointsEntry.Kind.EXPIRED,
            points=member.owed - member.points,
            balance_after=0,
            key=f"{PointsEntry.Kind.EXPIRED}:member:{member.pk}",
            reason=ACCOUNT_ENDED,
            lots=lots,
            created_at=at,
        )
