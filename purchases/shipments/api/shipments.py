"""`shipments/`: where a customer's parcels are, and how stores send them."""

from typing import Any, Final
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.viewsets import ViewSet
from purchases.shipments import services
from purchases.shipments.errors import PartNotFoundError
from purchases.shipments.models import Shipment
from purchases.shipments.selectors import (
    parts_to_pack,
    sent_parts,
    sent_shipments,
    shown_shipments,
    visible_shipments,
)

from .permissions import SendsOrders
from .serializers import PackInput, PartToPackSerializer, ShipmentChange, ShipmentSerializer

STEPS: Final[dict[str, Any]] = {
    Shipment.State.SHIPPED: services.ship_shipment,
    Shipment.State.DELIVERED: services.deliver_shipment,
    Shipment.State.LOST: services.lose_shipment,
    Shipment.State.CANCELLED: services.unpack_shipment,
}
PART = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b1"
LINE = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2"
PACK_EXAMPLES = [
    OpenApiExample("Two of three", value={"part": PART, "lines": [{"line": LINE, "quantity": 2}]}, request_only=True),
    OpenApiExample("All that is left", value={"part": PART}, request_only=True),
]
CHANGE_EXAMPLES = [
    OpenApiExample(
        "On its way",
        value={
            "state": "shipped",
            "carrier": "Estafeta",
            "tracking": "8055241528464720115088",
            "tracking_url": "https://www.estafeta.com/rastrear-envio",
        },
        request_only=True,
    ),
    OpenApiExample("It arrived", value={"state": "delivered"}, request_only=True),
    OpenApiExample("The number was wrong", value={"tracking": "8055241528464720115089"}, request_only=True),
]


class ShipmentFilter(django_filters.FilterSet):
    """What the list may be narrowed by."""

    order = django_filters.UUIDFilter("part__order_id")
    store = django_filters.UUIDFilter("part__store_id")

    class Meta:
        model = Shipment
        fields = ["state"]


@extend_schema(tags=["shipments"])
@extend_schema_view(
    list=extend_schema(
        summary="Shipments",
        description="Those of one's own orders, and those of the stores one sends for; newest first. Narrow them by "
        "`order`, `state`, `store`.",
    ),
    retrieve=extend_schema(summary="A shipment", description="With its lines and its way so far."),
)
class ShipmentViewSet(ViewSet):
    """Parcels of orders."""

    permission_classes = [SendsOrders]
    serializer_class = ShipmentSerializer
    queryset = Shipment.objects.none()
    filterset_class = ShipmentFilter
    cursor_field = "-pk"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Shipment]:
        if self.action in {"list", "retrieve"}:
            return visible_shipments(self.request.user)
        return sent_shipments(self.request.user)

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(
        summary="Pack a shipment",
        description="Units of one store's part of a paid order, for the store's people and for people of the house. "
        "An order of which nothing is left to pack is packed. Units in place of lost ones are taken from the shelf. "
        "Refusals: 404 `order_part_not_found`; 409 `too_many_packed`, `nothing_to_pack`, `order_transition_refused` "
        "(not paid, or over), `insufficient_stock`.",
        request=PackInput,
        responses={201: ShipmentSerializer},
        examples=PACK_EXAMPLES,
    )
    @idempotent
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=PackInput)
        if not sent_parts(request.user).filter(pk=values["part"]).exists():
            raise PartNotFoundError
        lines = values.get("lines")
        packed = services.pack_part(
            part_id=values["part"],
            quantities=None if lines is None else {line["line"]: line["quantity"] for line in lines},
            note=values.get("note", ""),
            actor_id=request.user.pk,
            at=timezone.now(),
        )
        return self.present(shown_shipments().get(pk=packed.pk), status=201)

    @extend_schema(
        summary="Move a shipment along",
        description="`shipped` (with carrier and number, if there are any), `delivered`, `lost` (its units are to be "
        "packed again) or, while it is packed, `cancelled` (taken apart). Without `state` another carrier, number or "
        "tracking page. The order follows its shipments; with the last one of a store its money is shared out. "
        "Refusals: 409 `shipment_state`, `shipment_is_over`, `order_transition_refused`, `order_not_paid`.",
        request=ShipmentChange,
        examples=CHANGE_EXAMPLES,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        get_object_or_404(self.get_queryset(), pk=pk)
        values = self.read(request, serializer=ShipmentChange)
        state = values.pop("state", None)
        if state is None:
            services.set_tracking(shipment_id=pk, changes=values, actor_id=request.user.pk)
        else:
            STEPS[state](shipment_id=pk, actor_id=request.user.pk, at=timezone.now(), **values)
        return self.present(shown_shipments().get(pk=pk))

    @extend_schema(
        summary="What is to be packed",
        description="Parts of paid orders with what is left of them, oldest first: of the stores one sends for.",
        responses={200: PartToPackSerializer(many=True)},
        filters=False,
    )
    @action(detail=False, methods=["get"], url_path="to-pack", cursor_field="pk", filter_backends=[])
    def to_pack(self, request: Request) -> Response:
        return self.present_page(parts_to_pack(request.user), serializer=PartToPackSerializer)
