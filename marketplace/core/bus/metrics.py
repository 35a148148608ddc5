"""What operators are alarmed by: how far behind the bus is, and what waits for a person."""

from django.db.models import Count

from marketplace.core.observability.metrics import Gauge, Values, register

from .models import BusMessage
from .pump import bus_lag


def register_gauges() -> None:
    """Called in the app's `ready()`."""
    register(
        Gauge(
            "marketplace_bus_lag_seconds",
            "age of the oldest event that waits for the event bus",
            lambda: {(): bus_lag().total_seconds()},
        )
    )
    register(Gauge("marketplace_bus_messages", "messages to the event bus that are not sent", not_sent, ("state",)))


def not_sent() -> Values:
    """By state, zeros included."""
    states = (BusMessage.State.PENDING, BusMessage.State.PARKED)
    counted = BusMessage.objects.filter(state__in=states).values_list("state").annotate(Count("pk"))
    return {(state.value,): 0 for state in states} | {(state,): count for state, count in counted.order_by()}
