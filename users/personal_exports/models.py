"""Copies of a person's data."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel


class PersonalExport(UUIDModel):
    """One copy: a ZIP in this row, so that it is in no folder, no other machine's and no web server's way.

    It goes at `expires_at`; the row stays as the record that it was made, until the account is archived.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        TOO_LARGE = "too_large", _("too large for a download")
        EXPIRED = "expired", _("expired")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.PROTECT, related_name="+"
    )
    requested_by = models.UUIDField(_("requested by"))
    reason = models.CharField(
        _("reason"), max_length=200, blank=True, help_text=_("For a request by letter: its date or file number.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    ready_at = models.DateTimeField(_("ready at"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"), default=0)
    content = models.BinaryField(null=True, editable=False)

    class Meta:
        app_label = "users"
        verbose_name = _("copy of personal data")
        verbose_name_plural = _("copies of personal data")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(state="waiting"), name="users_personal_export_one_waiting"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="users_personal_export_newest"),
            models.Index(fields=["expires_at"], condition=models.Q(state="ready"), name="users_personal_export_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"
