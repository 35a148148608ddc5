"""The purchase order's state machine, in one table."""

from typing import Final

from .models import PurchaseOrder

State = PurchaseOrder.State

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    State.DRAFT: frozenset({State.PLACED, State.CANCELLED}),
    # A partial receipt leaves it placed; cancelled then, the rest is not awaited any more.
    State.PLACED: frozenset({State.RECEIVED, State.CANCELLED}),
    State.RECEIVED: frozenset(),
    State.CANCELLED: frozenset(),
}

OPEN_STATES: Final = (State.DRAFT, State.PLACED)
"""What is on order: a draft counts, or it would be suggested again before somebody has placed it."""
