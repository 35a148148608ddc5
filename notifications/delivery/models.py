"""The delivery queue: batches of a message's recipients for one channel. The table is the queue."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.ids import NIL


class Delivery(models.Model):
    """A message to the recipients in a range of customer keys (one customer: both ends are equal), over one channel.

    `done_up_to` is the last recipient dealt with: a batch that was interrupted goes on behind it. `due_at` is when it
    is (again) worth trying: now, after a back-off, or after the lease of a worker that died.
    """

    class Channel(models.TextChoices):
        """How it leaves the house."""

        EMAIL = "email", _("e-mail")

    class State(models.TextChoices):
        """Waiting, sent, or set aside for a person after repeated failure."""

        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        PARKED = "parked", _("parked")

    MAX_ATTEMPTS: ClassVar[int] = 5

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(
        "notifications.Message", on_delete=models.CASCADE, related_name="+", verbose_name=_("message"), db_index=False
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    from_customer = models.UUIDField(_("from customer"))
    to_customer = models.UUIDField(_("to customer"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    done_up_to = models.UUIDField(_("done up to"), default=NIL)
    sent_count = models.PositiveIntegerField(_("sent"), default=0)
    refused_count = models.PositiveIntegerField(_("refused"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"))
    done_at = models.DateTimeField(_("done at"), null=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "channel", "from_customer"], name="notifications_delivery_per_range"
            ),
            models.CheckConstraint(
                condition=Q(from_customer__lte=F("to_customer")), name="notifications_delivery_range_in_order"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="notifications_delivery_due"),
            models.Index(fields=["state"], condition=Q(state="parked"), name="notifications_parked"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.message_id}"
