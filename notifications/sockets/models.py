"""The ticket a browser opens its socket with."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SocketTicket(models.Model):
    """Good once, for seconds: a token in an address ends up in logs. Only its hash is kept."""

    ticket_hash = models.CharField(max_length=64, primary_key=True)
    customer = models.UUIDField()
    # Of the access token it was asked with: whoever is logged out everywhere meanwhile opens nothing.
    generation = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        app_label = "notifications"
        verbose_name = _("socket ticket")
        verbose_name_plural = _("socket tickets")
        indexes = [models.Index(fields=["expires_at"], name="notifications_ticket_age")]

    def __str__(self) -> str:
        return str(self.customer)
