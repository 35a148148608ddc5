"""`orders/{order_id}/call-off/`: what a store will never send, for its people and people of the house."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.fields import money_json
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import Money
from purchases.orders.models import CallOff, CallOffLine, Order, ReturnLine
from purchases.shipments.api.permissions import SendsOrders
from purchases.shipments.errors import PartNotFoundError
from purchases.shipments.selectors import sent_parts

from .services import call_off_part

MOST_LINES = 100
REASON_LENGTH = 200
PART = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b1"
LINE = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2"
EXAMPLES = [
    OpenApiExample(
        "All that is left of the part",
        value={"part": PART, "fate": "restock", "reason": "Our shop closes for good."},
        request_only=True,
    ),
    OpenApiExample(
        "One unit that is not there",
        value={
            "part": PART,
            "lines": [{"line": LINE, "quantity": 1}],
            "fate": "write_off",
            "reason": "It broke on the shelf.",
        },
        request_only=True,
    ),
    OpenApiExample(
        "It was called off",
        value={
            "id": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b3",
            "order": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b0",
            "order_state": "delivered",
            "part": PART,
            "store": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b4",
            "reason": "It broke on the shelf.",
            "fate": "write_off",
            "lines": [{"line": LINE, "quantity": 1, "refund": {"amount": "349.00", "currency": "MXN"}}],
            "shipping": {"amount": "0.00", "currency": "MXN"},
            "refund": {"amount": "349.00", "currency": "MXN"},
            "called_off_at": "2026-03-02T18:20:00Z",
        },
        response_only=True,
    ),
]


class CallOffLineInput(serializers.Serializer[Any]):
    """So many units of a line."""

    line = fields.UUIDField()
    quantity = fields.IntegerField(min_value=1, max_value=1_000_000)


class CallOffInput(serializers.Serializer[Any]):
    """What will not be sent, and why."""

    part = fields.UUIDField(help_text=_("One store's part of the order."))
    lines = serializers.ListField(
        child=CallOffLineInput(),
        required=False,
        min_length=1,
        max_length=MOST_LINES,
        help_text=_("Without it everything of the part that is in no parcel."),
    )
    fate = fields.ChoiceField(choices=ReturnLine.Fate.choices, help_text=_("What becomes of the goods."))
    reason = fields.CharField(max_length=REASON_LENGTH, help_text=_("The customer reads it."))

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({line["line"] for line in lines}) != len(lines):
            raise serializers.ValidationError(_("Name each line once."), code="twice")
        return lines


class CallOffLineSerializer(serializers.Serializer[CallOffLine]):
    """Units of a line, and what goes back for them."""

    line = fields.UUIDField(source="line_id")
    quantity = fields.IntegerField()
    refund = serializers.SerializerMethodField()

    @extend_schema_field(fields.MoneyField)
    def get_refund(self, row: CallOffLine) -> Any:
        return money_json(Money(row.refund_minor, row.call_off.part.order.currency))


class CallOffSerializer(serializers.Serializer[CallOff]):
    """What was called off, and what goes back for it."""

    id = fields.UUIDField()
    order = fields.UUIDField(source="part.order_id")
    order_state = fields.ChoiceField(source="part.order.state", choices=Order.State.choices)
    part = fields.UUIDField(source="part_id")
    store = fields.UUIDField(source="part.store_id")
    reason = fields.CharField()
    fate = fields.ChoiceField(choices=ReturnLine.Fate.choices)
    lines = CallOffLineSerializer(many=True)
    shipping = serializers.SerializerMethodField(help_text=_("What goes back of the part's sending."))
    refund = serializers.SerializerMethodField(help_text=_("All that goes back, sending included."))
    called_off_at = fields.DateTimeField()

    @extend_schema_field(fields.MoneyField)
    def get_shipping(self, called_off: CallOff) -> Any:
        return money_json(Money(called_off.shipping_minor, called_off.part.order.currency))

    @extend_schema_field(fields.MoneyField)
    def get_refund(self, called_off: CallOff) -> Any:
        return money_json(Money(called_off.refund_minor, called_off.part.order.currency))


@extend_schema(tags=["orders"])
class CallOffViewSet(ViewSet):
    """Of one order."""

    permission_classes = [SendsOrders]
    serializer_class = CallOffSerializer
    queryset = CallOff.objects.none()

    @extend_schema(
        summary="Call off what is not sent",
        description="Units of one store's part of a paid order that are in no parcel and never will be, for the "
        "store's people and for people of the house. The customer gets back each unit's share of what its line cost, "
        "and the part's sending when nothing of the part is sent. The order goes on with its other units; when none is "
        "left it is cancelled. Refusals: 404 `order_part_not_found`; 409 `nothing_to_call_off`, `too_many_called_off`, "
        "`call_off_refused` (not paid, or over).",
        request=CallOffInput,
        responses={201: CallOffSerializer},
        examples=EXAMPLES,
    )
    @idempotent
    def create(self, request: Request, order_id: UUID) -> Response:
        values = self.read(request, serializer=CallOffInput)
        if not sent_parts(request.user).filter(pk=values["part"], order=order_id).exists():
            raise PartNotFoundError
        lines = values.get("lines")
        called_off = call_off_part(
            part_id=values["part"],
            quantities=None if lines is None else {line["line"]: line["quantity"] for line in lines},
            fate=values["fate"],
            reason=values["reason"],
            actor_id=request.user.pk,
            at=timezone.now(),
        )
        shown = CallOff.objects.select_related("part__order").prefetch_related("lines__call_off__part__order")
        return self.present(shown.get(pk=called_off.pk), status=201)


call_off = CallOffViewSet.as_view({"post": "create"})
