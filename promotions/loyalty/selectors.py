"""Reads of the loyalty programme."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from promotions.contracts import Benefit, BenefitKind, PriceRule, RedemptionCard
from promotions.rules.stacking import MAX_PRIORITY

from .errors import LevelNotFoundError, RedemptionNotFoundError
from .models import LoyaltyLevel, LoyaltyMember, LoyaltyPolicy, PointsEntry, PointsLot, Redemption, Reward
from .values import Expiring, Profile

AFTER_ALL_OTHERS = -MAX_PRIORITY - 1
"""The priority of a voucher: what another promotion gives for nothing costs no voucher."""
_LOTS_SHOWN = 12


def policy() -> LoyaltyPolicy:
    """The newest row; the defaults without one. One query."""
    return LoyaltyPolicy.objects.order_by("-pk").first() or LoyaltyPolicy()


def levels() -> list[LoyaltyLevel]:
    """All levels, lowest first; one query."""
    return list(LoyaltyLevel.objects.order_by("threshold"))


def level_at(known: Sequence[LoyaltyLevel], points: int) -> LoyaltyLevel | None:
    """The highest level whose threshold so many points reach; none below the first."""
    reached = [level for level in known if level.threshold <= points]
    return max(reached, key=lambda level: level.threshold) if reached else None


def level_named(key: str) -> LoyaltyLevel:
    """By its key; raises `LevelNotFoundError`."""
    level = LoyaltyLevel.objects.filter(key=key).first()
    if level is None:
        raise LevelNotFoundError
    return level


def earned_between(member: LoyaltyMember, since: datetime, until: datetime) -> int:
    """Points that orders earned after `since` and no return took back; staff's corrections decide no level."""
    earned = PointsLot.objects.filter(member=member, goods_minor__gt=0, earned_at__gt=since, earned_at__lte=until)
    points: int = earned.aggregate(points=Sum(F("points") - F("reversed"), default=0))["points"]
    return points


def profile(customer_id: UUID, at: datetime) -> Profile:
    """Where the customer stands at that moment; at most four queries. Points past their time count no more."""
    member = LoyaltyMember.objects.select_related("level").filter(customer_id=customer_id).first()
    known = levels()
    level = member.level if member is not None else level_at(known, 0)
    earned = member.earned_in_window if member is not None else 0
    base = -1 if level is None else level.threshold
    following = next((each for each in known if each.threshold > base), None)
    lots = [] if member is None else list(unexpired(member, at))
    return Profile(
        customer_id=customer_id,
        points=sum(lot.left for lot in lots),
        owed=0 if member is None else member.owed,
        level=level,
        level_since=None if member is None else member.level_since,
        earned_in_window=earned,
        window_days=policy().window_days,
        next_level=following,
        missing=None if following is None else max(0, following.threshold - earned),
        expiring=[Expiring(lot.left, lot.expires_at) for lot in lots[:_LOTS_SHOWN]],
    )


def unexpired(member: LoyaltyMember, at: datetime) -> "QuerySet[PointsLot]":
    """Lots with something to spend at that moment, oldest first."""
    return PointsLot.objects.filter(member=member, left__gt=0, expires_at__gt=at).order_by("expires_at", "pk")


def points_of(customer_id: UUID, at: datetime) -> int:
    """What the customer can spend at that moment; one query."""
    lots = PointsLot.objects.filter(member__customer_id=customer_id, left__gt=0, expires_at__gt=at)
    points: int = lots.aggregate(points=Sum("left", default=0))["points"]
    return points


def statement_of(customer_id: UUID) -> "QuerySet[PointsEntry]":
    """The customer's own lines."""
    return PointsEntry.objects.filter(member__customer_id=customer_id)


def redemptions_of(customer_id: UUID) -> "QuerySet[Redemption]":
    """What the customer took."""
    return Redemption.objects.filter(member__customer_id=customer_id)


def rewards_offered() -> "QuerySet[Reward]":
    """What can be had by somebody now, cheapest first."""
    return Reward.objects.filter(is_active=True).exclude(left_count=0).select_related("level").order_by("cost", "pk")


def vouchers_of(customer_id: UUID, at: datetime) -> tuple[PriceRule, ...]:
    """The customer's vouchers that wait for an order, as the price pipeline takes them; one query."""
    rows = Redemption.objects.filter(
        member__customer_id=customer_id, state=Redemption.State.ISSUED, expires_at__gt=at
    ).order_by("pk")
    return tuple(_rule(row) for row in rows)


def _rule(row: Redemption) -> PriceRule:
    is_amount = row.amount_minor is not None
    benefit = (
        Benefit(BenefitKind.AMOUNT, minor=row.amount_minor or 0) if is_amount else Benefit(BenefitKind.FREE_SHIPPING)
    )
    return PriceRule(
        rule_id=row.pk,
        kind="loyalty",
        version=1,
        name=row.name,
        benefits=(benefit,),
        is_about_orders=True,
        currency=row.currency,
        priority=AFTER_ALL_OTHERS,
        min_ticket_minor=row.min_ticket_minor,
        ends_at=row.expires_at,
    )


def redemption_card(redemption_id: UUID) -> RedemptionCard:
    """For a message about it; raises `RedemptionNotFoundError`."""
    row = Redemption.objects.filter(pk=redemption_id).first()
    if row is None:
        raise RedemptionNotFoundError
    return RedemptionCard(row.pk, row.kind, row.name, row.cost, row.amount, row.expires_at)


def level_names() -> dict[str, str]:
    """Names of the levels by their keys, lowest first; one query."""
    return dict(LoyaltyLevel.objects.order_by("threshold").values_list("key", "name"))


def level_name(key: str) -> str:
    """The name of a level by its key; the key where it is gone, empty for none."""
    return LoyaltyLevel.objects.filter(key=key).values_list("name", flat=True).first() or key


def due_members(until: datetime, limit: int) -> list[UUID]:
    """Members with points whose time is over by then: by id, so many."""
    rows = PointsLot.objects.filter(left__gt=0, expires_at__lte=until).order_by("member_id")
    return list(rows.values_list("member_id", flat=True).distinct()[:limit])


def to_warn(at: datetime, ahead: timedelta, limit: int) -> list[UUID]:
    """Members with points that expire within `ahead` and of which they were not told: by id, so many."""
    rows = PointsLot.objects.filter(left__gt=0, expires_at__gt=at, expires_at__lte=at + ahead, warned_at=None)
    return list(rows.order_by("member_id").values_list("member_id", flat=True).distinct()[:limit])
