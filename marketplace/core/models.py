"""Tables of the core, re-exported: Django looks for models here."""

from .audit import AuditEntry
from .bus.models import BusMessage
from .http.idempotency import IdempotencyKey
from .jobs import JobLease, JobSlot
from .outbox.models import EventDelivery, OutboxEvent

__all__ = ["AuditEntry", "BusMessage", "EventDelivery", "IdempotencyKey", "JobLease", "JobSlot", "OutboxEvent"]
