"""`procurement/purchase-orders/`."""

from typing import Any, cast
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from marketplace.core.http.etags import expected_version
from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.ids import uuid7
from stores.merchants.selectors import present_stores
from stores.procurement import selectors, services
from stores.procurement.documents import TYPES, document_of
from stores.procurement.models import PurchaseOrder

from .order_shapes import (
    RECEIPT_REQUEST,
    REQUEST,
    RESPONSE,
    GoodsReceiptRequestSerializer,
    PurchaseOrderCancelSerializer,
    PurchaseOrderChangeSerializer,
    PurchaseOrderDocumentSerializer,
    PurchaseOrderRequestSerializer,
    PurchaseOrderSerializer,
    lines_received,
    lines_wanted,
)

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag you read; 412 when it is stale."
)
LINE_REFUSALS = (
    "`cost_unknown`, `twice` (400, at `lines`), `supplier_out_of_scope`, `currency_mismatch`, `supplier_archived` (409)"
)
READS = frozenset({"list", "retrieve", "document"})


class OrderFilter(django_filters.FilterSet):
    """What the list of orders may be narrowed by."""

    supplier = django_filters.UUIDFilter("supplier_id")
    store = django_filters.UUIDFilter("store_id")
    state = django_filters.ChoiceFilter(choices=PurchaseOrder.State.choices)
    origin = django_filters.ChoiceFilter(choices=PurchaseOrder.Origin.choices)
    number = django_filters.CharFilter("number", "iexact", max_length=20, label=_("the whole number"))

    class Meta:
        model = PurchaseOrder
        fields: list[str] = []


@extend_schema(tags=["procurement"])
@extend_schema_view(
    list=extend_schema(
        summary="List purchase orders",
        description="Newest first, within your `procurement:read`: of your departments' suppliers, and to your stores.",
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(
        summary="Read a purchase order", description="Within your `procurement:read`.", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Draft a purchase order",
        description=f"Of a supplier within your `procurement:write` (elsewhere 404). Refusals: {LINE_REFUSALS}.",
        request=PurchaseOrderRequestSerializer,
        responses={201: PurchaseOrderSerializer},
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a draft",
        description=f"`lines` take the place of all lines. Refusals: `purchase_order_state`, {LINE_REFUSALS}, "
        "`stale` (412).",
        request=PurchaseOrderChangeSerializer,
        responses=PurchaseOrderSerializer,
        examples=[OpenApiExample("note", {"note": "Con factura"}, request_only=True), RESPONSE],
    ),
)
class PurchaseOrderViewSet(ViewSet):
    """draft, placed, received; or cancelled."""

    queryset = PurchaseOrder.objects.none()
    serializer_class = PurchaseOrderSerializer
    permission_classes = [HoldsKey]
    access_area = "procurement"
    lookup_value_converter = "uuid"
    filterset_class = OrderFilter
    uses_etags = True

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        readers: dict[str, type[BaseSerializer[Any]]] = {
            "create": PurchaseOrderRequestSerializer,
            "partial_update": PurchaseOrderChangeSerializer,
            "receive": GoodsReceiptRequestSerializer,
            "cancel": PurchaseOrderCancelSerializer,
        }
        return readers.get(self.action, PurchaseOrderSerializer)

    def get_queryset(self) -> QuerySet[PurchaseOrder]:
        verb = "read" if self.action in READS else "write"
        rows = selectors.orders_within(self.request.user, f"procurement:{verb}")
        return rows.prefetch_related("receipts__lines")

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(self._order(pk))

    def create(self, request: Request) -> Response:
        values = self.read(request)
        suppliers = selectors.suppliers_within(request.user, "procurement:write")
        supplier = get_object_or_404(suppliers, pk=values.pop("supplier"))
        store = get_object_or_404(present_stores(), pk=values.pop("store"))
        lines = lines_wanted(values) or []
        order = services.draft_order(supplier=supplier, store=store, lines=lines, **values, actor_id=request.user.pk)
        return self._shown(order.pk, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        order, values = self._order(pk), self.read(request, partial=True)
        lines = lines_wanted(values)
        services.change_draft(
            order_id=order.pk,
            expected_version=expected_version(request),
            changes=values,
            lines=lines,
            actor_id=request.user.pk,
        )
        return self._shown(pk)

    @extend_schema(
        summary="Place a draft",
        description="The supplier has it now; its lines do not change any more. "
        "Refusals: `purchase_order_state`, `purchase_order_empty`, `supplier_archived` (409), `stale` (412).",
        parameters=[IF_MATCH],
        request=None,
        responses=PurchaseOrderSerializer,
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def place(self, request: Request, pk: UUID) -> Response:
        """200."""
        services.place_order(
            order_id=self._order(pk).pk,
            expected_version=expected_version(request),
            at=timezone.now(),
            actor_id=request.user.pk,
        )
        return self._shown(pk)

    @extend_schema(
        summary="Receive goods of a placed order",
        description="Whole or in part: stock rises, the variants' cost follows the order's. When nothing is open the "
        "order is `received`, else it stays `placed`. More than ordered is refused beyond the supplier's tolerance. "
        "Refusals: `over_receipt` (every such line in `lines`), `purchase_order_state`, `stock_limit` (409), "
        "`stale` (412).",
        parameters=[IF_MATCH],
        request=GoodsReceiptRequestSerializer,
        responses=PurchaseOrderSerializer,
        examples=[RECEIPT_REQUEST, RESPONSE],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def receive(self, request: Request, pk: UUID) -> Response:
        """200."""
        order, values = self._order(pk), self.read(request)
        services.receive_goods(
            order_id=order.pk,
            lines=lines_received(values),
            idem_key=f"staff:{uuid7()}",
            expected_version=expected_version(request),
            delivery_note=values.get("delivery_note", ""),
            at=timezone.now(),
            actor_id=request.user.pk,
        )
        return self._shown(pk)

    @extend_schema(
        summary="Cancel a purchase order",
        description="A draft is dropped; of a placed one the rest is not awaited, what came in stays. "
        "Refusals: `purchase_order_state` (409), `stale` (412).",
        parameters=[IF_MATCH],
        request=PurchaseOrderCancelSerializer,
        responses=PurchaseOrderSerializer,
        examples=[OpenApiExample("reason", {"reason": "El proveedor ya no lo fabrica"}, request_only=True), RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """200."""
        order, values = self._order(pk), self.read(request)
        services.cancel_order(
            order_id=order.pk,
            expected_version=expected_version(request),
            at=timezone.now(),
            actor_id=request.user.pk,
            **values,
        )
        return self._shown(pk)

    @extend_schema(
        summary="The order as a file for the supplier",
        description="In the supplier's language. Cells of the workbook that a spreadsheet would run begin with an "
        "apostrophe. A draft says that it is one. `Accept` is not asked.",
        parameters=[PurchaseOrderDocumentSerializer],
        responses={(200, kind): OpenApiTypes.BINARY for kind in TYPES.values()},
    )
    @action(
        detail=True,
        methods=["get"],
        content_negotiation_class=FileNamedInTheAddress,
        filterset_class=None,
        pagination_class=None,
        uses_etags=False,
    )
    def document(self, request: Request, pk: UUID) -> HttpResponse:
        """200."""
        query = PurchaseOrderDocumentSerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        order = self._order(pk)
        made = document_of(order, cast(str, query.validated_data["as"]))
        headers = {
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "Content-Language": order.supplier.language,
        }
        return HttpResponse(made.content, content_type=made.content_type, headers=headers)

    def _order(self, pk: UUID) -> PurchaseOrder:
        return get_object_or_404(self.get_queryset(), pk=pk)

    def _shown(self, pk: UUID, *, status: int = 200) -> Response:
        """As it is now."""
        return self.present(self._order(pk), status=status, serializer=PurchaseOrderSerializer)
