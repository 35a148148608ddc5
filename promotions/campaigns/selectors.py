"""Reads over campaigns, coupons and uses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from promotions.contracts import PriceRule, RuleLimit

from .benefits import parse_benefits
from .models import Campaign, CampaignQuerySet, Coupon, UsageCounter

TARGETS = {"category": "categories", "product": "products", "store": "stores"}
"""Which list a scope reads; an order has none."""
_IDS = {"categories": "category_id", "products": "product_id", "stores": "store_id", "segments": "segment_id"}


def campaigns_for_show() -> CampaignQuerySet:
    """Campaigns with everything the API shows of them: a query, and one for each list."""
    return Campaign.objects.prefetch_related("categories", "products", "stores", "segments", "coupons")


def normal_code(text: str) -> str:
    """A coupon code as it is kept."""
    return text.strip().upper()


def coupon_rules(codes: Iterable[str], at: datetime) -> dict[str, UUID]:
    """Which campaign each code opens, by the code as it was given; unknown ones are left out.

    So are codes of which no use is left, and those of campaigns that are not switched on or are over at `at`. One
    query, none for no codes.
    """
    wanted = {code: normal_code(code) for code in codes if "\x00" not in code}
    if not wanted:
        return {}
    has_uses = Q(max_uses__isnull=True) | Q(used_count__lt=F("max_uses"))
    is_ahead = Q(campaign__ends_at__isnull=True) | Q(campaign__ends_at__gt=at)
    on = Q(campaign__in=Campaign.objects.switched_on().values("pk"), campaign__needs_coupon=True)
    rows = Coupon.objects.filter(has_uses, is_ahead, on, code__in=set(wanted.values()))
    opens = dict(rows.values_list("code", "campaign_id"))
    return {code: opens[kept] for code, kept in wanted.items() if kept in opens}


def rule_limits(rule_ids: Iterable[UUID], customer_id: UUID | None) -> dict[UUID, RuleLimit]:
    """How often each of the campaigns can still be used, by anybody and by the customer; one query.

    Rules without a limit, and ids that are no campaign's, are left out. Nobody signed in: nothing of the customer's.
    """
    ids = set(rule_ids)
    if not ids:
        return {}
    limited = Q(max_uses__isnull=False) | Q(max_uses_per_customer__isnull=False)
    rows = Campaign.objects.filter(limited, pk__in=ids).values_list(
        "pk", "max_uses", "max_uses_per_customer", _used_by(UsageCounter.EVERYBODY), _used_by(customer_id)
    )
    return {
        pk: RuleLimit(
            left=None if most is None else max(0, most - used),
            left_of_customer=None if most_each is None or customer_id is None else max(0, most_each - used_by_customer),
        )
        for pk, most, most_each, used, used_by_customer in rows
    }


def _used_by(customer_id: UUID | None) -> Coalesce:
    counters = UsageCounter.objects.filter(campaign=OuterRef("pk"), customer_id=customer_id or UsageCounter.EVERYBODY)
    return Coalesce(Subquery(counters.values("used")[:1]), Value(0))


def price_rules() -> list[PriceRule]:
    """Every campaign that is switched on, as prices are computed with it: five queries, whatever their number."""
    on = Campaign.objects.switched_on()
    lists = {name: _members(name, on) for name in _IDS}
    rules = (_rule(campaign, {name: frozenset(rows[campaign.pk]) for name, rows in lists.items()}) for campaign in on)
    return [rule for rule in rules if rule is not None]


def _members(name: str, campaigns: CampaignQuerySet) -> Mapping[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    through: Any = Campaign._meta.get_field(name).remote_field.through  # type: ignore[union-attr]  # a list of targets
    rows = through._default_manager.filter(campaign_id__in=campaigns.values("pk"))
    for campaign_id, member_id in rows.values_list("campaign_id", _IDS[name]):
        found[campaign_id].add(member_id)
    return found


def _rule(campaign: Campaign, lists: Mapping[str, frozenset[UUID]]) -> PriceRule | None:
    """None where the last target, or the last segment, is gone: an empty list would mean everything, or everybody."""
    target = TARGETS.get(campaign.scope)
    if (target and not lists[target]) or (campaign.is_for_segments and not lists["segments"]):
        return None
    return PriceRule(
        rule_id=campaign.pk,
        kind="campaign",
        version=campaign.version,
        name=campaign.name,
        benefits=parse_benefits(campaign.benefits_json, campaign.currency),
        is_about_orders=campaign.scope == Campaign.Scope.ORDER,
        currency=campaign.currency,
        priority=campaign.priority,
        is_exclusive=campaign.is_exclusive,
        stack_group=campaign.stack_group,
        category_ids=lists["categories"],
        product_ids=lists["products"],
        store_ids=lists["stores"],
        tiers=frozenset(campaign.tiers),
        segment_ids=lists["segments"],
        min_ticket_minor=campaign.min_ticket_minor,
        needs_coupon=campaign.needs_coupon,
        is_limited=campaign.is_limited,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
    )


def descriptions(campaign_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What their makers wrote about the campaigns; one query."""
    return dict(Campaign.objects.filter(pk__in=set(campaign_ids)).values_list("pk", "description"))


def with_uses(campaigns: "QuerySet[Campaign]") -> "QuerySet[Campaign]":
    """Adds `uses_count`: how many orders use each campaign now."""
    return campaigns.annotate(uses_count=Count("uses", filter=Q(uses__is_taken=True)))


def due_to_start(at: datetime, limit: int) -> list[UUID]:
    """Campaigns whose first moment has come."""
    return list(Campaign.objects.due_to_start(at).order_by("starts_at").values_list("pk", flat=True)[:limit])


def due_to_end(at: datetime, limit: int) -> list[UUID]:
    """Campaigns past their last moment."""
    return list(Campaign.objects.due_to_end(at).order_by("ends_at").values_list("pk", flat=True)[:limit])
