"""The count of uses: taken with an order, given back when it comes to nothing.

Rows are locked in one order everywhere: the order's uses, then counters, then coupons. What is without limit is noted
and not counted, so that a popular campaign without one is no queue.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q

from marketplace.core.locking import LockRank, lock
from promotions.campaigns.errors import CampaignUsedUpError
from promotions.campaigns.models import Campaign, CampaignUse, Coupon, UsageCounter
from promotions.campaigns.selectors import normal_code


class _Limits(NamedTuple):
    name: str
    total: int | None
    each: int | None

    @property
    def any(self) -> bool:
        return self.total is not None or self.each is not None


@transaction.atomic
def take_uses(*, order_id: UUID, customer_id: UUID, rule_ids: Iterable[UUID], coupon_codes: Iterable[str] = ()) -> None:
    """Count one use of each campaign for the order, in total, for the customer, and of the coupon that opened it.

    Ids that are no campaign's are passed over. Repeating it for the same order counts nothing again. Raises
    `CampaignUsedUpError`; nothing is then written.
    """
    limits = _limits_of(rule_ids)
    if not limits:
        return
    CampaignUse.objects.bulk_create(
        (CampaignUse(campaign_id=pk, order_id=order_id, customer_id=customer_id) for pk in sorted(limits)),
        ignore_conflicts=True,
    )
    uses = lock(LockRank.CAMPAIGN_USAGE, CampaignUse.objects.filter(order_id=order_id, campaign__in=limits))
    fresh = [use for use in uses if not use.is_taken]
    _count({use.campaign_id: limits[use.campaign_id] for use in fresh if limits[use.campaign_id].any}, customer_id)
    coupons = _count_coupons(coupon_codes, {use.campaign_id: limits[use.campaign_id] for use in fresh})
    for use in fresh:
        use.is_taken, use.is_counted = True, limits[use.campaign_id].any
        use.coupon_id = coupons.get(use.campaign_id)
    CampaignUse.objects.bulk_update(fresh, ["is_taken", "is_counted", "coupon"])


@transaction.atomic
def give_uses_back(*, order_id: UUID) -> None:
    """The order uses nothing any more: others may. Harmless twice."""
    uses = lock(LockRank.CAMPAIGN_USAGE, CampaignUse.objects.filter(order_id=order_id, is_taken=True))
    if not uses:
        return
    theirs = Q(pk__in=[])
    for use in uses:
        if use.is_counted:
            theirs |= _counters_of(use.campaign_id, use.customer_id)
    counters = lock(LockRank.CAMPAIGN_USAGE, UsageCounter.objects.filter(theirs))
    UsageCounter.objects.filter(pk__in=[row.pk for row in counters], used__gt=0).update(used=F("used") - 1)
    coupons = lock(LockRank.CAMPAIGN_USAGE, Coupon.objects.filter(pk__in=[use.coupon_id for use in uses]))
    Coupon.objects.filter(pk__in=[row.pk for row in coupons], used_count__gt=0).update(used_count=F("used_count") - 1)
    CampaignUse.objects.filter(pk__in=[use.pk for use in uses]).update(is_taken=False, is_counted=False, coupon=None)


def count_uses_anew(campaign: Campaign) -> None:
    """The campaign, which the caller has locked, has a limit from here on: its uses so far count.

    An order that is being placed at this very moment may still go uncounted.
    """
    taken = CampaignUse.objects.filter(campaign=campaign, is_taken=True)
    lock(LockRank.CAMPAIGN_USAGE, taken)
    taken.update(is_counted=True)
    UsageCounter.objects.filter(campaign=campaign).delete()
    by_customer = taken.order_by().values_list("customer_id").annotate(uses=Count("pk"))
    used = dict(by_customer) | {UsageCounter.EVERYBODY: taken.count()}
    UsageCounter.objects.bulk_create(
        UsageCounter(campaign=campaign, customer_id=customer_id, used=uses) for customer_id, uses in used.items()
    )


def _limits_of(rule_ids: Iterable[UUID]) -> dict[UUID, _Limits]:
    ids = set(rule_ids)
    rows = Campaign.objects.filter(pk__in=ids).values_list("pk", "name", "max_uses", "max_uses_per_customer")
    return {pk: _Limits(name, total, each) for pk, name, total, each in rows} if ids else {}


def _count(limits: Mapping[UUID, _Limits], customer_id: UUID) -> None:
    """One more, for everybody and for the customer, of each of these limited campaigns."""
    if not limits:
        return
    wanted = sorted((pk, who) for pk in limits for who in (UsageCounter.EVERYBODY, customer_id))
    UsageCounter.objects.bulk_create(
        (UsageCounter(campaign_id=pk, customer_id=who) for pk, who in wanted), ignore_conflicts=True
    )
    theirs = Q(pk__in=[])
    for pk in limits:
        theirs |= _counters_of(pk, customer_id)
    counters = lock(LockRank.CAMPAIGN_USAGE, UsageCounter.objects.filter(theirs))
    room = Q(pk__in=[])
    for counter in counters:
        room |= _has_room(counter, _limit_of(counter, limits))
    if UsageCounter.objects.filter(room).update(used=F("used") + 1) == len(counters):
        return
    for counter in counters:
        limit = _limit_of(counter, limits)
        if limit is not None and counter.used >= limit:
            of = "everyone" if counter.customer_id == UsageCounter.EVERYBODY else "customer"
            raise _used_up(counter.campaign_id, limits, of)
    raise _used_up(counters[0].campaign_id, limits, "everyone")


def _has_room(counter: UsageCounter, limit: int | None) -> Q:
    """The counter's row, while it is below its limit."""
    return Q(pk=counter.pk) if limit is None else Q(pk=counter.pk, used__lt=limit)


def _limit_of(counter: UsageCounter, limits: Mapping[UUID, _Limits]) -> int | None:
    mine = limits[counter.campaign_id]
    return mine.total if counter.customer_id == UsageCounter.EVERYBODY else mine.each


def _counters_of(campaign_id: UUID, customer_id: UUID) -> Q:
    return Q(campaign=campaign_id, customer_id__in=(UsageCounter.EVERYBODY, customer_id))


def _count_coupons(codes: Iterable[str], limits: Mapping[UUID, _Limits]) -> dict[UUID, UUID]:
    """One more use of the first coupon of each campaign that has one left; which coupon it was, by campaign."""
    kept = {normal_code(code) for code in codes}
    if not (kept and limits):
        return {}
    chosen: dict[UUID, Coupon] = {}
    shown = lock(LockRank.CAMPAIGN_USAGE, Coupon.objects.filter(code__in=kept, campaign__in=limits))
    for coupon in shown:
        if coupon.max_uses is None or coupon.used_count < coupon.max_uses:
            chosen.setdefault(coupon.campaign_id, coupon)
    for coupon in shown:
        if coupon.campaign_id not in chosen:
            raise _used_up(coupon.campaign_id, limits, "coupon")
    Coupon.objects.filter(pk__in=[coupon.pk for coupon in chosen.values()]).update(used_count=F("used_count") + 1)
    return {campaign_id: coupon.pk for campaign_id, coupon in chosen.items()}


def _used_up(campaign_id: UUID, limits: Mapping[UUID, _Limits], of: str) -> CampaignUsedUpError:
    return CampaignUsedUpError(promotion=str(campaign_id), name=limits[campaign_id].name, of=of)
