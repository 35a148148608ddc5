"""A seeded month of the whole house, for tests that work every number out again from its rows."""

import random
from datetime import date, timedelta
from uuid import uuid4

from django.utils import timezone

from funds.payments.services import fund_wallets
from marketplace.core.clock import platform_day
from marketplace.core.money import Money
from promotions.exposure.models import Context, Reason
from promotions.facade import write_loyalty_days
from promotions.models import DayFunnel, LevelChange, LoyaltyLevel, LoyaltyMember, PointsEntry, PointsLot, SlotDaily
from purchases.sales_days.tests.factories import random_month
from stores.inventory.tests.factories import stocked
from stores.models import Variant
from users.models import User

FIRST, LAST = date(2026, 3, 11), date(2026, 3, 20)
"""Ten days with ten before them, inside the month of orders."""


def random_house(seed: int) -> None:
    """Orders, places of selections, events by day, members with points, stock, wallets."""
    draw = random.Random(seed)
    random_month(seed, orders=120)
    days = [date(2026, 3, 1) + timedelta(days=n) for n in range(30)]
    SlotDaily.objects.bulk_create(
        SlotDaily(
            day=day,
            context=context,
            position=position,
            reason=draw.choice(Reason.values),
            impressions=(seen := draw.randint(0, 500)),
            clicks=draw.randint(0, seen),
        )
        for day in days
        for context in Context.values
        for position in (1, 2, 12)
    )
    DayFunnel.objects.bulk_create(
        DayFunnel(
            day=day,
            **{name: draw.randint(0, 900) for name in ("impressions", "views", "clicks", "carts", "purchases")},
            **{f"{name}_actors": draw.randint(0, 90) for name in ("view", "click", "cart", "purchase")},
        )
        for day in days
    )
    _members(draw)
    for variant in Variant.objects.order_by("sku"):
        stocked(variant, draw.randint(1, 30), reorder_point=draw.choice([0, 5, 40]))
    fund_wallets(rows=[(user.pk, Money(draw.randint(1, 9_999), "MXN"), uuid4().hex) for user in User.objects.all()[:5]])


def _members(draw: random.Random) -> None:
    LoyaltyLevel.objects.all().delete()
    levels = [
        LoyaltyLevel.objects.create(key=key, name=key.title(), threshold=threshold)
        for key, threshold in (("bronze", 0), ("silver", 500), ("gold", 2_000))
    ]
    now = timezone.now()
    for user in User.objects.order_by("email")[:25]:
        points = draw.randint(1, 900)
        member = LoyaltyMember.objects.create(
            customer=user, level=draw.choice([None, *levels]), points=points, level_since=now
        )
        PointsLot.objects.create(
            member=member,
            points=points,
            left=points,
            earned_at=now,
            expires_at=now + timedelta(days=draw.randint(5, 200)),
            source=f"order:{uuid4()}",
        )
        PointsEntry.objects.create(
            member=member,
            kind="earned",
            points=points,
            balance_after=points,
            key=uuid4().hex,
            created_at=now,
        )
        if member.level is not None and member.level.threshold:
            LevelChange.objects.create(member=member, to_level=member.level.key, is_upgrade=True, at=now)
    write_loyalty_days(platform_day(now), platform_day(now))
