"""`orders/`: a customer's history, and what a customer may still do about an order."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import SignedIn, VerifiedCustomer
from marketplace.core.http.viewsets import ViewSet
from purchases.orders import services
from purchases.orders.models import Order
from purchases.orders.selectors import order_of, orders_of, returns_of

from .serializers import CancelInput, OrderSerializer, ReturnInput, ReturnSerializer

RETURN_EXAMPLE = OpenApiExample(
    "Two of three",
    value={"lines": [{"line": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2", "quantity": 2}], "reason": "Too small."},
    request_only=True,
)


@extend_schema(tags=["orders"])
class OrderViewSet(ViewSet):
    """The signed-in customer's orders, newest first."""

    is_private = True
    permission_classes = [SignedIn]
    serializer_class = OrderSerializer
    queryset = Order.objects.none()
    cursor_field = "-placed_at"
    lookup_value_converter = "uuid"

    @property
    def customer_id(self) -> UUID:
        """The caller."""
        return cast(UUID, self.request.user.pk)

    def get_queryset(self) -> QuerySet[Order]:
        return orders_of(self.customer_id)

    @extend_schema(summary="My orders", description="Newest first, each with its lines and history.")
    def list(self, request: Request) -> Response:
        return self.present_page(self.get_queryset())

    @extend_schema(summary="One of my orders", description="404 for an order of somebody else.")
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(order_of(self.customer_id, pk))

    @extend_schema(
        summary="Call an order off",
        description="Until it is packed. What was paid goes back where it came from: through the provider what came "
        "through it, the rest into the wallet. 409 `order_not_cancellable` when it is too late, "
        "`order_sent_in_part` when some of it is on its way; calling off twice answers with the same order.",
        request=CancelInput,
        responses={200: OrderSerializer},
        examples=[OpenApiExample("Changed my mind", value={"reason": "Ordered twice."}, request_only=True)],
    )
    @action(detail=True, methods=["post"], permission_classes=[VerifiedCustomer])
    @idempotent
    def cancel(self, request: Request, pk: UUID) -> Response:
        reason = self.read(request, serializer=CancelInput).get("reason", "")
        services.cancel_order(
            order_id=pk, customer_id=self.customer_id, actor_id=self.customer_id, at=timezone.now(), reason=reason
        )
        return self.present(order_of(self.customer_id, pk))

    @extend_schema(
        summary="Returns of an order",
        description="What the customer has asked to give back, newest first.",
        responses={200: ReturnSerializer(many=True)},
    )
    @action(detail=True, methods=["get"], url_path="returns", pagination_class=None, filter_backends=[])
    def returns(self, request: Request, pk: UUID) -> Response:
        rows = returns_of(order_of(self.customer_id, pk))
        shown: BaseSerializer[Any] = ReturnSerializer(rows, many=True)  # type: ignore[arg-type]
        return Response(shown.data)

    @extend_schema(
        summary="Ask to give goods back",
        description="Of a delivered order, within the shop's time for returns. Staff approve it; the money goes back "
        "when the goods are here: each unit its share of what the line cost, what sending cost stays. 409 "
        "`order_not_returnable`, 409 `too_many_returned`.",
        request=ReturnInput,
        responses={201: ReturnSerializer},
        examples=[RETURN_EXAMPLE],
    )
    @returns.mapping.post
    @idempotent
    def request_return(self, request: Request, pk: UUID) -> Response:
        values = self.read(request, serializer=ReturnInput)
        returned = services.request_return(
            order_id=pk,
            customer_id=self.customer_id,
            quantities={line["line"]: line["quantity"] for line in values["lines"]},
            reason=values["reason"],
            within=timedelta(days=settings.RETURN_DAYS),
            at=timezone.now(),
        )
        return self.present(returned, status=201, serializer=ReturnSerializer)
