"""The loyalty programme in the back office."""

from .members import LoyaltyDayAdmin, LoyaltyMemberAdmin, PointsEntryAdmin, RedemptionAdmin
from .terms import LoyaltyLevelAdmin, LoyaltyPolicyAdmin, RewardAdmin

__all__ = [
    "LoyaltyDayAdmin",
    "LoyaltyLevelAdmin",
    "LoyaltyMemberAdmin",
    "LoyaltyPolicyAdmin",
    "PointsEntryAdmin",
    "RedemptionAdmin",
    "RewardAdmin",
]
