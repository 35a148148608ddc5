"""Writes of shipments and shipping rates.

Whoever changes a shipment holds its order's row: units are counted, parcels moved and the order taken along under one
lock. Goods of an order left the shelf when it was sold; only what is packed in place of lost goods is taken anew.
"""

from .moving import follow
from .packing import cancel_shipments, pack_order, pack_part, unpack_shipment
from .rates import add_rate, change_rate, delete_rate
from .sending import (
    deliver_order,
    deliver_shipment,
    lose_shipment,
    set_tracking,
    ship_order,
    ship_shipment,
)

__all__ = [
    "add_rate",
    "cancel_shipments",
    "change_rate",
    "delete_rate",
    "deliver_order",
    "deliver_shipment",
    "follow",
    "lose_shipment",
    "pack_order",
    "pack_part",
    "set_tracking",
    "ship_order",
    "ship_shipment",
    "unpack_shipment",
]
