"""What goes over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from promotions.contracts import ReservationCard
from promotions.flash.models import FlashPromo
from promotions.flash.running import Nearby
from promotions.flash.services.planning import MAX_RADIUS_KM, MAX_UNITS, MIN_RADIUS_KM
from promotions.flash.state import promo_state, seconds_left

MAX_SEGMENTS = 100
_RADIUS_HELP = _("Kilometres around the store; null is everywhere.")
_LIMIT_HELP = _("How many one customer may buy; null is no limit beside one hold at a time.")
_SEGMENTS_HELP = _("Ids of customer segments; none is everyone.")


class OfferSerializer(serializers.Serializer[dict[str, Any]]):
    """The terms of a promotion, as its makers write them."""

    variant = fields.UUIDField(source="variant_id")
    store = fields.UUIDField(required=False, help_text=_("The store of the variant; checked when given."))
    promo_price = fields.MoneyField()
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField()
    segments = serializers.ListField(
        source="segment_ids",
        child=fields.UUIDField(),
        max_length=MAX_SEGMENTS,
        required=False,
        help_text=_SEGMENTS_HELP,
    )
    radius_km = fields.FloatField(
        required=False, allow_null=True, min_value=MIN_RADIUS_KM, max_value=MAX_RADIUS_KM, help_text=_RADIUS_HELP
    )
    units = fields.IntegerField(required=False, min_value=1, max_value=MAX_UNITS)
    units_per_customer = fields.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_UNITS, help_text=_LIMIT_HELP
    )
    is_active = fields.BooleanField(required=False)

    def validate_segments(self, value: list[Any]) -> frozenset[Any]:
        """A set."""
        return frozenset(value)


class FlashPromoSerializer(serializers.Serializer[FlashPromo]):
    """A promotion as anybody sees it. Needs `units_left` on the row and `at` in the context."""

    id = fields.UUIDField()
    variant = fields.UUIDField(source="variant_id")
    store = fields.UUIDField(source="store_id")
    store_name = fields.CharField(source="store.name")
    product = fields.UUIDField(source="variant.product_id")
    product_name = fields.CharField(source="variant.product.name")
    sku = fields.CharField(source="variant.sku")
    list_price = fields.MoneyField(source="variant.price")
    promo_price = fields.MoneyField()
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField()
    segments = serializers.SerializerMethodField(help_text=_SEGMENTS_HELP)
    radius_km = fields.FloatField(allow_null=True, help_text=_RADIUS_HELP)
    latitude = fields.LatitudeField()
    longitude = fields.LongitudeField()
    units = fields.IntegerField()
    units_left = fields.IntegerField(help_text=_("Not sold yet; one on hold counts, it may lapse."))
    units_per_customer = fields.IntegerField(allow_null=True, help_text=_LIMIT_HELP)
    is_active = fields.BooleanField()
    state = serializers.SerializerMethodField()
    created_at = fields.DateTimeField()
    updated_at = fields.DateTimeField()

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_segments(self, promo: FlashPromo) -> list[str]:
        """Ids, prefetched."""
        return sorted(str(segment.pk) for segment in promo.segments.all())

    @extend_schema_field(fields.ChoiceField(choices=FlashPromo.State.choices))
    def get_state(self, promo: FlashPromo) -> str:
        """Derived."""
        return promo_state(promo, units_left=promo.units_left, at=self.context["at"]).value  # type: ignore[attr-defined]  # annotated


class RunningPromoSerializer(serializers.Serializer[Nearby]):
    """A promotion that can be taken now."""

    id = fields.UUIDField(source="promo.promo_id")
    variant = fields.UUIDField(source="promo.variant_id")
    store = fields.UUIDField(source="promo.store_id")
    store_name = fields.CharField(source="promo.store_name")
    product = fields.UUIDField(source="promo.product_id")
    product_name = fields.CharField(source="promo.product_name")
    list_price = fields.MoneyField(source="promo.list_price")
    promo_price = fields.MoneyField(source="promo.price")
    starts_at = fields.DateTimeField(source="promo.starts_at")
    ends_at = fields.DateTimeField(source="promo.ends_at")
    seconds_left = serializers.SerializerMethodField(help_text=_("Until the promotion ends."))
    radius_km = fields.FloatField(source="promo.radius_km", allow_null=True, help_text=_RADIUS_HELP)
    latitude = fields.LatitudeField(source="promo.latitude")
    longitude = fields.LongitudeField(source="promo.longitude")
    units = fields.IntegerField(source="promo.units")

    def get_seconds_left(self, nearby: Nearby) -> int:
        """Whole seconds."""
        return seconds_left(nearby.promo.ends_at, at=self.context["at"])


class EligiblePromoSerializer(RunningPromoSerializer):
    """A promotion that the customer may take now."""

    distance_km = serializers.SerializerMethodField(help_text=_("To the store; null without a place."))

    def get_distance_km(self, nearby: Nearby) -> float | None:
        """To ten metres."""
        return None if nearby.distance_km is None else round(nearby.distance_km, 2)


class NoticeSerializer(serializers.Serializer[dict[str, str]]):
    """Why the list is shorter than it could be."""

    code = fields.ChoiceField(choices=["no_location"])
    detail = fields.CharField()


class ReserveSerializer(serializers.Serializer[dict[str, Any]]):
    """Which promotion."""

    promo = fields.UUIDField(required=False)
    promotion_id = fields.UUIDField(required=False, help_text=_("The same, under its earlier name."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one promotion is named."""
        named = set(attrs.values())
        if len(named) != 1:
            raise serializers.ValidationError({"promo": [_("Name one promotion.")]}, code="required")
        return {"promo_id": named.pop()}


class ReservationSerializer(serializers.Serializer[ReservationCard]):
    """A customer's minute with a unit."""

    id = fields.UUIDField(source="reservation_id")
    promo = fields.UUIDField(source="promo_id")
    state = fields.ChoiceField(choices=["held", "completed", "cancelled", "lapsed"])
    expires_at = fields.DateTimeField()
    seconds_left = fields.IntegerField(min_value=0)
    order = fields.UUIDField(source="order_id", allow_null=True)
    created_at = fields.DateTimeField()
