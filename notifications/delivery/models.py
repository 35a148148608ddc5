"""The delivery queue: batches of a message's recipients for one channel, and the few recipients who need more than
one try. The table is the queue."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.ids import NIL, uuid7
from notifications.kinds.channels import OUTSIDE_CHOICES

LONGEST_ERROR = 400


class Delivery(models.Model):
    """A message to the recipients in a range of customer keys (one customer: both ends are equal), over one channel.

    `done_up_to` is the last recipient dealt with: a batch that was interrupted goes on behind it. `due_at` is when it
    is (again) worth trying: now, after a back-off, or after the lease of a worker that died.
    """

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
    channel = models.CharField(_("channel"), max_length=8, choices=OUTSIDE_CHOICES)
    from_customer = models.UUIDField(_("from customer"))
    to_customer = models.UUIDField(_("to customer"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    done_up_to = models.UUIDField(_("done up to"), default=NIL)
    sent_count = models.PositiveIntegerField(_("sent"), default=0)
    refused_count = models.PositiveIntegerField(_("refused"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"))
    # Whose the lease is: a worker that lost it writes nothing more.
    holder = models.UUIDField(null=True, editable=False)
    # Names the notes about it outside of the database: another database's row of this number has others.
    notes_key = models.UUIDField(default=uuid7, editable=False)
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


class Straggler(models.Model):
    """One recipient who is not done with the batch: quiet hours, or a failure that is theirs alone.

    Whoever got it at once has no row. `attempts` counts tries, not quiet hours. `devices_left`: of several devices
    those that did not get it; empty: all of them.
    """

    class State(models.TextChoices):
        """Waiting for its moment, or given up; who was served at last has no row any more."""

        WAITING = "waiting", _("waiting")
        GIVEN_UP = "given_up", _("given up")

    class Reason(models.TextChoices):
        """Why not with the others."""

        QUIET = "quiet", _("quiet hours")
        DIGEST = "digest", _("waits for the digest")
        THROTTLED = "throttled", _("provider's limit")
        FAILED = "failed", _("provider failed")
        REFUSED = "refused", _("recipient refused")

    MAX_ATTEMPTS: ClassVar[int] = 5

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="stragglers", verbose_name=_("delivery"), db_index=False
    )
    customer = models.UUIDField(_("customer"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=9, choices=Reason.choices)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"))
    last_error = models.CharField(_("last error"), max_length=LONGEST_ERROR, blank=True)
    devices_left = models.JSONField(_("devices left"), default=list, editable=False)

    class Meta:
        app_label = "notifications"
        verbose_name = _("straggler")
        verbose_name_plural = _("stragglers")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "customer"], name="notifications_straggler_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="notifications_straggler_due"),
            models.Index(fields=["customer"], name="notifications_straggler_of"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.reason}"


class Suppression(models.Model):
    """An address that must not be written to any more: it bounced for good, complained, or unsubscribed from all.

    The address is kept as a keyed hash: the list outlives the account, and must not be a list of addresses.
    """

    class Reason(models.TextChoices):
        """Whose word it is."""

        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("called it spam")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")

    id = models.BigAutoField(primary_key=True)
    channel = models.CharField(_("channel"), max_length=8, choices=OUTSIDE_CHOICES)
    address_hash = models.CharField(_("address (hash)"), max_length=64)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_hash"], name="notifications_suppression_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.reason}"
