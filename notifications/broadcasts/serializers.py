"""What goes over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from notifications.audiences.reach import BOUNDS
from users.facade import Tier

from .models import Broadcast
from .selectors import Progress
from .terms import CHANNELS, MOST_DAYS, MOST_KM, TEXTS

MAX_SEGMENTS = 1_000
_SETS = ("segment_ids", "tiers", "channels")


class BroadcastTermsSerializer(serializers.Serializer[dict[str, Any]]):
    """A broadcast, as its writers state it."""

    name = fields.CharField(max_length=80, help_text="For the house only.")
    title_en = fields.CharField(max_length=TEXTS["title_en"])
    title_es = fields.CharField(max_length=TEXTS["title_es"])
    body_en = fields.CharField(max_length=TEXTS["body_en"])
    body_es = fields.CharField(max_length=TEXTS["body_es"])
    channels = serializers.ListField(
        child=fields.ChoiceField(choices=CHANNELS), required=False, max_length=len(CHANNELS)
    )
    segments = serializers.ListField(
        source="segment_ids", child=fields.UUIDField(), required=False, max_length=MAX_SEGMENTS
    )
    tiers = serializers.ListField(child=fields.ChoiceField(choices=Tier.choices), required=False, max_length=3)
    latitude = fields.LatitudeField(required=False, allow_null=True)
    longitude = fields.LongitudeField(required=False, allow_null=True)
    radius_km = fields.FloatField(required=False, allow_null=True, min_value=0.001, max_value=MOST_KM)
    active_within_days = fields.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MOST_DAYS, help_text="Null: ordered or not."
    )
    send_at = fields.DateTimeField(required=False, allow_null=True, help_text="For `schedule`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Lists become values."""
        return {name: frozenset(value) if name in _SETS else value for name, value in attrs.items()}


class BroadcastSerializer(serializers.Serializer[Broadcast]):
    """A broadcast as those who send it see it."""

    id = fields.UUIDField()
    name = fields.CharField()
    title_en = fields.CharField()
    title_es = fields.CharField()
    body_en = fields.CharField()
    body_es = fields.CharField()
    channels = serializers.ListField(child=fields.ChoiceField(choices=CHANNELS))
    segments = serializers.SerializerMethodField()
    tiers = serializers.ListField(child=fields.ChoiceField(choices=Tier.choices))
    latitude = fields.FloatField(allow_null=True)
    longitude = fields.FloatField(allow_null=True)
    radius_km = fields.FloatField(allow_null=True)
    active_within_days = fields.IntegerField(allow_null=True)
    send_at = fields.DateTimeField(allow_null=True)
    state = fields.ChoiceField(choices=Broadcast.State.choices)
    told_count = serializers.SerializerMethodField()
    expected_count = fields.IntegerField(
        allow_null=True, help_text="Counted when sending began, no further than a million; null before."
    )
    percent = serializers.SerializerMethodField()
    started_at = fields.DateTimeField(allow_null=True)
    ended_at = fields.DateTimeField(allow_null=True)
    created_at = fields.DateTimeField()
    updated_at = fields.DateTimeField()

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_segments(self, broadcast: Broadcast) -> list[str]:
        """Ids, prefetched."""
        return sorted(str(segment.pk) for segment in broadcast.segments.all())

    def get_told_count(self, broadcast: Any) -> int:
        """Who has it in the inbox."""
        return broadcast.told_count or 0

    def get_percent(self, broadcast: Any) -> int:
        """100 only when it is over."""
        return Progress(broadcast.state, broadcast.told_count or 0, broadcast.expected_count).percent


class AudienceSizeSerializer(serializers.Serializer[Any]):
    """How many it would reach now."""

    count = fields.IntegerField(min_value=0, max_value=BOUNDS[0])
    is_more = fields.BooleanField(help_text="True: so many or more; nobody counted on.")


class TestSentSerializer(serializers.Serializer[Any]):
    """The test is in one's own inbox."""

    message = fields.CharField(help_text="Id of the message.")
