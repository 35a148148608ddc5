"""Purchase orders as JSON: what is read, what is answered."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from marketplace.core.http.fields import (
    CharField,
    ChoiceField,
    DateField,
    IntegerField,
    ModelSerializer,
    MoneyField,
    UUIDField,
)
from stores.procurement.documents import TYPES
from stores.procurement.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from stores.procurement.services.orders import MAX_LINES, MAX_QUANTITY, LineWanted
from stores.procurement.services.receipts import LineReceived

_ORDER = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e"
_LINE = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d61"
_VARIANT = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f"
_STORE = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60"
_SUPPLIER = "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d62"

REQUEST = OpenApiExample(
    "order",
    {"supplier": _SUPPLIER, "store": _STORE, "lines": [{"variant": _VARIANT, "quantity": 24}]},
    request_only=True,
)
RESPONSE = OpenApiExample(
    "order",
    {
        "id": _ORDER,
        "number": "PO-7K3M-Q2ZD-9XW4",
        "supplier": _SUPPLIER,
        "supplier_name": "Abarrotes del Centro",
        "store": _STORE,
        "store_name": "Talavera de la Roma",
        "state": "placed",
        "origin": "suggested",
        "note": "",
        "expected_on": None,
        "lines": [
            {
                "id": _LINE,
                "variant": _VARIANT,
                "sku": "TAL-27-AZ",
                "name": "Plato de talavera 27 cm",
                "supplier_sku": "P-27",
                "quantity": 24,
                "received_qty": 0,
                "open_qty": 24,
                "unit_cost": {"amount": "180.00", "currency": "MXN"},
                "total": {"amount": "4320.00", "currency": "MXN"},
            }
        ],
        "receipts": [],
        "total": {"amount": "4320.00", "currency": "MXN"},
        "placed_at": "2026-01-31T10:00:00Z",
        "received_at": None,
        "cancelled_at": None,
        "cancel_reason": "",
        "created_at": "2026-01-31T09:00:00Z",
    },
    response_only=True,
)
RECEIPT_REQUEST = OpenApiExample(
    "half of it came", {"lines": [{"line": _LINE, "quantity": 12}], "delivery_note": "R-1042"}, request_only=True
)


class PurchaseOrderLineSerializer(ModelSerializer):
    """A line, and how much of it is still to come."""

    variant = UUIDField(source="variant_id", read_only=True)
    open_qty = IntegerField(read_only=True)
    unit_cost = MoneyField(read_only=True)
    total = MoneyField(read_only=True)

    class Meta:
        model = PurchaseOrderLine
        fields = [
            "id",
            "variant",
            "sku",
            "name",
            "supplier_sku",
            "quantity",
            "received_qty",
            "open_qty",
            "unit_cost",
            "total",
        ]
        read_only_fields = fields


class GoodsReceiptLineSerializer(ModelSerializer):
    """So many of an order's line."""

    line = UUIDField(source="line_id", read_only=True)

    class Meta:
        model = GoodsReceiptLine
        fields = ["line", "quantity"]
        read_only_fields = fields


class GoodsReceiptSerializer(ModelSerializer):
    """Goods that came in at once."""

    lines = GoodsReceiptLineSerializer(many=True, read_only=True)

    class Meta:
        model = GoodsReceipt
        fields = ["id", "delivery_note", "lines", "created_at"]
        read_only_fields = fields


class PurchaseOrderSerializer(ModelSerializer):
    """An order with its lines and what came in of it."""

    supplier = UUIDField(source="supplier_id", read_only=True)
    supplier_name = CharField(source="supplier.name", read_only=True)
    store = UUIDField(source="store_id", read_only=True)
    store_name = CharField(source="store.name", read_only=True)
    lines = PurchaseOrderLineSerializer(many=True, read_only=True)
    receipts = GoodsReceiptSerializer(many=True, read_only=True)
    total = MoneyField(read_only=True)

    class Meta:
        model = PurchaseOrder
        fields = [
            "id",
            "number",
            "supplier",
            "supplier_name",
            "store",
            "store_name",
            "state",
            "origin",
            "note",
            "expected_on",
            "lines",
            "receipts",
            "total",
            "placed_at",
            "received_at",
            "cancelled_at",
            "cancel_reason",
            "created_at",
        ]
        read_only_fields = fields


class PurchaseOrderLineRequestSerializer(serializers.Serializer[Any]):
    """What is wanted of a variant."""

    variant = UUIDField()
    quantity = IntegerField(min_value=1, max_value=MAX_QUANTITY)
    unit_cost = MoneyField(
        required=False, allow_zero=True, help_text=_("Without it, what the supplier's price list says.")
    )


class PurchaseOrderChangeSerializer(serializers.Serializer[Any]):
    """What may change of a draft; `lines` take the place of all lines."""

    lines = PurchaseOrderLineRequestSerializer(many=True, required=False, max_length=MAX_LINES)  # type: ignore[call-arg]  # of the list
    note = CharField(required=False, allow_blank=True, max_length=2_000)
    expected_on = DateField(required=False, allow_null=True)


class PurchaseOrderRequestSerializer(PurchaseOrderChangeSerializer):
    """An order to draft."""

    supplier = UUIDField()
    store = UUIDField()


class GoodsReceiptLineRequestSerializer(serializers.Serializer[Any]):
    """How much of a line came."""

    line = UUIDField()
    quantity = IntegerField(min_value=1, max_value=2 * MAX_QUANTITY)


class GoodsReceiptRequestSerializer(serializers.Serializer[Any]):
    """A delivery, whole or in part."""

    lines = GoodsReceiptLineRequestSerializer(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]  # of the list
    delivery_note = CharField(required=False, allow_blank=True, max_length=80)


class PurchaseOrderCancelSerializer(serializers.Serializer[Any]):
    """Why, if one likes."""

    reason = CharField(required=False, allow_blank=True, max_length=200)


class PurchaseOrderDocumentSerializer(serializers.Serializer[Any]):
    """Which file."""

    def get_fields(self) -> dict[str, Any]:
        # `as` is no name that Python lets one give to a field.
        return {"as": ChoiceField(choices=list(TYPES), default="pdf", help_text=_("What file."))}


def lines_wanted(values: dict[str, Any]) -> list[LineWanted] | None:
    """The lines as services take them, out of `values`; None where none were given."""
    lines = values.pop("lines", None)
    if lines is None:
        return None
    return [LineWanted(line["variant"], line["quantity"], line.get("unit_cost")) for line in lines]


def lines_received(values: dict[str, Any]) -> list[LineReceived]:
    """The same of a receipt."""
    return [LineReceived(UUID(str(line["line"])), line["quantity"]) for line in values["lines"]]
