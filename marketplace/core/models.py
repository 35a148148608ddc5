"""Tables of the core, re-exported: Django looks for models here."""

from .audit import AuditEntry
from .http.idempotency import IdempotencyKey
from .jobs import JobLease, JobSlot
from .outbox.models import EventDelivery, OutboxEvent

__all__ = ["AuditEntry", "EventDelivery", "IdempotencyKey", "JobLease", "JobSlot", "OutboxEvent"]
