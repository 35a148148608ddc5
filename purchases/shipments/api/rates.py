"""`shipping-rates/`: what stores ask for sending."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.http import fields
from marketplace.core.http.etags import expected_version
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from purchases.shipments import selectors, services
from purchases.shipments.models import ShippingRate

REQUEST = OpenApiExample(
    "A parcel, free from 999",
    value={
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "name": "Paquetería, 3 a 5 días",
        "price": {"amount": "99.00", "currency": "MXN"},
        "free_from": {"amount": "999.00", "currency": "MXN"},
    },
    request_only=True,
)
RATE = OpenApiExample(
    "A rate",
    value={
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d70",
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "name": "Paquetería, 3 a 5 días",
        "price": {"amount": "99.00", "currency": "MXN"},
        "free_from": {"amount": "999.00", "currency": "MXN"},
        "is_active": True,
        "created_at": "2026-01-31T10:00:00Z",
    },
    response_only=True,
)


class ShippingRateSerializer(serializers.Serializer[ShippingRate]):
    """A way of sending that a store offers."""

    id = fields.UUIDField(read_only=True)
    store = fields.UUIDField(source="store_id")
    name = fields.CharField(max_length=80)
    price = fields.MoneyField(allow_zero=True, help_text=_("For the store's part of an order, in its currency."))
    free_from = fields.MoneyField(
        required=False, allow_null=True, help_text=_("Free when the goods come to as much. Null: never.")
    )
    is_active = fields.BooleanField(required=False, help_text=_("Whether customers may choose it."))
    created_at = fields.DateTimeField(read_only=True)


class ShippingRateChange(serializers.Serializer[None]):
    """What is absent stays; the store stays anyway."""

    name = fields.CharField(max_length=80, required=False)
    price = fields.MoneyField(allow_zero=True, required=False)
    free_from = fields.MoneyField(required=False, allow_null=True)
    is_active = fields.BooleanField(required=False)


class RateFilter(django_filters.FilterSet):
    """What the list may be narrowed by."""

    store = django_filters.UUIDFilter("store_id")

    class Meta:
        model = ShippingRate
        fields = ["is_active"]


@extend_schema(tags=["shipping"])
@extend_schema_view(
    list=extend_schema(
        summary="Shipping rates",
        description="Of all stores, or of one by `store`. Those that are switched off only for the store's people.",
        examples=[RATE],
    ),
    retrieve=extend_schema(summary="A shipping rate", examples=[RATE]),
)
class ShippingRateViewSet(ViewSet):
    """Rates of stores."""

    queryset = ShippingRate.objects.none()
    serializer_class = ShippingRateSerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = selectors.AREA
    filterset_class = RateFilter
    lookup_value_converter = "uuid"
    uses_etags = True

    def get_queryset(self) -> QuerySet[ShippingRate]:
        if self.action in {"list", "retrieve"}:
            return selectors.visible_rates(self.request.user)
        return selectors.editable_rates(self.request.user)

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(
        summary="Add a shipping rate",
        description="Of a store within your `catalog:write` (elsewhere 404), in its currency. Without a choice of "
        "the customer's the cheapest applies; a store without a rate sends for nothing. Refusals: 409 "
        "`rate_name_taken`, `currency_mismatch`, `too_many_rates` (20).",
        responses={201: ShippingRateSerializer},
        examples=[REQUEST, RATE],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request)
        if not access.reach(request.user, f"{selectors.AREA}:write").covers(store_id=values["store_id"]):
            raise NotFoundError
        return self.present(services.add_rate(**values, actor_id=request.user.pk), status=201)

    @extend_schema(
        summary="Change a shipping rate",
        description="Orders keep what they were placed with. Refusals: 409 `rate_name_taken`, `currency_mismatch`; "
        "412 `stale`.",
        request=ShippingRateChange,
        examples=[OpenApiExample("Switch it off", value={"is_active": False}, request_only=True), RATE],
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        rate = get_object_or_404(self.get_queryset(), pk=pk)
        services.change_rate(
            rate=rate,
            expected_version=expected_version(request),
            changes=self.read(request, serializer=ShippingRateChange),
            actor_id=request.user.pk,
        )
        return self.present(rate)

    @extend_schema(
        summary="Delete a shipping rate",
        description="Orders have their own copy of it. Refusals: 412 `stale`.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        rate = get_object_or_404(self.get_queryset(), pk=pk)
        services.delete_rate(rate=rate, expected_version=expected_version(request), actor_id=request.user.pk)
        return Response(status=204)
