"""The order's state machine, in one table, and the two states derived from it."""

from typing import Final

from .models import Order, OrderReturn

State = Order.State

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    State.PLACED: frozenset({State.PAID, State.CANCELLED, State.EXPIRED}),
    # Paid again when units are called off and others are still to be packed.
    State.PAID: frozenset({State.PAID, State.PACKED, State.CANCELLED}),
    # Back to paid when a parcel is taken apart or lost: something is to be packed (again).
    State.PACKED: frozenset({State.SHIPPED, State.PAID, State.CANCELLED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.PAID}),
    State.DELIVERED: frozenset({State.CLOSED, State.PARTLY_RETURNED, State.RETURNED}),
    State.PARTLY_RETURNED: frozenset({State.PARTLY_RETURNED, State.RETURNED, State.CLOSED}),
    State.CLOSED: frozenset(),
    State.CANCELLED: frozenset(),
    # Its money came in late, and the goods were still there.
    State.EXPIRED: frozenset({State.PAID}),
    State.RETURNED: frozenset(),
}

FULFILLABLE: Final = frozenset({State.PAID, State.PACKED, State.SHIPPED})
"""Parcels of the order come and go."""

CANCELLABLE_BY_CUSTOMER: Final = frozenset({State.PLACED, State.PAID})
CANCELLABLE: Final = frozenset(state for state, steps in TRANSITIONS.items() if State.CANCELLED in steps)

RETURNS_UNDER_WAY: Final = (OrderReturn.State.REQUESTED, OrderReturn.State.APPROVED)

PAYMENT_STATES: Final = ("unpaid", "paid", "returned_in_part", "returned", "void")
FULFILMENT_STATES: Final = ("waiting", "packed", "shipped", "delivered", "none")

_PAYMENT: Final[dict[str, str]] = {
    State.PLACED: "unpaid",
    State.CANCELLED: "void",
    State.EXPIRED: "void",
    State.PARTLY_RETURNED: "returned_in_part",
    State.RETURNED: "returned",
}
_FULFILMENT: Final[dict[str, str]] = {
    State.PLACED: "waiting",
    State.PAID: "waiting",
    State.PACKED: "packed",
    State.SHIPPED: "shipped",
    State.CANCELLED: "none",
    State.EXPIRED: "none",
}


def payment_state(state: str) -> str:
    """What the order's state says about its money."""
    return _PAYMENT.get(state, "paid")


def fulfilment_state(state: str) -> str:
    """What the order's state says about its goods."""
    return _FULFILMENT.get(state, "delivered")
