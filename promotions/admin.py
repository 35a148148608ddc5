"""Admin pages of the context: Django looks for them here."""

from .campaigns.admin import CampaignAdmin
from .discounts.admin import DiscountAdmin
from .flash.admin import ActiveHoldAdmin, FlashPromoAdmin, ReservationAdmin

__all__ = ["ActiveHoldAdmin", "CampaignAdmin", "DiscountAdmin", "FlashPromoAdmin", "ReservationAdmin"]
