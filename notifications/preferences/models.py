"""What people want to be told, over which channel, and when they want quiet."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.kinds.channels import Channel


class Preference(models.Model):
    """A customer's own word about one kind over one channel. No row: what the table of kinds says.

    No foreign keys: audiences of millions are compared with it.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.UUIDField(_("customer"))
    kind = models.CharField(_("kind"), max_length=40)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    is_on = models.BooleanField(_("wanted"))
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind", "channel"], name="notifications_preference_once")
        ]
        indexes = [
            # The audience statement's question: who of these customers does not want it.
            models.Index(
                fields=["kind", "channel", "customer"],
                condition=Q(is_on=False),
                name="notifications_opted_out",
            ),
            # The delivery's question: who of these customers wants it although the kind does not say so.
            models.Index(
                fields=["kind", "channel", "customer"],
                condition=Q(is_on=True),
                name="notifications_opted_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel}"


class QuietHours(models.Model):
    """When one customer is left alone, in the time zone of their profile, and whether mails come one by one.

    From 22:00 to 08:00 goes over midnight. Quiet hours delay push, text messages and e-mail; never the inbox row.
    """

    class Digest(models.TextChoices):
        """How mails of kinds that may wait come."""

        OFF = "off", _("each by itself")
        DAILY = "daily", _("one a day")
        WEEKLY = "weekly", _("one a week")

    customer = models.UUIDField(_("customer"), primary_key=True)
    quiet_from = models.TimeField(_("quiet from"), null=True)
    quiet_until = models.TimeField(_("quiet until"), null=True)
    digest = models.CharField(_("digest"), max_length=8, choices=Digest.choices, default=Digest.OFF)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("quiet hours")
        verbose_name_plural = _("quiet hours")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notifications_quiet_both_ends",
            )
        ]

    def __str__(self) -> str:
        return str(self.customer)
