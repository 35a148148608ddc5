"""How fast a channel may be used."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.kinds.channels import OUTSIDE_CHOICES


class SendingRate(models.Model):
    """How much may go out over a channel: a bucket of tokens, filled `per_second`, holding at most `burst`.

    One row per channel; no row: no limit. Taken by one conditional update on the database's clock, so that all workers
    together keep to it.
    """

    channel = models.CharField(_("channel"), max_length=8, choices=OUTSIDE_CHOICES, primary_key=True)
    per_second = models.PositiveIntegerField(_("per second"))
    burst = models.PositiveIntegerField(_("at once"))
    tokens = models.FloatField(_("left"), default=0, editable=False)
    filled_at = models.DateTimeField(_("filled at"), editable=False)

    class Meta:
        app_label = "notifications"
        verbose_name = _("sending rate")
        verbose_name_plural = _("sending rates")
        constraints = [
            models.CheckConstraint(condition=Q(per_second__gte=1, burst__gte=1), name="notifications_rate_positive")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.per_second}/s"
