"""`inventory/replenishment/`: what ought to be ordered, and ordering it in one action."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from marketplace.core.http.fields import CharField, IntegerField, ModelSerializer, MoneyField, UUIDField, money_json
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.pagination import CursorPagination
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import Money
from stores.procurement import selectors, services
from stores.procurement.models import ReplenishmentSuggestion

from .order_shapes import RESPONSE as ORDER_EXAMPLE
from .order_shapes import PurchaseOrderSerializer

MOST_CHOSEN = 1_000
_ITEM = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e"

RESPONSE = OpenApiExample(
    "suggestion",
    {
        "stock_item": _ITEM,
        "variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "sku": "TAL-27-AZ",
        "product_name": "Plato de talavera 27 cm",
        "store_name": "Talavera de la Roma",
        "supplier": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d62",
        "supplier_name": "Abarrotes del Centro",
        "quantity": 24,
        "unit_cost": {"amount": "180.00", "currency": "MXN"},
        "available": 3,
        "incoming": 0,
        "reorder_point": 4,
        "reorder_qty": 20,
        "sold_per_day": "1.250",
        "lead_time_days": 5,
        "computed_at": "2026-01-31T10:00:00Z",
    },
    response_only=True,
)


class SuggestionSerializer(ModelSerializer):
    """What ought to be ordered, with the figures behind it as they were."""

    stock_item = UUIDField(source="pk", read_only=True)
    variant = UUIDField(source="stock_item.variant_id", read_only=True)
    store = UUIDField(source="stock_item.store_id", read_only=True)
    sku = CharField(source="stock_item.variant.sku", read_only=True)
    product_name = CharField(source="stock_item.variant.product.name", read_only=True)
    store_name = CharField(source="stock_item.store.name", read_only=True)
    supplier = UUIDField(source="supplier_id", read_only=True, allow_null=True)
    supplier_name = CharField(source="supplier.name", read_only=True, allow_null=True, default=None)
    unit_cost = serializers.SerializerMethodField()
    reorder_point = IntegerField(source="stock_item.reorder_point", read_only=True)
    reorder_qty = IntegerField(source="stock_item.reorder_qty", read_only=True)
    sold_per_day = serializers.SerializerMethodField(help_text=_("Over the last 28 days."))

    class Meta:
        model = ReplenishmentSuggestion
        fields = [
            "stock_item",
            "variant",
            "store",
            "sku",
            "product_name",
            "store_name",
            "supplier",
            "supplier_name",
            "quantity",
            "unit_cost",
            "available",
            "incoming",
            "reorder_point",
            "reorder_qty",
            "sold_per_day",
            "lead_time_days",
            "computed_at",
        ]
        read_only_fields = fields

    @extend_schema_field(MoneyField(allow_null=True))
    def get_unit_cost(self, row: ReplenishmentSuggestion) -> dict[str, str] | None:
        return None if row.unit_cost_minor is None else money_json(Money(row.unit_cost_minor, row.currency))

    def get_sold_per_day(self, row: ReplenishmentSuggestion) -> str:
        return row.sold_per_day


class SuggestionsOrderSerializer(serializers.Serializer[Any]):
    """Which suggestions become drafts."""

    stock_items = serializers.ListField(
        child=UUIDField(),
        required=False,
        allow_empty=False,
        max_length=MOST_CHOSEN,
        help_text=_("Suggestions by their stock item. Left out: everything within reach that has a supplier."),
    )


class PurchaseOrderDraftsSerializer(serializers.Serializer[Any]):
    """The drafts that were made."""

    orders = PurchaseOrderSerializer(many=True, read_only=True)


class SuggestionFilter(django_filters.FilterSet):
    """What suggestions may be narrowed by."""

    supplier = django_filters.UUIDFilter("supplier_id")
    store = django_filters.UUIDFilter("stock_item__store_id")
    department = django_filters.UUIDFilter(f"{selectors.ITEM_DEPARTMENT}_id")

    class Meta:
        model = ReplenishmentSuggestion
        fields: list[str] = []


@extend_schema(tags=["inventory"])
@extend_schema_view(
    list=extend_schema(
        summary="What ought to be ordered",
        description="Stock items within your `procurement:read` that fell to the point of ordering, with the figures "
        "behind the quantity; computed each hour. Without a supplier nobody's price list has the variant.",
        examples=[RESPONSE],
    ),
)
class ReplenishmentViewSet(ViewSet):
    """Suggestions, and one action that orders them."""

    queryset = ReplenishmentSuggestion.objects.none()
    serializer_class = SuggestionSerializer
    permission_classes = [HoldsKey]
    access_area = "procurement"
    filterset_class = SuggestionFilter
    pagination_class = CursorPagination

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return SuggestionsOrderSerializer if self.action == "order" else SuggestionSerializer

    def get_queryset(self) -> QuerySet[ReplenishmentSuggestion]:
        return selectors.suggestions_within(self.request.user, "procurement:read")

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    @extend_schema(
        summary="Turn suggestions into draft orders",
        description="The chosen ones, or all within your `procurement:write` whose supplier is within it too: one "
        "draft per supplier and store, all or none. "
        "Refusals: `suggestion_gone` (one that was chosen is not there any more, or has no supplier you may order "
        "of), `nothing_to_order` (409).",
        request=SuggestionsOrderSerializer,
        responses={201: PurchaseOrderDraftsSerializer},
        examples=[
            OpenApiExample("these", {"stock_items": [_ITEM]}, request_only=True),
            OpenApiExample("all within reach", {}, request_only=True),
            OpenApiExample("drafts", {"orders": [ORDER_EXAMPLE.value]}, response_only=True),
        ],
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    @idempotent
    def order(self, request: Request) -> Response:
        """201."""
        chosen: list[UUID] | None = self.read(request).get("stock_items")
        drafts = services.order_suggestions(
            suggestions=selectors.orderable_within(request.user, "procurement:write"),
            chosen=chosen,
            actor_id=request.user.pk,
        )
        rows = selectors.orders_within(request.user, "procurement:write").prefetch_related("receipts__lines")
        orders = rows.filter(pk__in=[draft.pk for draft in drafts]).order_by("pk")
        return self.present({"orders": orders}, status=201, serializer=PurchaseOrderDraftsSerializer)
