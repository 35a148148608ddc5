"""HTTP of stock and its movements."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.http.fields import BooleanField, CharField, ChoiceField, IntegerField, ModelSerializer, UUIDField
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.ids import uuid7
from stores.catalog.selectors import variant_card
from stores.contracts import StockLine

from . import selectors, services
from .models import StockItem, StockMovement

TAGS = ["inventory"]
MAX_QUANTITY = 1_000_000

ITEM_EXAMPLE = OpenApiExample(
    "stock item",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "sku": "TAL-27-AZ",
        "product_name": "Plato de talavera 27 cm",
        "on_hand": 12,
        "allocated": 2,
        "available": 10,
        "reorder_point": 4,
        "reorder_qty": 20,
    },
    response_only=True,
)
MOVEMENT_REQUEST = OpenApiExample(
    "goods came in",
    {
        "variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "kind": "receive",
        "quantity": 12,
    },
    request_only=True,
)
MOVEMENT_RESPONSE = OpenApiExample(
    "movement",
    {
        "id": "42",
        "variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "kind": "receive",
        "quantity": 12,
        "from_allocated": 0,
        "on_hand_after": 12,
        "allocated_after": 0,
        "cause": "staff",
        "reason": "",
        "created_at": "2026-01-31T10:00:00Z",
    },
    response_only=True,
)


class StockItemSerializer(ModelSerializer):
    """Counters to read, the reorder rule to set."""

    sku = CharField(source="variant.sku", read_only=True)
    product_name = CharField(source="variant.product.name", read_only=True)
    available = IntegerField(read_only=True)
    reorder_point = IntegerField(min_value=0, max_value=MAX_QUANTITY, required=False)
    reorder_qty = IntegerField(min_value=0, max_value=MAX_QUANTITY, required=False)

    class Meta:
        model = StockItem
        fields = [
            "id",
            "variant",
            "store",
            "sku",
            "product_name",
            "on_hand",
            "allocated",
            "available",
            "reorder_point",
            "reorder_qty",
        ]
        read_only_fields = ["variant", "store", "on_hand", "allocated"]
        validators: list[object] = []


class MovementRequestSerializer(serializers.Serializer[StockMovement]):
    """A movement entered by hand."""

    variant = UUIDField()
    store = UUIDField()
    kind = ChoiceField(choices=StockMovement.Kind.choices)
    quantity = IntegerField(
        min_value=-MAX_QUANTITY, max_value=MAX_QUANTITY, help_text=_("More than zero; signed for `adjust`.")
    )
    reason = CharField(required=False, allow_blank=True, max_length=200, help_text=_("Required for `adjust`."))
    was_reserved = BooleanField(required=False, help_text=_("For `sale`: staff had set the goods aside before."))


class MovementSerializer(ModelSerializer):
    """A movement as it is written down, with the counters after it."""

    id = serializers.SerializerMethodField()
    variant = UUIDField(source="stock_item.variant_id", read_only=True)
    store = UUIDField(source="stock_item.store_id", read_only=True)

    class Meta:
        model = StockMovement
        fields = [
            "id",
            "variant",
            "store",
            "kind",
            "quantity",
            "from_allocated",
            "on_hand_after",
            "allocated_after",
            "cause",
            "reason",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.STR)
    def get_id(self, movement: StockMovement) -> str:
        return str(movement.pk)


class StockFilter(django_filters.FilterSet):
    """What the list of stock may be narrowed by."""

    variant = django_filters.UUIDFilter("variant_id")
    product = django_filters.UUIDFilter("variant__product_id")
    store = django_filters.UUIDFilter("store_id")
    low = django_filters.ChoiceFilter(
        choices=[("true", "true")], method="only_low", label=_("`true`: no more than the reorder point is available")
    )

    class Meta:
        model = StockItem
        fields: list[str] = []

    def only_low(self, rows: QuerySet[StockItem], name: str, value: str) -> QuerySet[StockItem]:
        return selectors.low_stock(rows)


class MovementFilter(django_filters.FilterSet):
    """What the list of movements may be narrowed by."""

    variant = django_filters.UUIDFilter("stock_item__variant_id")
    store = django_filters.UUIDFilter("stock_item__store_id")
    kind = django_filters.ChoiceFilter(choices=StockMovement.Kind.choices)

    class Meta:
        model = StockMovement
        fields: list[str] = []


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(
        summary="List stock", description="Within your `inventory:read`, newest first.", examples=[ITEM_EXAMPLE]
    ),
    retrieve=extend_schema(
        summary="Read a stock item", description="Within your `inventory:read`.", examples=[ITEM_EXAMPLE]
    ),
    partial_update=extend_schema(
        summary="Set when and how much to reorder",
        description="Within your `inventory:write`. Counters change by movements only.",
        examples=[OpenApiExample("rule", {"reorder_point": 4, "reorder_qty": 20}, request_only=True), ITEM_EXAMPLE],
    ),
)
class StockViewSet(ViewSet):
    """`inventory/stock/`."""

    queryset = StockItem.objects.none()
    serializer_class = StockItemSerializer
    permission_classes = [HoldsKey]
    access_area = "inventory"
    lookup_value_converter = "uuid"
    filterset_class = StockFilter

    def get_queryset(self) -> QuerySet[StockItem]:
        verb = "write" if self.action == "partial_update" else "read"
        return selectors.stock_within(self.request.user, f"inventory:{verb}")

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def partial_update(self, request: Request, pk: UUID) -> Response:
        item = get_object_or_404(self.get_queryset(), pk=pk)
        changes = self.read(request, partial=True, instance=item)
        return self.present(services.set_reorder_rule(item=item, changes=changes, actor_id=request.user.pk))


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(
        summary="List stock movements",
        description="Within your `inventory:read`, newest first. Movements are never changed.",
        examples=[MOVEMENT_RESPONSE],
    ),
    retrieve=extend_schema(
        summary="Read a stock movement", description="Within your `inventory:read`.", examples=[MOVEMENT_RESPONSE]
    ),
    create=extend_schema(
        summary="Enter a stock movement",
        description="Within your `inventory:write` (elsewhere 404). `receive` adds; `adjust` corrects by a signed "
        "quantity and needs a reason; `reserve` sets aside; `release`, and `sale` with `was_reserved`, take what "
        "staff set aside (promotions and orders keep theirs); `sale` otherwise takes what is available. "
        "Refusals: `insufficient_stock`, `stock_limit` (409).",
        request=MovementRequestSerializer,
        responses={201: MovementSerializer},
        examples=[MOVEMENT_REQUEST, MOVEMENT_RESPONSE],
    ),
)
class MovementViewSet(ViewSet):
    """`inventory/movements/`."""

    queryset = StockMovement.objects.none()
    serializer_class = MovementSerializer
    permission_classes = [HoldsKey]
    access_area = "inventory"
    lookup_value_converter = "int"
    filterset_class = MovementFilter

    def get_serializer_class(self) -> type[serializers.BaseSerializer[StockMovement]]:
        return MovementRequestSerializer if self.action == "create" else MovementSerializer

    def get_queryset(self) -> QuerySet[StockMovement]:
        return selectors.movements_within(self.request.user, "inventory:read")

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    @idempotent
    def create(self, request: Request) -> Response:
        values = self.read(request)
        variant_id, store_id = values.pop("variant"), values.pop("store")
        card = variant_card(variant_id)
        where = access.reach(request.user, "inventory:write")
        if card.store_id != store_id or not where.covers(department_id=card.department_id, store_id=store_id):
            raise NotFoundError
        movement = services.record_staff_movement(
            line=StockLine(variant_id, store_id, values.pop("quantity")),
            **values,
            idem_key=f"staff:{uuid7()}",
            actor_id=request.user.pk,
        )
        return self.present(movement, status=201, serializer=MovementSerializer)
