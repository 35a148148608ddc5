"""The tiers' projection compared with the orders themselves: what users counted, and what there is to count.

Orders are the truth. A delivery that was published and not counted yet is no difference: its customer is left alone
until the handler has run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, QuerySet

from marketplace.core.ids import NIL
from marketplace.core.outbox.models import EventDelivery, OutboxEvent
from purchases.events import OrderDelivered
from users import facade as users

from .models import Order, OrderEvent

CHUNK = 1_000
REASON = "reconcile_tiers"
COUNTED_BY = "purchases.count_success_on_order_delivered"
# Delivered and not wholly returned.
SUCCESSFUL = [Order.State.DELIVERED, Order.State.CLOSED, Order.State.PARTLY_RETURNED]


@dataclass(frozen=True, slots=True)
class Difference:
    """A customer whose count is not what the orders say."""

    customer_id: UUID
    counted: int
    orders: int


def differences() -> Iterator[Difference]:
    """Every customer whose count is wrong, in key order; customers are read in chunks, three queries each."""
    after = NIL
    while rows := users.order_counts(after, CHUNK):
        after = rows[-1][0]
        # The orders first: what is delivered in between shows as not counted yet, never as a difference.
        found = dict(
            _successful_orders(Order.objects.filter(customer_id__in=[customer for customer, _counted in rows]))
        )
        wrong = [
            Difference(customer, counted, found.get(customer, 0))
            for customer, counted in rows
            if counted != found.get(customer, 0)
        ]
        waiting = _not_counted_yet() if wrong else frozenset()
        yield from (difference for difference in wrong if difference.customer_id not in waiting)


def repair(customer_id: UUID, *, actor_id: UUID | None = None) -> bool:
    """Set the customer's count to what the orders say now, audited; whether it changed. Harmless twice."""

    def count() -> tuple[int, datetime | None] | None:
        # Orders first, as above: asked under the profile's lock, which the handler needs to count.
        orders = dict(_successful_orders(Order.objects.filter(customer_id=customer_id))).get(customer_id, 0)
        if customer_id in _not_counted_yet():
            return None
        delivered = OrderEvent.objects.filter(
            order__customer=customer_id, order__state__in=SUCCESSFUL, to_state=Order.State.DELIVERED
        )
        return orders, delivered.aggregate(last=Max("at"))["last"]

    return users.correct_order_count(customer_id=customer_id, count=count, actor_id=actor_id, reason=REASON)


def _successful_orders(orders: "QuerySet[Order]") -> Iterator[tuple[UUID, int]]:
    rows = orders.filter(state__in=SUCCESSFUL).order_by().values("customer_id").annotate(found=Count("pk"))
    return ((row["customer_id"], row["found"]) for row in rows)


def _not_counted_yet() -> frozenset[UUID]:
    """Customers of deliveries that wait in the outbox, or whose handler has not done its work."""
    events = OutboxEvent.objects.filter(wire_name=OrderDelivered.wire_name)
    late = EventDelivery.objects.filter(handler=COUNTED_BY).exclude(state=EventDelivery.State.DONE).values("event")
    payloads = [
        *events.filter(relayed_at__isnull=True).values_list("payload", flat=True),
        *events.filter(pk__in=late).values_list("payload", flat=True),
    ]
    return frozenset(UUID(payload["customer_id"]) for payload in payloads)
