"""The limits in force: the newest policy row, or the defaults of the model."""

from datetime import datetime, timedelta

from django.db.models import Case, CharField, Q, Value, When

from .models import Segment, SegmentPolicy, Tier, TierPolicy


def tier_policy() -> TierPolicy:
    """Limits of the tiers."""
    return TierPolicy.objects.order_by("-pk").first() or TierPolicy()


def segment_policy() -> SegmentPolicy:
    """Limits of the automatic segments."""
    return SegmentPolicy.objects.order_by("-pk").first() or SegmentPolicy()


def tier_for(successful_orders: int, policy: TierPolicy) -> Tier:
    """The tier of a customer with so many successful orders."""
    if successful_orders >= policy.gold_from:
        return Tier.GOLD
    return Tier.SILVER if successful_orders >= policy.silver_from else Tier.BRONZE


def tier_expression(policy: TierPolicy) -> Case:
    """`tier_for` over the rows of profiles."""
    return Case(
        When(successful_orders_count__gte=policy.gold_from, then=Value(Tier.GOLD.value)),
        When(successful_orders_count__gte=policy.silver_from, then=Value(Tier.SILVER.value)),
        default=Value(Tier.BRONZE.value),
        output_field=CharField(),
    )


def belongs(rule: str, policy: SegmentPolicy, at: datetime) -> Q:
    """Which profiles an automatic segment should hold at `at`."""
    if rule == Segment.Rule.NEW:
        since = at - timedelta(days=policy.new_days)
        return Q(successful_orders_count=0, user__created_at__gt=since, user__is_active=True)
    since = at - timedelta(days=policy.frequent_days)
    return Q(successful_orders_count__gte=policy.frequent_orders, last_order_at__gt=since, user__is_active=True)
