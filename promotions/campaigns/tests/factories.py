"""Campaigns for tests, here and in other contexts: made by the services, so that everything agrees."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from promotions.campaigns.models import Campaign
from promotions.campaigns.services.lifecycle import activate_campaign, deactivate_campaign
from promotions.campaigns.services.planning import create_campaign
from promotions.campaigns.terms import CampaignTerms, CouponTerms

PERCENT = [{"kind": "percentage", "basis_points": 1_000}]


def campaign_terms(*codes: str, **terms: Any) -> CampaignTerms:
    """10 % off orders, for everybody, since an hour ago and for a day; with codes it needs a coupon."""
    now = timezone.now()
    defaults: dict[str, Any] = {
        "name": "Hot Sale",
        "benefits_json": PERCENT,
        "starts_at": now - timedelta(hours=1),
        "ends_at": now + timedelta(days=1),
        "needs_coupon": bool(codes),
        "coupons": tuple(CouponTerms(code) for code in codes),
    }
    return CampaignTerms(**(defaults | terms))


def make_campaign(*codes: str, state: str = "active", at: datetime | None = None, **terms: Any) -> Campaign:
    """A campaign in that state; one that is to be scheduled begins in an hour."""
    at = at or timezone.now()
    if state == "scheduled":
        terms.setdefault("starts_at", at + timedelta(hours=1))
    campaign = create_campaign(terms=campaign_terms(*codes, **terms), actor_id=None)
    if state != "draft":
        activate_campaign(campaign_id=campaign.pk, actor_id=None, at=at)
    if state == "ended":
        deactivate_campaign(campaign_id=campaign.pk, actor_id=None, at=at)
    campaign.refresh_from_db()
    assert campaign.state == state
    return campaign
