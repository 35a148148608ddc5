"""Models of the context, re-exported: Django looks for them here."""

from .campaigns.models import Campaign, CampaignUse, Coupon, UsageCounter
from .discounts.models import Discount
from .flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation, WaitlistPlace
from .rules.models import RuleBookVersion

__all__ = [
    "ActiveHold",
    "Campaign",
    "CampaignUse",
    "Coupon",
    "Discount",
    "FlashPromo",
    "PromoUnit",
    "Reservation",
    "RuleBookVersion",
    "UsageCounter",
    "WaitlistPlace",
]
