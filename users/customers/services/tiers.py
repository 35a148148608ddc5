"""Successful orders, and the tier that follows from them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish, publish_all
from users.accounts.models import User
from users.contracts import OrderOutcome
from users.customers.errors import CustomerNotFoundError, TierLimitsError
from users.customers.models import CustomerProfile, SegmentPolicy, TierPolicy
from users.customers.policies import tier_expression, tier_for, tier_policy
from users.events import TierChanged, TierPolicyChanged

from .membership import settle

CHUNK = 1_000


def record_order_outcome(*, customer_id: UUID, at: datetime, change: int) -> None:
    """`record_order_outcomes` for one."""
    record_order_outcomes([OrderOutcome(customer_id=customer_id, at=at, change=change)])


@transaction.atomic
def record_order_outcomes(outcomes: Iterable[OrderOutcome]) -> None:
    """Count successful orders (+1, delivered) and take some back (-1, wholly returned), and settle the tiers.

    The count never goes below zero. Publishes `TierChanged` for each tier that is another one; the automatic segments
    follow at once. Not harmless twice: call it from a handled-once handler. Raises `CustomerNotFoundError`.
    """
    by_customer: dict[UUID, list[OrderOutcome]] = {}
    for outcome in outcomes:
        by_customer.setdefault(outcome.customer_id, []).append(outcome)
    profiles = lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(user_id__in=by_customer))
    if len(profiles) != len(by_customer):
        raise CustomerNotFoundError
    before = {profile.user_id: profile.tier for profile in profiles}
    policy = tier_policy()
    for profile in profiles:
        _count(profile, by_customer[profile.user_id])
        profile.tier = tier_for(profile.successful_orders_count, policy)
    CustomerProfile.objects.bulk_update(profiles, ["successful_orders_count", "last_order_at", "tier"])
    publish_all(_tier_changes(before, profiles))
    settle(profiles)


def _count(profile: CustomerProfile, outcomes: list[OrderOutcome]) -> None:
    for outcome in outcomes:
        profile.successful_orders_count = max(0, profile.successful_orders_count + outcome.change)
        if outcome.change > 0:
            profile.last_order_at = max(outcome.at, profile.last_order_at or outcome.at)


def _tier_changes(before: dict[UUID, str], profiles: Iterable[CustomerProfile]) -> Iterator[TierChanged]:
    for profile in profiles:
        if profile.tier != before[profile.user_id]:
            yield TierChanged(customer_id=profile.user_id, before=before[profile.user_id], after=profile.tier)


def recompute_tiers() -> int:
    """Make every customer's tier what the policy says; how many changed. In chunks, each in its own transaction."""
    moved = 0
    while chunk := _retier_chunk():
        moved += chunk
    return moved


@transaction.atomic
def _retier_chunk() -> int:
    policy = tier_policy()
    wrong = CustomerProfile.objects.exclude(tier=tier_expression(policy)).values_list("pk", flat=True)[:CHUNK]
    profiles = lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(pk__in=list(wrong)))
    before = {profile.user_id: profile.tier for profile in profiles}
    for profile in profiles:
        profile.tier = tier_for(profile.successful_orders_count, policy)
    CustomerProfile.objects.bulk_update(profiles, ["tier"])
    publish_all(_tier_changes(before, profiles))
    return len(profiles)


@transaction.atomic
def set_tier_policy(*, actor: User, silver_from: int, gold_from: int) -> TierPolicy:
    """Put new limits in force; the tiers follow by `TierPolicyChanged`. Raises `TierLimitsError`."""
    try:
        with transaction.atomic():
            policy = TierPolicy.objects.create(silver_from=silver_from, gold_from=gold_from)
    except IntegrityError as error:
        raise TierLimitsError from error
    limits = {"silver_from": silver_from, "gold_from": gold_from}
    audit.record(actor_id=actor.pk, action="users.set_tier_policy", subject=policy, after=limits)
    publish(TierPolicyChanged(policy_id=policy.pk))
    return policy


@transaction.atomic
def set_segment_policy(*, actor: User, new_days: int, frequent_orders: int, frequent_days: int) -> SegmentPolicy:
    """Put new rules of the automatic segments in force; memberships follow with the next daily recomputation."""
    limits = {"new_days": new_days, "frequent_orders": frequent_orders, "frequent_days": frequent_days}
    policy = SegmentPolicy.objects.create(**limits)
    audit.record(actor_id=actor.pk, action="users.set_segment_policy", subject=policy, after=limits)
    return policy


@transaction.atomic
def correct_order_count(
    *, customer_id: UUID, count: Callable[[], tuple[int, datetime | None] | None], actor_id: UUID | None, reason: str
) -> bool:
    """Set the projection to what the orders say: how many succeeded, and when the last one did. Whether it changed.

    `count` is asked while the profile is locked, so that no outcome is counted in between; its None leaves everything
    as it is. Audited; tier and segments follow. Raises `CustomerNotFoundError`.
    """
    found = lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(user_id=customer_id))
    if not found:
        raise CustomerNotFoundError
    profile, counted = found[0], count()
    if counted is None or counted[0] == profile.successful_orders_count:
        return False
    tiers = {profile.user_id: profile.tier}
    before = {"successful_orders_count": profile.successful_orders_count, "tier": profile.tier}
    profile.successful_orders_count, profile.last_order_at = counted
    profile.tier = tier_for(profile.successful_orders_count, tier_policy())
    profile.save(update_fields=["successful_orders_count", "last_order_at", "tier", "updated_at"])
    audit.record(
        actor_id=actor_id,
        action="users.correct_order_count",
        subject=profile,
        before=before,
        after={"successful_orders_count": profile.successful_orders_count, "tier": profile.tier},
        reason=reason,
    )
    publish_all(_tier_changes(tiers, [profile]))
    settle([profile])
    return True
