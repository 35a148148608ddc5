"""Members, levels and rewards as a test wants them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.loyalty.models import LoyaltyLevel, LoyaltyMember, LoyaltyPolicy, Reward
from promotions.loyalty.services.adjusting import adjust_points
from promotions.loyalty.services.earning import award_points
from promotions.loyalty.services.offering import LevelTerms, RewardTerms, create_level, create_reward
from users.accounts.tests.factories import UserFactory

AT = datetime(2026, 5, 4, 18, tzinfo=UTC)
DAY = timedelta(days=1)


def mxn(major: int) -> Money:
    return Money(major * 100, "MXN")


def make_customer() -> UUID:
    customer_id: UUID = UserFactory.create().pk
    return customer_id


def make_policy(**values: Any) -> LoyaltyPolicy:
    """A point for each 10.00, worth 0.10, for 100 days; levels by 60 days."""
    usual = {"minor_per_point": 1_000, "point_value_minor": 10, "expire_after_days": 100, "window_days": 60}
    return LoyaltyPolicy.objects.create(**usual | values)


def make_levels() -> tuple[LoyaltyLevel, LoyaltyLevel, LoyaltyLevel]:
    """Bronze from 0 points, silver from 100, whose points count one and a half times, gold from 500, twice."""
    bronze = create_level(terms=LevelTerms("bronze", "Bronze", 0, perks=("A card at Christmas",)), actor_id=None)
    silver = create_level(terms=LevelTerms("silver", "Silver", 100, 15_000), actor_id=None)
    gold = create_level(terms=LevelTerms("gold", "Gold", 500, 20_000, ("A lounge",)), actor_id=None)
    return bronze, silver, gold


def make_reward(kind: str = "voucher", **values: Any) -> Reward:
    """A voucher of 50.00 from 200.00 on, for 100 points."""
    usual: dict[str, Any] = {"name": "Fifty off", "cost": 100, "amount": mxn(50), "min_ticket": mxn(200)}
    if kind == "wallet_credit":
        usual |= {"name": "Fifty in the wallet", "min_ticket": None}
    if kind == "free_shipping":
        usual |= {"name": "Sent for free", "amount": None, "min_ticket": None}
    return create_reward(terms=RewardTerms(kind=kind, **usual | values), actor_id=None)


def earn(customer_id: UUID, points: int, at: datetime = AT, **values: Any) -> UUID:
    """An order's points by the usual policy (no level's multiplier reckoned with); the order's id."""
    order_id = uuid7()
    award_points(order_id=order_id, customer_id=customer_id, goods=mxn(points * 10), at=at, **values)
    return order_id


def give(customer_id: UUID, points: int, at: datetime = AT) -> LoyaltyMember:
    """By staff."""
    return adjust_points(customer_id=customer_id, points=points, reason="sorry", key=str(uuid7()), actor_id=None, at=at)


def level_of(customer_id: UUID) -> str:
    """Its key."""
    level = member_of(customer_id).level
    return "" if level is None else level.key


def member_of(customer_id: UUID) -> LoyaltyMember:
    return LoyaltyMember.objects.get(customer_id=customer_id)
