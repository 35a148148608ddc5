"""`orders/`: a customer's history."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.fields import CharField, ChoiceField, DateTimeField, IntegerField, MoneyField, UUIDField
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import Money

from .models import Order, OrderLine
from .selectors import order_of, orders_of
from .states import FULFILMENT_STATES, PAYMENT_STATES, fulfilment_state, payment_state


class BenefitSerializer(serializers.Serializer[dict[str, Any]]):
    """A promotion that applied: which rule, which version of it, what it saved."""

    rule = CharField()
    kind = CharField()
    version = IntegerField()
    amount = MoneyField()


class OrderLineSerializer(serializers.Serializer[OrderLine]):
    """A line as it was sold."""

    variant = UUIDField(source="variant_id")
    sku = CharField()
    name = CharField()
    quantity = IntegerField()
    unit_price = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField()
    applied_benefits = serializers.SerializerMethodField()

    @extend_schema_field(MoneyField)
    def get_unit_price(self, line: OrderLine) -> Any:
        return self._money(line, line.unit_price_minor)

    @extend_schema_field(MoneyField)
    def get_total(self, line: OrderLine) -> Any:
        return self._money(line, line.total_minor)

    @extend_schema_field(BenefitSerializer(many=True))
    def get_applied_benefits(self, line: OrderLine) -> list[Any]:
        return present_benefits(line.applied_benefits, line.order.currency)

    def _money(self, line: OrderLine, minor: int) -> Any:
        return MoneyField().to_representation(Money(minor, line.order.currency))


def present_benefits(benefits: list[dict[str, Any]], currency: str) -> list[Any]:
    """Stored benefits with their amounts as money."""
    return [
        {
            "rule": benefit["rule"],
            "kind": benefit["kind"],
            "version": benefit["version"],
            "amount": MoneyField().to_representation(Money(benefit["amount_minor"], currency)),
        }
        for benefit in benefits
    ]


class OrderStepSerializer(serializers.Serializer[Any]):
    """One step of the order's history."""

    state = CharField(source="to_state")
    at = DateTimeField()


class OrderSummarySerializer(serializers.Serializer[Order]):
    """What a completion answers with."""

    id = UUIDField()
    number = CharField()
    state = ChoiceField(choices=Order.State.choices)
    total = MoneyField()


class OrderSerializer(OrderSummarySerializer):
    """An order, whole."""

    payment_state = serializers.SerializerMethodField()
    fulfilment_state = serializers.SerializerMethodField()
    lines = OrderLineSerializer(many=True)
    applied_benefits = serializers.SerializerMethodField()
    history = OrderStepSerializer(many=True)
    created_at = DateTimeField(source="placed_at")

    @extend_schema_field(ChoiceField(choices=PAYMENT_STATES))
    def get_payment_state(self, order: Order) -> str:
        return payment_state(order.state)

    @extend_schema_field(ChoiceField(choices=FULFILMENT_STATES))
    def get_fulfilment_state(self, order: Order) -> str:
        return fulfilment_state(order.state)

    @extend_schema_field(BenefitSerializer(many=True))
    def get_applied_benefits(self, order: Order) -> list[Any]:
        return [
            benefit for line in order.lines.all() for benefit in present_benefits(line.applied_benefits, order.currency)
        ]


@extend_schema(tags=["orders"])
class OrderViewSet(ViewSet):
    """The signed-in customer's orders, newest first."""

    permission_classes = [SignedIn]
    serializer_class = OrderSerializer
    queryset = Order.objects.none()
    cursor_field = "-placed_at"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Order]:
        return orders_of(cast(UUID, self.request.user.pk))

    @extend_schema(summary="My orders", description="Newest first, each with its lines and history.")
    def list(self, request: Request) -> Response:
        return self.present_page(self.get_queryset())

    @extend_schema(summary="One of my orders", description="404 for an order of somebody else.")
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(order_of(cast(UUID, request.user.pk), pk))
