"""How orders go over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from marketplace.core.http.fields import money_json
from marketplace.core.money import Money
from purchases.orders.models import Order, OrderLine, OrderPart, OrderReturn, ReturnLine
from purchases.orders.states import FULFILMENT_STATES, PAYMENT_STATES, fulfilment_state, payment_state

MOST_LINES = 100
REASON_LENGTH = 500


class BenefitSerializer(serializers.Serializer[dict[str, Any]]):
    """A promotion that applied: which rule, which version of it, what it saved."""

    rule = fields.CharField()
    kind = fields.CharField()
    version = fields.IntegerField()
    name = fields.CharField()
    amount = fields.MoneyField()


class RejectedSerializer(serializers.Serializer[dict[str, Any]]):
    """A promotion that did not apply, and why."""

    rule = fields.CharField()
    kind = fields.CharField()
    version = fields.IntegerField()
    name = fields.CharField()
    code = fields.CharField(help_text=_("Why; stable."))
    params: Any = serializers.DictField(child=fields.CharField())
    # Orders of before lines were named have none.
    lines: Any = serializers.ListField(
        child=fields.IntegerField(min_value=0),
        default=list,
        help_text=_("To which of `lines` it did not apply, counted from 0; empty: to none of them."),
    )


class OrderLineSerializer(serializers.Serializer[OrderLine]):
    """A line as it was sold."""

    id = fields.UUIDField()
    variant = fields.UUIDField(source="variant_id")
    sku = fields.CharField()
    name = fields.CharField()
    quantity = fields.IntegerField()
    list_price = serializers.SerializerMethodField(help_text=_("Of a unit, without promotions."))
    unit_price = serializers.SerializerMethodField(help_text=_("Of a unit, rounded; the total is what counts."))
    total = serializers.SerializerMethodField()
    applied_benefits = serializers.SerializerMethodField()
    returned_quantity = fields.IntegerField(help_text=_("Units that came back, or will never be sent."))
    called_off_quantity = fields.IntegerField(help_text=_("Of those, units that will never be sent."))
    refunded = serializers.SerializerMethodField()

    @extend_schema_field(fields.MoneyField)
    def get_list_price(self, line: OrderLine) -> Any:
        return money_json(Money(line.list_price_minor, line.order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_unit_price(self, line: OrderLine) -> Any:
        return money_json(Money(line.unit_price_minor, line.order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_total(self, line: OrderLine) -> Any:
        return money_json(Money(line.total_minor, line.order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_refunded(self, line: OrderLine) -> Any:
        return money_json(Money(line.refunded_minor, line.order.currency))

    @extend_schema_field(BenefitSerializer(many=True))
    def get_applied_benefits(self, line: OrderLine) -> list[Any]:
        return present_benefits(line.applied_benefits, line.order.currency)


def present_benefits(benefits: list[dict[str, Any]], currency: str) -> list[Any]:
    """Stored benefits with their amounts as money."""
    return [
        {
            "rule": benefit["rule"],
            "kind": benefit["kind"],
            "version": benefit["version"],
            "name": benefit.get("name", ""),
            "amount": money_json(Money(benefit["amount_minor"], currency)),
        }
        for benefit in benefits
    ]


class OrderPartSerializer(serializers.Serializer[OrderPart]):
    """One store's share."""

    id = fields.UUIDField()
    store = fields.UUIDField(source="store_id")
    shipping = serializers.SerializerMethodField()
    shipping_name = fields.CharField()
    shipping_refunded = serializers.SerializerMethodField(
        help_text=_("What of the shipping went back because nothing of the part is sent.")
    )
    total = serializers.SerializerMethodField(help_text=_("Its lines and its shipping."))
    shipped_at = fields.DateTimeField(
        allow_null=True, help_text=_("Since when something of it is on its way; see `shipments/?order=`.")
    )
    delivered_at = fields.DateTimeField(allow_null=True, help_text=_("When the last of it arrived."))

    @extend_schema_field(fields.MoneyField)
    def get_shipping(self, part: OrderPart) -> Any:
        return money_json(Money(part.shipping_minor, part.order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_shipping_refunded(self, part: OrderPart) -> Any:
        return money_json(Money(part.shipping_refunded_minor, part.order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_total(self, part: OrderPart) -> Any:
        return money_json(Money(part.total_minor, part.order.currency))


class OrderStepSerializer(serializers.Serializer[Any]):
    """One step of the order's history."""

    state = fields.CharField(source="to_state")
    at = fields.DateTimeField()


class OrderSummarySerializer(serializers.Serializer[Order]):
    """What a completion answers with."""

    id = fields.UUIDField()
    number = fields.CharField()
    state = fields.ChoiceField(choices=Order.State.choices)
    total = fields.MoneyField()


class OrderSerializer(OrderSummarySerializer):
    """An order, whole."""

    payment_state = serializers.SerializerMethodField()
    fulfilment_state = serializers.SerializerMethodField()
    lines = OrderLineSerializer(many=True)
    parts = OrderPartSerializer(many=True)
    list_total = serializers.SerializerMethodField(help_text=_("Goods without promotions."))
    discount = serializers.SerializerMethodField(help_text=_("What promotions took off the goods."))
    shipping_total = serializers.SerializerMethodField()
    applied_benefits = serializers.SerializerMethodField(
        help_text=_("Of the lines, and after them of the order; the order's are in the lines' shares.")
    )
    rejected_promotions = RejectedSerializer(
        many=True, help_text=_("Each promotion once with each of its reasons, and the lines that it is about.")
    )
    shipping_address: Any = serializers.DictField(
        child=fields.CharField(), help_text=_("As it was when the order was placed.")
    )
    expires_at = fields.DateTimeField(allow_null=True, help_text=_("Until when an unpaid order waits."))
    history = OrderStepSerializer(many=True)
    created_at = fields.DateTimeField(source="placed_at")

    @extend_schema_field(fields.ChoiceField(choices=PAYMENT_STATES))
    def get_payment_state(self, order: Order) -> str:
        return payment_state(order.state)

    @extend_schema_field(fields.ChoiceField(choices=FULFILMENT_STATES))
    def get_fulfilment_state(self, order: Order) -> str:
        return fulfilment_state(order.state)

    @extend_schema_field(fields.MoneyField)
    def get_list_total(self, order: Order) -> Any:
        return money_json(Money(order.list_total_minor, order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_discount(self, order: Order) -> Any:
        return money_json(Money(order.discount_minor, order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_shipping_total(self, order: Order) -> Any:
        return money_json(Money(order.shipping_minor, order.currency))

    @extend_schema_field(BenefitSerializer(many=True))
    def get_applied_benefits(self, order: Order) -> list[Any]:
        own = {benefit["rule"] for benefit in order.applied_benefits}
        of_lines = [each for line in order.lines.all() for each in line.applied_benefits if each["rule"] not in own]
        return present_benefits([*of_lines, *order.applied_benefits], order.currency)


class CancelInput(serializers.Serializer[Any]):
    """Why, if the customer likes to say."""

    reason = fields.CharField(required=False, allow_blank=True, max_length=200)


class ReturnLineInput(serializers.Serializer[Any]):
    """So many units of a line of the order."""

    line = fields.UUIDField()
    quantity = fields.IntegerField(min_value=1, max_value=1_000_000)


class ReturnInput(serializers.Serializer[Any]):
    """What comes back, and why."""

    lines = serializers.ListField(child=ReturnLineInput(), min_length=1, max_length=MOST_LINES)
    reason = fields.CharField(max_length=REASON_LENGTH)

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({line["line"] for line in lines}) != len(lines):
            raise serializers.ValidationError(_("Name each line once."), code="twice")
        return lines


class ReturnLineSerializer(serializers.Serializer[ReturnLine]):
    """Units of a line on their way back."""

    line = fields.UUIDField(source="line_id")
    quantity = fields.IntegerField()
    fate = fields.ChoiceField(choices=[*ReturnLine.Fate.choices, ("", "")], help_text=_("Empty until it is received."))


class ReturnSerializer(serializers.Serializer[OrderReturn]):
    """A return, and where it stands."""

    id = fields.UUIDField()
    order = fields.UUIDField(source="order_id")
    state = fields.ChoiceField(choices=OrderReturn.State.choices)
    reason = fields.CharField()
    answer = fields.CharField(help_text=_("What the shop says about it."))
    refund = fields.MoneyField()
    lines = ReturnLineSerializer(many=True)
    created_at = fields.DateTimeField()
    received_at = fields.DateTimeField(allow_null=True)
