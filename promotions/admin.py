"""Admin pages of the context: Django looks for them here."""

from .campaigns.admin import CampaignAdmin
from .discounts.admin import DiscountAdmin
from .engagement.admin import (
    CustomerEngagementDailyAdmin,
    CustomerInterestAdmin,
    DayFunnelAdmin,
    DeadEventAdmin,
    EngagementEventAdmin,
    EngagementHourlyAdmin,
    EngagementPolicyAdmin,
    EventDrainAdmin,
    ProductEngagementDailyAdmin,
    ProductSignalAdmin,
)
from .experiments.admin import ExperimentAdmin
from .exposure.admin import PinAdmin, SlateAdmin, SlotAdmin, SlotDailyAdmin
from .flash.admin import ActiveHoldAdmin, FlashPromoAdmin, ReservationAdmin
from .loyalty.admin import (
    LoyaltyDayAdmin,
    LoyaltyLevelAdmin,
    LoyaltyMemberAdmin,
    LoyaltyPolicyAdmin,
    PointsEntryAdmin,
    RedemptionAdmin,
    RewardAdmin,
)
from .scoring.admin import ProductScoreAdmin, ScoresVersionAdmin, ScoringPolicyAdmin

__all__ = [
    "ActiveHoldAdmin",
    "CampaignAdmin",
    "CustomerEngagementDailyAdmin",
    "CustomerInterestAdmin",
    "DayFunnelAdmin",
    "DeadEventAdmin",
    "DiscountAdmin",
    "EngagementEventAdmin",
    "EngagementHourlyAdmin",
    "EngagementPolicyAdmin",
    "EventDrainAdmin",
    "ExperimentAdmin",
    "FlashPromoAdmin",
    "LoyaltyDayAdmin",
    "LoyaltyLevelAdmin",
    "LoyaltyMemberAdmin",
    "LoyaltyPolicyAdmin",
    "PinAdmin",
    "PointsEntryAdmin",
    "ProductEngagementDailyAdmin",
    "ProductScoreAdmin",
    "ProductSignalAdmin",
    "RedemptionAdmin",
    "ReservationAdmin",
    "RewardAdmin",
    "ScoresVersionAdmin",
    "ScoringPolicyAdmin",
    "SlateAdmin",
    "SlotAdmin",
    "SlotDailyAdmin",
]
