"""`price-alerts/`: which prices the caller wants to hear of."""

from typing import Any, ClassVar, cast
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import SignedIn, VerifiedCustomer
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import Money

from . import selectors, services
from .models import PriceAlert

ALERT: dict[str, Any] = {
    "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
    "product_link": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
    "variant": None,
    "title": "Cafetera de goteo 12 tazas",
    "direction": "down",
    "target": {"amount": "999.00", "currency": "MXN"},
    "percent": None,
    "reference": {"amount": "1299.00", "currency": "MXN"},
    "price": {"amount": "1249.00", "currency": "MXN"},
    "is_enabled": True,
    "is_armed": True,
    "told_at": None,
    "created_at": "2026-01-31T10:00:00Z",
    "updated_at": "2026-01-31T10:00:00Z",
}
EXAMPLE = OpenApiExample("An alert", value=ALERT, response_only=True)
TARGET = OpenApiExample(
    "At a target price",
    value={"product_link": ALERT["product_link"], "direction": "down", "target": ALERT["target"]},
    request_only=True,
)
PERCENT = OpenApiExample(
    "Ten percent, either way",
    value={"variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60", "direction": "both", "percent": 10},
    request_only=True,
)


class PriceAlertSerializer(fields.ModelSerializer):
    """An alert of one's own, with what the thing costs now."""

    product_link = fields.UUIDField(source="link_id", allow_null=True, read_only=True)
    variant = fields.UUIDField(source="variant_id", allow_null=True, read_only=True)
    title = serializers.SerializerMethodField()
    target = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField(help_text=_("What a percentage is measured from."))
    price = serializers.SerializerMethodField(help_text=_("What it costs, before promotions; null: not known."))
    is_armed = fields.BooleanField(
        read_only=True, help_text=_("Whether it tells next; off after it has told, until the price is back.")
    )

    class Meta:
        model = PriceAlert
        fields: ClassVar[list[str]] = list(ALERT)
        read_only_fields = fields

    def get_title(self, alert: PriceAlert) -> str:
        return selectors.title_of(alert)

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_target(self, alert: PriceAlert) -> dict[str, str] | None:
        return _money(alert.target_minor, alert.currency)

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_reference(self, alert: PriceAlert) -> dict[str, str] | None:
        return _money(alert.reference_minor, alert.currency)

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_price(self, alert: PriceAlert) -> dict[str, str] | None:
        if alert.link is not None:
            return _money(alert.link.page.price_minor, alert.link.page.currency)
        return None if alert.variant is None else _money(alert.variant.price_minor, alert.variant.currency)


class LineInput(serializers.Serializer[None]):
    """Where it tells: a target price or a percentage."""

    direction = fields.ChoiceField(choices=PriceAlert.Direction.choices, required=False)
    target = fields.MoneyField(required=False, allow_null=True)
    percent = fields.IntegerField(min_value=1, max_value=services.MOST_PERCENT, required=False, allow_null=True)
    is_enabled = fields.BooleanField(required=False)


class AlertInput(LineInput):
    """What is watched, and where it tells."""

    product_link = fields.UUIDField(required=False, allow_null=True, help_text=_("A link of yours."))
    variant = fields.UUIDField(required=False, allow_null=True, help_text=_("A variant of the catalogue."))


class AlertFilter(django_filters.FilterSet):
    """By what is watched."""

    product_link = django_filters.UUIDFilter("link_id")
    variant = django_filters.UUIDFilter("variant_id")

    class Meta:
        model = PriceAlert
        fields: ClassVar[list[str]] = []


def _caller(request: Request) -> UUID:
    return cast(UUID, request.user.pk)


def _money(minor: int | None, currency: str) -> dict[str, str] | None:
    return None if minor is None or not currency else fields.money_json(Money(minor, currency))


@extend_schema(tags=["price-alerts"])
@extend_schema_view(
    list=extend_schema(summary="My price alerts", description="Newest first.", examples=[EXAMPLE]),
    retrieve=extend_schema(summary="One of my price alerts", examples=[EXAMPLE]),
)
class PriceAlertViewSet(ViewSet):
    """The caller's own alerts."""

    queryset = PriceAlert.objects.none()
    serializer_class = PriceAlertSerializer
    lookup_value_converter = "uuid"
    filterset_class = AlertFilter

    def get_permissions(self) -> list[Any]:
        return [VerifiedCustomer()] if self.action == "create" else [SignedIn()]

    def get_queryset(self) -> QuerySet[PriceAlert]:
        return selectors.alerts_of(_caller(self.request))

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(selectors.alert_of(_caller(request), pk))

    @extend_schema(
        summary="Watch a price",
        description="Of a link of yours or of a variant of the catalogue: at a target price (`down`: at it or below, "
        "`up`: at it or above), or by a percentage (`down`, `up`, `both`). It tells once; a target is ready again when "
        "the price has been behind it by more than 2 %, a percentage measures from the price that was told. A target "
        "that is reached already tells at once. Of a variant the price before promotions counts. Refusals: "
        "`too_many_price_alerts`, `alert_currency` (409), `watched_not_found` (404).",
        request=AlertInput,
        responses={201: PriceAlertSerializer},
        examples=[TARGET, PERCENT, EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=AlertInput)
        alert = services.set_alert(
            customer_id=_caller(request),
            link_id=values.get("product_link"),
            variant_id=values.get("variant"),
            line=services.Line(
                direction=values.get("direction", PriceAlert.Direction.DOWN),
                target=values.get("target"),
                percent=values.get("percent"),
            ),
            is_enabled=values.get("is_enabled", True),
        )
        return self.present(alert, status=201)

    @extend_schema(
        summary="Change a price alert",
        description="Another line, or on and off. It then begins afresh at the price of now. What it watches stays. "
        "Refusals: `alert_currency` (409).",
        request=LineInput,
        responses={200: PriceAlertSerializer},
        examples=[OpenApiExample("Off", value={"is_enabled": False}, request_only=True), EXAMPLE],
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        values: Any = self.read(request, partial=True, serializer=LineInput)
        return self.present(services.change_alert(customer_id=_caller(request), alert_id=pk, **values))

    @extend_schema(summary="Watch a price no longer", responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        services.remove_alert(customer_id=_caller(request), alert_id=pk)
        return Response(status=204)
