"""How shipments go over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from marketplace.core.http import fields
from purchases.orders.models import OrderLine, OrderPart
from purchases.shipments.models import Shipment, ShipmentEvent, ShipmentLine

MOST_LINES = 100
STEPS = [state for state in Shipment.State.choices if state[0] != Shipment.State.PACKED]
TRACKING = ("carrier", "tracking", "tracking_url")


class ShipmentLineSerializer(serializers.Serializer[ShipmentLine]):
    """Units of an order's line in the parcel."""

    line = fields.UUIDField(source="line_id")
    variant = fields.UUIDField(source="line.variant_id")
    sku = fields.CharField(source="line.sku")
    name = fields.CharField(source="line.name")
    quantity = fields.IntegerField()


class ShipmentStepSerializer(serializers.Serializer[ShipmentEvent]):
    """One step of the parcel's way."""

    state = fields.ChoiceField(source="to_state", choices=Shipment.State.choices)
    note = fields.CharField()
    at = fields.DateTimeField()


class ShipmentSerializer(serializers.Serializer[Shipment]):
    """A parcel, and its way so far."""

    id = fields.UUIDField()
    order = fields.UUIDField(source="part.order_id")
    order_number = fields.CharField(source="part.order.number")
    part = fields.UUIDField(source="part_id")
    store = fields.UUIDField(source="part.store_id")
    state = fields.ChoiceField(choices=Shipment.State.choices)
    carrier = fields.CharField()
    tracking = fields.CharField()
    tracking_url = fields.CharField(help_text=_("Empty where the carrier has no page."))
    shipping_address: Any = serializers.DictField(source="part.order.shipping_address", child=fields.CharField())
    lines = ShipmentLineSerializer(many=True)
    history = ShipmentStepSerializer(many=True)
    created_at = fields.DateTimeField()
    shipped_at = fields.DateTimeField(allow_null=True)
    delivered_at = fields.DateTimeField(allow_null=True)


class PackLineInput(serializers.Serializer[Any]):
    """So many units of a line."""

    line = fields.UUIDField()
    quantity = fields.IntegerField(min_value=1, max_value=1_000_000)


class PackInput(serializers.Serializer[Any]):
    """What goes into a parcel."""

    part = fields.UUIDField(help_text=_("One store's part of an order."))
    lines = serializers.ListField(
        child=PackLineInput(),
        required=False,
        min_length=1,
        max_length=MOST_LINES,
        help_text=_("Without it everything that is left of the part."),
    )
    note = fields.CharField(required=False, allow_blank=True, max_length=200, help_text=_("The customer reads it."))

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({line["line"] for line in lines}) != len(lines):
            raise serializers.ValidationError(_("Name each line once."), code="twice")
        return lines


class ShipmentChange(serializers.Serializer[Any]):
    """The parcel's next step, or another carrier or number; what is absent stays."""

    state = fields.ChoiceField(choices=STEPS, required=False)
    carrier = fields.CharField(required=False, allow_blank=True, max_length=80)
    tracking = fields.CharField(required=False, allow_blank=True, max_length=120)
    tracking_url = fields.URLField(required=False, allow_blank=True, max_length=500)
    note = fields.CharField(
        required=False, allow_blank=True, max_length=200, help_text=_("About the step; the customer reads it.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        state = attrs.get("state")
        said = [name for name in TRACKING if name in attrs]
        if state is None and not said:
            raise serializers.ValidationError({"state": [_("Say what changes.")]}, code="required")
        if state is None and "note" in attrs:
            raise serializers.ValidationError({"note": [_("A note belongs to a step.")]}, code="not_allowed")
        if said and state not in {None, Shipment.State.SHIPPED}:
            detail = _("Carrier and number are said before or when the parcel is sent.")
            raise serializers.ValidationError({name: [detail] for name in said}, code="not_allowed")
        return attrs


class LineToPackSerializer(serializers.Serializer[OrderLine]):
    """Units of a line that are in no parcel."""

    line = fields.UUIDField(source="pk")
    variant = fields.UUIDField(source="variant_id")
    sku = fields.CharField()
    name = fields.CharField()
    left = fields.IntegerField(help_text=_("How many are to be packed."))


class PartToPackSerializer(serializers.Serializer[OrderPart]):
    """One store's part of a paid order, with what is left of it to pack."""

    part = fields.UUIDField(source="pk")
    order = fields.UUIDField(source="order_id")
    order_number = fields.CharField(source="order.number")
    store = fields.UUIDField(source="store_id")
    shipping_name = fields.CharField(help_text=_("How the customer wants it sent."))
    shipping_address: Any = serializers.DictField(source="order.shipping_address", child=fields.CharField())
    placed_at = fields.DateTimeField(source="order.placed_at")
    lines = LineToPackSerializer(many=True)
