"""Writes of carts, by topic."""

from .coupons import add_coupon, remove_coupon
from .holding import clear, lines_of, lock_cart
from .lines import add_item, add_reserved_unit, change_item, empty_cart, remove_item
from .merges import merge_carts
from .upkeep import drop_abandoned, forget_cart

__all__ = [
    "add_coupon",
    "add_item",
    "add_reserved_unit",
    "change_item",
    "clear",
    "drop_abandoned",
    "empty_cart",
    "forget_cart",
    "lines_of",
    "lock_cart",
    "merge_carts",
    "remove_coupon",
    "remove_item",
]
