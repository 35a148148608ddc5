"""Where push and text messages go."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel


class Device(UUIDModel):
    """One installation of an app, or one telephone number. A token belongs to whoever registered it last, a number to
    whoever confirmed it last.

    `endpoint` is the provider's name for it (with SNS: the ARN of the platform endpoint). A token the provider calls
    dead is disabled, with the reason, until the app registers it anew. A telephone number is written to only after
    its code came back (`confirmed_at`).
    """

    class Platform(models.TextChoices):
        """Whose service carries it."""

        APNS = "apns", _("iPhone")
        FCM = "fcm", _("Android")
        SMS = "sms", _("text messages")

    customer = models.UUIDField(_("customer"))
    platform = models.CharField(_("platform"), max_length=8, choices=Platform.choices)
    token = models.CharField(_("token or number"), max_length=4096)
    # Tokens are long: what must be unique is their SHA-256.
    token_hash = models.CharField(max_length=64, editable=False)
    name = models.CharField(_("name"), max_length=80, blank=True)
    endpoint = models.CharField(_("endpoint"), max_length=256, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True)
    disabled_reason = models.CharField(_("reason"), max_length=80, blank=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "token_hash"], condition=~Q(platform="sms"), name="notifications_device_once"
            ),
            # Anybody can type a number; it is theirs once its code came back.
            models.UniqueConstraint(
                fields=["customer", "token_hash"], condition=Q(platform="sms"), name="notifications_number_once_each"
            ),
            models.UniqueConstraint(
                fields=["token_hash"],
                condition=Q(platform="sms", confirmed_at__isnull=False),
                name="notifications_number_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_reason="")
                | Q(disabled_at__isnull=False) & ~Q(disabled_reason=""),
                name="notifications_device_disabled_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "platform"], condition=Q(disabled_at__isnull=True), name="notifications_device_live"
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.platform} {self.pk}"


class NumberCode(models.Model):
    """The code that proves a telephone number: its hash, until when, and how often it was guessed."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="+")
    code_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    tries_count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        app_label = "notifications"
        verbose_name = _("code of a number")
        verbose_name_plural = _("codes of numbers")

    def __str__(self) -> str:
        return str(self.device_id)
