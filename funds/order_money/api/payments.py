"""`payments/`: one's own payments of orders."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from funds.order_money import examples
from funds.order_money.models import OrderPayment
from funds.order_money.selectors import payment_of, payments_of
from funds.order_money.serializers import OrderPaymentSerializer
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet

TAGS = ["payments"]
ID = OpenApiParameter("id", UUID, OpenApiParameter.PATH, description="Id of the payment.")


class PaymentFilters(filters.FilterSet):
    """Of payments."""

    order = filters.UUIDFilter(field_name="order_id")
    state = filters.ChoiceFilter(choices=OrderPayment.State.choices, method="by_state")

    class Meta:
        model = OrderPayment
        fields: ClassVar[list[str]] = []

    def by_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        """As shown: a lapsed payment counts as expired."""
        if value == OrderPayment.State.AWAITING:
            return rows.filter(state=value, is_lapsed=False)
        if value == OrderPayment.State.EXPIRED:
            return rows.filter(state=value) | rows.filter(is_lapsed=True)
        return rows.filter(state=value)


class PaymentsViewSet(ViewSet):
    """To look at; paying is a matter of the order."""

    is_private = True
    queryset = OrderPayment.objects.none()
    permission_classes = [SignedIn]
    serializer_class = OrderPaymentSerializer
    filterset_class = PaymentFilters
    lookup_value_converter = "uuid"

    @property
    def customer_id(self) -> UUID:
        """The caller."""
        return cast(UUID, self.request.user.pk)

    @extend_schema(
        summary="My payments of orders",
        description="Newest first. A payment whose time has passed shows as expired; what came in is in the wallet. "
        "Orders bought in one step, such as flash promotions, are paid without one.",
        tags=TAGS,
        examples=[examples.PAYMENT],
    )
    def list(self, request: Request) -> Response:
        """GET payments/"""
        return self.present_page(self.filter_queryset(payments_of(self.customer_id)))

    @extend_schema(
        summary="One payment",
        description="Where it stands, and where the provider's part is paid.",
        tags=TAGS,
        parameters=[ID],
        examples=[examples.PAYMENT],
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """GET payments/{id}/"""
        return self.present(payment_of(self.customer_id, pk))
