"""What operators watch of the core: outbox, queues, beat, sockets."""

from django.db.models import Count

from marketplace.core.jobs import since_tick
from marketplace.core.outbox.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.relay import outbox_lag
from marketplace.core.sockets.hub import Hub

from .metrics import Gauge, Values, register
from .queues import look

UNHEARD = (EventDelivery.State.PENDING, EventDelivery.State.PARKED)


def register_gauges() -> None:
    """Called in `ready()`."""
    register(
        Gauge(
            "marketplace_open_sockets",
            "WebSockets open in the process that answers: ask those that serve /ws/",
            lambda: {(): Hub.count_open()},
        )
    )
    register(Gauge("marketplace_outbox_lag_seconds", "age of the oldest event not relayed yet", lag))
    register(Gauge("marketplace_outbox_events", "events not relayed yet", waiting))
    register(
        Gauge(
            "marketplace_outbox_deliveries",
            "deliveries that wait for their handler, or are parked after five attempts",
            deliveries,
            ("state",),
            kept_seconds=30,
        )
    )
    register(Gauge("marketplace_beat_age_seconds", "since periodic work was last done; absent before that", beat_age))
    register(Gauge("marketplace_queue_messages", "messages that no worker has taken yet", depth, ("queue",)))
    register(
        Gauge("marketplace_queue_oldest_seconds", "how long the oldest of them has waited", oldest_wait, ("queue",))
    )


def lag() -> Values:
    """Zero when nothing waits."""
    return {(): outbox_lag().total_seconds()}


def waiting() -> Values:
    """Their index holds no others."""
    return {(): OutboxEvent.objects.filter(relayed_at__isnull=True).count()}


def deliveries() -> Values:
    """Parked ones wait for a person."""
    rows = EventDelivery.objects.filter(state__in=UNHEARD).order_by().values_list("state").annotate(Count("pk"))
    return {(state,): 0 for state in UNHEARD} | {(state,): count for state, count in rows}


def beat_age() -> Values:
    """Beat, broker and a worker are all needed for a tick, one each minute."""
    age = since_tick()
    return {} if age is None else {(): age.total_seconds()}


def depth() -> Values:
    """Nothing where the broker is not Redis: there a queue is a process's own."""
    return {(queue.name,): queue.messages for queue in look()}


def oldest_wait() -> Values:
    """Zero for an empty queue, and for messages of senders that do not say when they sent them."""
    return {(queue.name,): queue.oldest_seconds for queue in look()}
