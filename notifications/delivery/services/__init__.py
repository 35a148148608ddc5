"""Writes of the delivery slice, by topic."""

from .batches import send_delivery
from .digests import send_due_digests
from .draining import drain_outside_queue, work_off
from .queueing import forget_stragglers, queue_deliveries, requeue_delivery, requeue_stragglers
from .stragglers import send_due_stragglers
from .suppression import lift_suppression, suppress_address
from .ticking import JOB, send_due

__all__ = [
    "JOB",
    "drain_outside_queue",
    "forget_stragglers",
    "lift_suppression",
    "queue_deliveries",
    "requeue_delivery",
    "requeue_stragglers",
    "send_delivery",
    "send_due",
    "send_due_digests",
    "send_due_stragglers",
    "suppress_address",
    "work_off",
]
