"""An event as published, and one row per handler that has to hear it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.context import TRACE_PARENT_LENGTH


class OutboxEvent(models.Model):
    """A published fact. `relayed_at` is when its deliveries were written."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    wire_name = models.CharField(_("name"), max_length=80)
    payload = models.JSONField(_("content"))
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    # W3C `traceparent` of what published it; empty where traces are off.
    trace_parent = models.CharField(
        _("place in a trace"), max_length=TRACE_PARENT_LENGTH, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(_("published at"))
    relayed_at = models.DateTimeField(_("relayed at"), null=True)

    class Meta:
        app_label = "core"
        verbose_name = _("published event")
        verbose_name_plural = _("published events")
        indexes = [
            models.Index(fields=["id"], condition=Q(relayed_at__isnull=True), name="core_outbox_waiting"),
            # What goes first is found among a million that wait (`lanes`).
            models.Index(fields=["wire_name", "id"], condition=Q(relayed_at__isnull=True), name="core_outbox_lane"),
            # Retention asks for what was relayed long ago.
            models.Index(fields=["relayed_at"], name="core_outbox_relayed"),
        ]

    def __str__(self) -> str:
        return f"{self.wire_name} {self.event_id}"


class EventDelivery(models.Model):
    """One event for one handler: the record that it was handled once.

    `due_at` is when it is (again) handed to the queue: now, after a back-off, or after the lease of a
    message that may have been lost.

    `attempts` counts runs, `sends` counts messages: a backlog must not be taken for losses, so each further message
    waits twice as long.
    """

    class State(models.TextChoices):
        """Waiting, handled, or set aside for a person after repeated failure."""

        PENDING = "pending", _("waiting")
        DONE = "done", _("done")
        PARKED = "parked", _("parked")

    MAX_ATTEMPTS: ClassVar[int] = 5

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    handler = models.CharField(_("handler"), max_length=160)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sends = models.PositiveIntegerField(_("messages sent"), default=0)
    due_at = models.DateTimeField(_("due at"))
    done_at = models.DateTimeField(_("done at"), null=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        app_label = "core"
        verbose_name = _("event delivery")
        verbose_name_plural = _("event deliveries")
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="core_delivery_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="core_delivery_due"),
            models.Index(fields=["handler", "due_at"], condition=Q(state="pending"), name="core_delivery_lane"),
            # `/readyz` and the metrics ask whether there are any.
            models.Index(fields=["id"], condition=Q(state="parked"), name="core_delivery_parked"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} {self.event_id}"
