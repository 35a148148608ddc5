"""What goes over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from promotions.loyalty.models import LoyaltyLevel, PointsEntry, Redemption, Reward
from promotions.loyalty.values import Expiring, Profile


class LevelSerializer(serializers.Serializer[LoyaltyLevel]):
    """A level and its perks."""

    key = fields.CharField()
    name = fields.CharField()
    threshold = fields.IntegerField(help_text=_("Points earned within the window from which it begins."))
    multiplier_bp = fields.IntegerField(help_text=_("How points count, in hundredths of a percent; 10,000 is once."))
    perks_json = serializers.ListField(child=fields.CharField())


class ExpiringSerializer(serializers.Serializer[Expiring]):
    """Points that expire together."""

    points = fields.BigIntegerField()
    expires_at = fields.DateTimeField()


class ProfileSerializer(serializers.Serializer[Profile]):
    """Where one stands."""

    points = fields.BigIntegerField(help_text=_("What can be spent now."))
    owed = fields.BigIntegerField(help_text=_("Points of returned goods that were spent: the next ones pay them."))
    level = LevelSerializer(allow_null=True)
    level_since = fields.DateTimeField(allow_null=True)
    earned_in_window = fields.BigIntegerField(help_text=_("Points earned by orders within the window."))
    window_days = fields.IntegerField(help_text=_("Days that decide the level."))
    next_level = LevelSerializer(allow_null=True)
    missing = fields.BigIntegerField(allow_null=True, help_text=_("Points to earn for the next level."))
    expiring = ExpiringSerializer(many=True)


class EntrySerializer(serializers.Serializer[PointsEntry]):
    """A line of the statement."""

    id = fields.CharField(source="pk")
    kind = fields.ChoiceField(choices=PointsEntry.Kind.choices)
    points = fields.BigIntegerField(help_text=_("Negative when points went."))
    balance_after = fields.BigIntegerField(help_text=_("What could be spent then."))
    reason = fields.CharField()
    created_at = fields.DateTimeField()


class RewardSerializer(serializers.Serializer[Reward]):
    """What points can be exchanged for."""

    id = fields.UUIDField()
    name = fields.CharField()
    kind = fields.ChoiceField(choices=Reward.Kind.choices)
    cost = fields.IntegerField(help_text=_("In points."))
    amount = fields.MoneyField(allow_null=True)
    min_ticket = fields.MoneyField(allow_null=True, help_text=_("From which sum of goods on."))
    valid_days = fields.IntegerField()
    level = serializers.SerializerMethodField(help_text=_("Key of the level from which on; null for everybody."))
    left_count = fields.IntegerField(allow_null=True, help_text=_("Null is without end."))
    missing = serializers.SerializerMethodField(help_text=_("Points you still need for it."))

    @extend_schema_field(fields.CharField(allow_null=True))
    def get_level(self, reward: Reward) -> str | None:
        """Its key."""
        return None if reward.level is None else reward.level.key

    @extend_schema_field(fields.IntegerField(min_value=0))
    def get_missing(self, reward: Reward) -> int:
        """By the caller's points."""
        points: int = self.context["points"]
        return max(0, reward.cost - points)


class RedeemSerializer(serializers.Serializer[dict[str, Any]]):
    """Which reward."""

    reward = fields.UUIDField()


class RedemptionSerializer(serializers.Serializer[Redemption]):
    """A reward that was taken."""

    id = fields.UUIDField()
    reward = fields.UUIDField(source="reward_id")
    kind = fields.ChoiceField(choices=Reward.Kind.choices)
    name = fields.CharField()
    cost = fields.IntegerField(help_text=_("In points."))
    amount = fields.MoneyField(allow_null=True)
    min_ticket = fields.MoneyField(allow_null=True)
    state = fields.ChoiceField(choices=Redemption.State.choices)
    order = fields.UUIDField(source="order_id", allow_null=True)
    expires_at = fields.DateTimeField(allow_null=True)
    used_at = fields.DateTimeField(allow_null=True)
    created_at = fields.DateTimeField()
