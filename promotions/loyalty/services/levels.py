"""Levels: reached at once by what is earned, lost by the day's look at the window."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from promotions.events import LoyaltyDowngraded, LoyaltyUpgraded
from promotions.loyalty.models import LevelChange, LoyaltyLevel, LoyaltyMember, PointsLot
from promotions.loyalty.selectors import earned_between, level_at, levels, policy

CHUNK = 1_000


def follow_level(
    member: LoyaltyMember, *, at: datetime, known: Sequence[LoyaltyLevel], window: timedelta, may_fall: bool
) -> bool:
    """Add up what a locked member earned within the window, and move the level after it; whether it moved."""
    member.earned_in_window = earned_between(member, at - window, at)
    reached = level_at(known, member.earned_in_window)
    by_id = {level.pk: level for level in known}
    held = by_id.get(member.level_id) if member.level_id else None
    before, after = (-1 if level is None else level.threshold for level in (held, reached))
    moves = after > before or (may_fall and after < before)
    if moves:
        member.level, member.level_since = reached, at
        _tell(member, held, reached, is_upgrade=after > before, at=at)
    member.save(update_fields=["earned_in_window", "level", "level_since", "updated_at"])
    return moves


def recompute_levels(*, at: datetime) -> int:
    """Look at every member's window, a transaction for each chunk; how many came to another level. Harmless twice."""
    known, window = levels(), timedelta(days=policy().window_days)
    last, moved = UUID(int=0), 0
    while rows := _looked_at(last, at, window, known):
        last = rows[-1][0]
        moved += _follow([pk for pk, is_as_it_was in rows if not is_as_it_was], at, known, window)
    return moved


def _looked_at(last: UUID, at: datetime, window: timedelta, known: Sequence[LoyaltyLevel]) -> list[tuple[UUID, bool]]:
    """The next members, and whether nothing is new about them: one query a chunk."""
    lots = PointsLot.objects.filter(
        member=OuterRef("pk"), goods_minor__gt=0, earned_at__gt=at - window, earned_at__lte=at
    )
    sums = lots.order_by().values("member").annotate(sum=Sum(F("points") - F("reversed"))).values("sum")
    rows = LoyaltyMember.objects.filter(pk__gt=last).annotate(earned=Coalesce(Subquery(sums), Value(0)))
    chunk = list(rows.order_by("pk").values_list("pk", "level_id", "earned_in_window", "earned")[:CHUNK])
    found = []
    for pk, level_id, noted, earned in chunk:
        reached = level_at(known, earned)
        found.append((pk, noted == earned and level_id == (None if reached is None else reached.pk)))
    return found


@transaction.atomic
def _follow(member_ids: Sequence[UUID], at: datetime, known: Sequence[LoyaltyLevel], window: timedelta) -> int:
    members = lock(LockRank.LOYALTY, LoyaltyMember.objects.filter(pk__in=member_ids)) if member_ids else []
    return sum(follow_level(member, at=at, known=known, window=window, may_fall=True) for member in members)


def _tell(
    member: LoyaltyMember, held: LoyaltyLevel | None, reached: LoyaltyLevel | None, *, is_upgrade: bool, at: datetime
) -> None:
    from_level, to_level = ("" if level is None else level.key for level in (held, reached))
    LevelChange.objects.create(member=member, from_level=from_level, to_level=to_level, is_upgrade=is_upgrade, at=at)
    event = LoyaltyUpgraded if is_upgrade else LoyaltyDowngraded
    publish(event(customer_id=member.customer_id, from_level=from_level, to_level=to_level, at=at))
