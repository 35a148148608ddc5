"""What happens to orders. Money moves in the order's own transaction; goods follow by its events.

The house order has stock between payments and accounts, so whoever gives money back cannot move goods after it; the
event's handler does, once, whatever dies in between.
"""

from .delivering import note_arrived, settle_parts, tell_delivered
from .ending import cancel_order, close_due_orders, expire_due_orders, tell_cancelled
from .forgetting import forget_addresses
from .goods import give_goods_back, put_returned_goods_away
from .moving import lock_order, move_order, step
from .paying import mark_paid, revive_order
from .refunding import refund_parts
from .returning import approve_return, receive_return, refuse_return, request_return
from .writing import record_paid_order, write_order

__all__ = [
    "approve_return",
    "cancel_order",
    "close_due_orders",
    "expire_due_orders",
    "forget_addresses",
    "give_goods_back",
    "lock_order",
    "mark_paid",
    "move_order",
    "note_arrived",
    "put_returned_goods_away",
    "receive_return",
    "record_paid_order",
    "refund_parts",
    "refuse_return",
    "request_return",
    "revive_order",
    "settle_parts",
    "step",
    "tell_cancelled",
    "tell_delivered",
    "write_order",
]
