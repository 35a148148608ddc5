"""What operators watch of messages to people."""

from django.db.models import Count, Q

from marketplace.core.clock import read_db_now
from marketplace.core.observability.metrics import Gauge, Values, register

from .delivery.models import Delivery

WAITING = (Delivery.State.PENDING, Delivery.State.PARKED)


def register_gauges() -> None:
    """Called in `ready()`."""
    register(
        Gauge(
            "marketplace_notification_deliveries",
            "batches of mails, pushes and text messages that wait, or are parked after five attempts",
            deliveries,
            ("state",),
        )
    )
    register(
        Gauge("marketplace_notification_oldest_due_seconds", "how long the oldest due batch has been due", oldest_due)
    )


def deliveries() -> Values:
    """Both states have an index of their own."""
    counts = Delivery.objects.filter(state__in=WAITING).aggregate(
        **{state.value: Count("pk", filter=Q(state=state)) for state in WAITING}
    )
    return {(state,): count for state, count in counts.items()}


def oldest_due() -> Values:
    """Zero while nobody is late."""
    pending = Delivery.objects.filter(state=Delivery.State.PENDING).order_by("due_at")
    due_at = pending.values_list("due_at", flat=True).first()
    return {(): 0.0 if due_at is None else max(0.0, (read_db_now() - due_at).total_seconds())}
