"""The inbox: what was said, once; who was told, a lean row each."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """What was said, once, whoever is told. The text is rendered from `kind` and `params` when somebody reads it.

    `dedupe_key` is the fact behind it ("order_paid:<order>"): the same fact makes no second message. `recipient` is
    set when there is exactly one; an audience has none here.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=40)
    params = models.JSONField(_("parameters"), default=dict)
    dedupe_key = models.CharField(_("fact"), max_length=160, unique=True)
    recipient = models.UUIDField(_("only recipient"), null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        app_label = "notifications"
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["recipient"], condition=Q(recipient__isnull=False), name="notifications_message_to"),
            models.Index(fields=["created_at"], name="notifications_message_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class InboxItem(models.Model):
    """A message in a customer's inbox. Millions are written at once, so the row is lean: no foreign key is checked.

    `cap_day` is the platform's day for kinds of which a customer gets at most one a day, null for the others.
    The inbox is read through the unique index (customer, message), newest message first: no index of its own.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.UUIDField(_("customer"))
    message = models.ForeignKey(
        Message,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("message"),
    )
    created_at = models.DateTimeField(_("created at"))
    read_at = models.DateTimeField(_("read at"), null=True)
    cap_day = models.DateField(_("counts for day"), null=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("inbox item")
        verbose_name_plural = _("inbox items")
        constraints = [
            models.UniqueConstraint(fields=["customer", "message"], name="notifications_item_once"),
            models.UniqueConstraint(
                fields=["customer", "cap_day"],
                condition=Q(cap_day__isnull=False),
                name="notifications_item_one_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.customer}"
