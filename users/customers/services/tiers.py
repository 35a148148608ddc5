"""Successful orders, and the tier that follows from them."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish, publish_all
from users.accounts.models import User
from users.customers.errors import TierLimitsError
from users.customers.models import CustomerProfile, TierPolicy
from users.customers.policies import tier_expression, tier_for, tier_policy
from users.events import TierChanged, TierPolicyChanged

from .membership import settle
from .profiles import lock_customer

CHUNK = 1_000


@transaction.atomic
def record_order_outcome(*, customer_id: UUID, at: datetime, change: int) -> None:
    """Count a successful order (+1, delivered) or take one back (-1, wholly returned), and settle the tier.

    `at` is when the order succeeded. The count never goes below zero. Publishes `TierChanged` when the tier is
    another one; the automatic segments follow at once. Not harmless twice: call it from a handled-once
    handler. Raises `CustomerNotFoundError`.
    """
    profile = lock_customer(customer_id)
    profile.successful_orders_count = max(0, profile.successful_orders_count + change)
    if change > 0:
        profile.last_order_at = max(at, profile.last_order_at or at)
    before = profile.tier
    profile.tier = tier_for(profile.successful_orders_count, tier_policy())
    profile.save(update_fields=["successful_orders_count", "last_order_at", "tier", "updated_at"])
    if profile.tier != before:
        publish(TierChanged(customer_id=customer_id, before=before, after=profile.tier))
    settle([profile])


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
    changes = []
    for profile in profiles:
        after = tier_for(profile.successful_orders_count, policy)
        changes.append(TierChanged(customer_id=profile.user_id, before=profile.tier, after=after))
        profile.tier = after
    CustomerProfile.objects.bulk_update(profiles, ["tier"])
    publish_all(change for change in changes if change.before != change.after)
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
