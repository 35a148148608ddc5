"""An event as published, and one row per handler that has to hear it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """A published fact. `relayed_at` is when its deliveries were written."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    wire_name = models.CharField(max_length=80)
    payload = models.JSONField()
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    relayed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "core"
        indexes = [models.Index(fields=["id"], condition=Q(relayed_at__isnull=True), name="core_outbox_waiting")]

    def __str__(self) -> str:
        return f"{self.wire_name} {self.event_id}"


class EventDelivery(models.Model):
    """One event for one handler: the record that it was handled once.

    `due_at` is when it is (again) handed to the queue: now, after a back-off, or after the lease of a
    message that may have been lost.
    """

    class State(models.TextChoices):
        """Waiting, handled, or set aside for a person after repeated failure."""

        PENDING = "pending"
        DONE = "done"
        PARKED = "parked"

    MAX_ATTEMPTS: ClassVar[int] = 5

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    handler = models.CharField(max_length=160)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        app_label = "core"
        verbose_name_plural = "event deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="core_delivery_once")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="pending"), name="core_delivery_due")]

    def __str__(self) -> str:
        return f"{self.handler} {self.event_id}"
