"""What the context keeps about a person, for `core.personal_data`."""

from typing import Final

from marketplace.core.personal_data import Table

from .models import (
    AutoPurchase,
    CallOff,
    CallOffLine,
    Cart,
    CartLine,
    Invoice,
    Order,
    OrderEvent,
    OrderLine,
    OrderPart,
    OrderReturn,
    Plan,
    PurchaseTicket,
    ReturnLine,
    Run,
    Schedule,
    Shipment,
    ShipmentEvent,
    ShipmentLine,
)

OF_ORDER: Final = ("order__customer_id",)
OF_PART: Final = ("part__order__customer_id",)

TABLES: Final = (
    Table(
        "orders",
        Order,
        ("customer_id",),
        (
            *("id", "number", "source", "state", "currency", "list_total_minor", "discount_minor", "shipping_minor"),
            *("total_minor", "applied_benefits", "coupons", "shipping_address", "placed_at", "expires_at"),
        ),
    ),
    Table(
        "order_parts",
        OrderPart,
        OF_ORDER,
        ("id", "order_id", "store__name", "total_minor", "shipping_minor", "shipped_at", "delivered_at"),
    ),
    Table(
        "order_lines",
        OrderLine,
        OF_ORDER,
        (
            *("id", "order_id", "part_id", "sku", "name", "quantity", "list_price_minor", "unit_price_minor"),
            *("total_minor", "tax_minor", "returned_quantity", "refunded_minor", "called_off_quantity"),
        ),
    ),
    Table("order_states", OrderEvent, OF_ORDER, ("order_id", "from_state", "to_state", "at")),
    Table(
        "shipments", Shipment, OF_PART, ("id", "part_id", "state", "carrier", "tracking", "shipped_at", "delivered_at")
    ),
    Table(
        "shipment_lines", ShipmentLine, ("shipment__part__order__customer_id",), ("shipment_id", "line_id", "quantity")
    ),
    Table(
        "shipment_states",
        ShipmentEvent,
        ("shipment__part__order__customer_id",),
        ("shipment_id", "from_state", "to_state", "at"),
    ),
    Table(
        "returns",
        OrderReturn,
        OF_ORDER,
        ("id", "order_id", "state", "reason", "answer", "refund_minor", "created_at", "received_at"),
    ),
    Table(
        "return_lines",
        ReturnLine,
        ("order_return__order__customer_id",),
        ("order_return_id", "line_id", "quantity", "refund_minor"),
    ),
    Table("call_offs", CallOff, OF_PART, ("id", "part_id", "reason", "refund_minor", "called_off_at")),
    Table(
        "call_off_lines",
        CallOffLine,
        ("call_off__part__order__customer_id",),
        ("call_off_id", "line_id", "quantity", "refund_minor"),
    ),
    Table(
        "invoices",
        Invoice,
        OF_ORDER,
        ("series__name", "number", "kind", "order_id", "total_minor", "currency", "snapshot", "buyer", "issued_at"),
    ),
    Table("carts", Cart, ("customer_id",), ("id", "currency", "coupons", "created_at", "touched_at")),
    Table(
        "cart_lines",
        CartLine,
        ("cart__customer_id",),
        ("cart_id", "variant__sku", "variant__product__name", "quantity", "seen_price_minor", "created_at"),
    ),
    Table("plans", Plan, ("customer_id",), ("id", "is_enabled", "ask_hours", "address_id", "ran_at", "created_at")),
    Table(
        "schedules",
        Schedule,
        ("plan__customer_id",),
        (
            *("id", "gift_list_id", "gift_id", "kind", "starts_on", "every_days", "target_minor", "keep_minor"),
            *("currency", "is_enabled", "next_at", "created_at"),
        ),
    ),
    Table("runs", Run, ("plan__customer_id",), ("cause", "at", "considered", "bought")),
    Table(
        "automatic_purchases",
        AutoPurchase,
        ("customer_id",),
        (
            *("id", "gift_id", "state", "reason", "title", "price_minor", "cost_minor", "from_pots_minor", "currency"),
            *("answer_by", "order_id", "created_at", "ended_at"),
        ),
    ),
    Table(
        "bought_elsewhere",
        PurchaseTicket,
        ("purchase__customer_id",),
        (
            "purchase_id",
            "state",
            "url",
            "ship_to",
            "real_cost_minor",
            "shop_reference",
            "tracking",
            "opened_at",
            "ended_at",
        ),
    ),
)
