"""`admin/promotions/{id}/preview/`."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.viewsets import ViewSet
from promotions.facade import RunsCampaigns
from purchases.orders.models import Order

from .selectors import MOST_DAYS, MOST_ORDERS, preview_campaign
from .values import DayPreview, Preview

PREVIEW = OpenApiExample(
    "Last week",
    value={
        "promotion": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "since": "2026-05-18",
        "until": "2026-05-24",
        "is_cut": False,
        "orders": 312,
        "touched": 87,
        "revenue": [{"amount": "284310.50", "currency": "MXN"}],
        "discount": [{"amount": "19422.15", "currency": "MXN"}],
        "days": [
            {
                "day": "2026-05-24",
                "orders": 51,
                "touched": 14,
                "revenue": {"amount": "44120.00", "currency": "MXN"},
                "discount": {"amount": "3120.35", "currency": "MXN"},
            }
        ],
    },
    response_only=True,
)


class PreviewQuestionSerializer(serializers.Serializer[None]):
    """How far to look back."""

    days = fields.IntegerField(
        required=False, min_value=1, max_value=MOST_DAYS, help_text=_("Platform days, today included; 7 by default.")
    )


class DayPreviewSerializer(serializers.Serializer[DayPreview]):
    """A day's orders in one currency."""

    day = fields.DateField()
    orders = fields.IntegerField(min_value=0)
    touched = fields.IntegerField(min_value=0, help_text=_("Orders that the campaign would have applied to."))
    revenue = fields.MoneyField(help_text=_("What the orders were paid then, sending included."))
    discount = fields.MoneyField(
        help_text=_("What the campaign would have taken off. Negative where it would have displaced a better offer.")
    )


class PreviewSerializer(serializers.Serializer[Preview]):
    """What a campaign would have cost."""

    promotion = fields.UUIDField(source="campaign_id")
    since = fields.DateField()
    until = fields.DateField()
    is_cut = fields.BooleanField(help_text=_("There were more orders: the newest were looked at."))
    orders = fields.IntegerField(min_value=0)
    touched = fields.IntegerField(min_value=0, help_text=_("Orders that the campaign would have applied to."))
    revenue = serializers.ListField(child=fields.MoneyField(), help_text=_("By currency."))
    discount = serializers.ListField(child=fields.MoneyField(), help_text=_("By currency."))
    days = DayPreviewSerializer(many=True)


class CampaignPreviewViewSet(ViewSet):
    """What a campaign would have cost."""

    serializer_class = PreviewSerializer
    permission_classes = [RunsCampaigns]
    queryset = Order.objects.none()

    @extend_schema(
        tags=["campaigns"],
        summary="What a campaign would have cost",
        description="On the paid orders of the last days (imported ones left out, the newest "
        f"{MOST_ORDERS:,} at most), each priced once more with the campaign and without. For drafts too. An estimate: "
        "the campaign counts as under way, its coupon as entered, its uses as not used up; buyers have today's level "
        "and segments, products today's categories; list prices and sending are the order's; the other promotions are "
        "today's, those behind a coupon left out. For people of the house with the permission for campaigns, and "
        "whoever holds `promotions:read` everywhere.",
        parameters=[PreviewQuestionSerializer],
        responses=PreviewSerializer,
        examples=[PREVIEW],
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """200."""
        asked: Any = PreviewQuestionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        days = asked.validated_data.get("days", 7)
        return self.present(preview_campaign(pk, at=timezone.now(), days=days))
