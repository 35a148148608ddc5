"""One event that other systems have to hear of, and how far it is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.outbox.models import OutboxEvent


class BusMessage(models.Model):
    """The bus's own position in the outbox: a row per event, not a cursor, for ids are not commit order.

    Messages of one `partition_key` are sent in the order of their events. `attempts` counts refusals of this message
    alone; a bus that is out counts nothing.
    """

    class State(models.TextChoices):
        """Waiting, taken by the other side, or set aside for a person after repeated refusal."""

        PENDING = "pending", _("waiting")
        SENT = "sent", _("sent")
        PARKED = "parked", _("parked")

    MAX_ATTEMPTS: ClassVar[int] = 5

    event = models.OneToOneField(
        OutboxEvent, on_delete=models.CASCADE, primary_key=True, related_name="bus_message", verbose_name=_("event")
    )
    partition_key = models.CharField(_("partition key"), max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        app_label = "core"
        verbose_name = _("message to the event bus")
        verbose_name_plural = _("messages to the event bus")
        indexes = [
            models.Index(fields=["event"], condition=Q(state="pending"), name="core_bus_waiting"),
            models.Index(fields=["partition_key", "event"], condition=Q(state="pending"), name="core_bus_key"),
            # Alarms count them, and people look for them.
            models.Index(fields=["event"], condition=Q(state="parked"), name="core_bus_parked"),
        ]

    def __str__(self) -> str:
        return f"{self.partition_key} {self.event_id}"
