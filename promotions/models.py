"""Models of the context, re-exported: Django looks for them here."""

from .campaigns.models import Campaign, CampaignUse, Coupon, UsageCounter
from .discounts.models import Discount
from .engagement.models import (
    ActorHour,
    CustomerEngagementDaily,
    CustomerInterest,
    DayFunnel,
    DeadEvent,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventBatch,
    EventDrain,
    ProductEngagementDaily,
    ProductSignal,
    TouchedDay,
)
from .experiments.models import Experiment, ExperimentPurchase, ExperimentUnit, ExperimentVariant
from .exposure.models import Pin, Slate, Slot, SlotDaily
from .flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation, WaitlistPlace
from .loyalty.models import (
    LevelChange,
    LoyaltyDay,
    LoyaltyLevel,
    LoyaltyMember,
    LoyaltyPolicy,
    PointsEntry,
    PointsLot,
    Redemption,
    Reward,
)
from .rules.models import RuleBookVersion
from .scoring.models import CategoryLevel, ProductScore, ScoresVersion, ScoringPolicy

__all__ = [
    "ActiveHold",
    "ActorHour",
    "Campaign",
    "CampaignUse",
    "CategoryLevel",
    "Coupon",
    "CustomerEngagementDaily",
    "CustomerInterest",
    "DayFunnel",
    "DeadEvent",
    "Discount",
    "EngagementEvent",
    "EngagementHourly",
    "EngagementPolicy",
    "EventBatch",
    "EventDrain",
    "Experiment",
    "ExperimentPurchase",
    "ExperimentUnit",
    "ExperimentVariant",
    "FlashPromo",
    "LevelChange",
    "LoyaltyDay",
    "LoyaltyLevel",
    "LoyaltyMember",
    "LoyaltyPolicy",
    "Pin",
    "PointsEntry",
    "PointsLot",
    "ProductEngagementDaily",
    "ProductScore",
    "ProductSignal",
    "PromoUnit",
    "Redemption",
    "Reservation",
    "Reward",
    "RuleBookVersion",
    "ScoresVersion",
    "ScoringPolicy",
    "Slate",
    "Slot",
    "SlotDaily",
    "TouchedDay",
    "UsageCounter",
    "WaitlistPlace",
]
