"""What goes over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from marketplace.core.money import CURRENCIES
from promotions.campaigns.models import CODE_LENGTH, MAX_USES, Campaign, Coupon
from promotions.campaigns.terms import CouponTerms
from promotions.rules.stacking import GROUP_LENGTH, MAX_PRIORITY
from promotions.rules.tiers import TIERS

MAX_TARGETS = 1_000
MAX_COUPONS = 1_000
_SETS = ("category_ids", "product_ids", "store_ids", "segment_ids", "tiers")
_USES_HELP = _("Null is without end.")


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "object", "additionalProperties": True},
        "description": "By the schema at `admin/promotions/benefits-schema/`.",
        "example": [{"kind": "percentage", "basis_points": 1500}],
    }
)
class BenefitsField(serializers.JSONField):
    """Benefits; the service checks them against the published schema."""


def _ids(source: str) -> Any:
    return serializers.ListField(source=source, child=fields.UUIDField(), max_length=MAX_TARGETS, required=False)


class CouponSerializer(serializers.Serializer[Coupon]):
    """A code that opens the campaign; its case does not matter."""

    code = fields.CharField(max_length=CODE_LENGTH)
    max_uses = fields.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_USES, help_text=_USES_HELP
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Within a change of some of the terms nothing is required by itself; a coupon is always given whole."""
        if "code" not in attrs:
            self.fields["code"].fail("required")
        return attrs


class CouponAnswerSerializer(serializers.Serializer[Coupon]):
    """A code with the count of its uses."""

    code = fields.CharField()
    max_uses = fields.IntegerField(allow_null=True)
    used_count = fields.IntegerField()


class CampaignTermsSerializer(serializers.Serializer[dict[str, Any]]):
    """A campaign, as its makers write it."""

    name = fields.CharField(max_length=120)
    description = fields.CharField(required=False, allow_blank=True, max_length=2_000)
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField(required=False, allow_null=True)
    scope = fields.ChoiceField(choices=Campaign.Scope.choices, required=False)
    categories = _ids("category_ids")
    products = _ids("product_ids")
    stores = _ids("store_ids")
    segments = _ids("segment_ids")
    tiers = serializers.ListField(child=fields.ChoiceField(choices=TIERS), max_length=3, required=False)
    currency = fields.ChoiceField(
        choices=sorted(CURRENCIES),
        required=False,
        allow_blank=True,
        help_text=_("Of every amount of the campaign; taken from `min_ticket` where it is not given."),
    )
    min_ticket = fields.MoneyField(required=False, allow_null=True, help_text=_("From which sum of goods on."))
    benefits_json = BenefitsField()
    priority = fields.IntegerField(required=False, min_value=-MAX_PRIORITY, max_value=MAX_PRIORITY)
    is_exclusive = fields.BooleanField(required=False)
    stack_group = fields.CharField(required=False, allow_blank=True, max_length=GROUP_LENGTH)
    needs_coupon = fields.BooleanField(required=False)
    max_uses = fields.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_USES, help_text=_USES_HELP
    )
    max_uses_per_customer = fields.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_USES, help_text=_USES_HELP
    )
    coupons = serializers.ListField(child=CouponSerializer(), required=False, max_length=MAX_COUPONS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Lists become values; the currency may stand in the minimum ticket alone."""
        terms: dict[str, Any] = {name: frozenset(value) if name in _SETS else value for name, value in attrs.items()}
        if "coupons" in terms:
            terms["coupons"] = tuple(CouponTerms(**coupon) for coupon in terms["coupons"])
        if terms.get("min_ticket") is not None and "currency" not in terms:
            terms["currency"] = terms["min_ticket"].currency
        return terms


class CampaignSerializer(serializers.Serializer[Campaign]):
    """A campaign as those who run it see it."""

    id = fields.UUIDField()
    name = fields.CharField()
    description = fields.CharField()
    state = fields.ChoiceField(choices=Campaign.State.choices)
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField(allow_null=True)
    scope = fields.ChoiceField(choices=Campaign.Scope.choices)
    categories = serializers.SerializerMethodField()
    products = serializers.SerializerMethodField()
    stores = serializers.SerializerMethodField()
    segments = serializers.SerializerMethodField()
    tiers = serializers.ListField(child=fields.ChoiceField(choices=TIERS))
    currency = fields.CharField()
    min_ticket = fields.MoneyField(allow_null=True)
    benefits_json = BenefitsField()
    priority = fields.IntegerField()
    is_exclusive = fields.BooleanField()
    stack_group = fields.CharField()
    needs_coupon = fields.BooleanField()
    max_uses = fields.IntegerField(allow_null=True)
    max_uses_per_customer = fields.IntegerField(allow_null=True)
    coupons = CouponAnswerSerializer(many=True)
    started_at = fields.DateTimeField(allow_null=True)
    ended_at = fields.DateTimeField(allow_null=True)
    created_at = fields.DateTimeField()
    updated_at = fields.DateTimeField()

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_categories(self, campaign: Campaign) -> list[str]:
        """Ids, prefetched, as the other lists."""
        return _keys(campaign.categories)

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_products(self, campaign: Campaign) -> list[str]:
        """Ids."""
        return _keys(campaign.products)

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_stores(self, campaign: Campaign) -> list[str]:
        """Ids."""
        return _keys(campaign.stores)

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_segments(self, campaign: Campaign) -> list[str]:
        """Ids."""
        return _keys(campaign.segments)


def _keys(rows: Any) -> list[str]:
    return sorted(str(row.pk) for row in rows.all())
