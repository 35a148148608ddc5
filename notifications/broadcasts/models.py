"""What the house tells an audience in its own words."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import VersionedModel
from notifications.inbox.models import Message


class Broadcast(VersionedModel):
    """A text in both languages, whom it is for, over which channels, and when.

    draft → scheduled → sending → sent; a scheduled or sending one can be stopped, for good. How far it has come is
    its message's fan-out (`notifications.audiences`).
    """

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        STOPPED = "stopped", _("stopped")

    name = models.CharField(_("name"), max_length=80, help_text=_("For the house only."))
    title_en = models.CharField(_("title in English"), max_length=120)
    title_es = models.CharField(_("title in Spanish"), max_length=120)
    body_en = models.TextField(_("text in English"), max_length=2000)
    body_es = models.TextField(_("text in Spanish"), max_length=2000)
    channels = models.JSONField(_("channels besides the inbox"), default=list, blank=True)
    segments: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "users.Segment", blank=True, related_name="+", verbose_name=_("segments"), help_text=_("None: everyone.")
    )
    tiers = models.JSONField(_("tiers"), default=list, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    radius_km = models.FloatField(_("radius (km)"), null=True, blank=True)
    active_within_days = models.PositiveIntegerField(
        _("ordered within days"), null=True, blank=True, help_text=_("Empty: whether they ever ordered or not.")
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT, editable=False)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True, help_text=_("Empty: when somebody sends it."))
    message = models.OneToOneField(
        Message, on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("message")
    )
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    class Meta:
        app_label = "notifications"
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True, radius_km__isnull=True)
                | Q(
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                    radius_km__gt=0,
                    radius_km__lte=20_040,
                ),
                name="notifications_broadcast_whole_circle",
                violation_error_message=_("Give a place and a radius, or neither."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scheduled", "stopped"]) | Q(message__isnull=False),
                name="notifications_broadcast_has_message",
            ),
        ]
        indexes = [
            models.Index(fields=["send_at"], condition=Q(state="scheduled"), name="notifications_broadcast_due"),
            models.Index(fields=["started_at"], condition=Q(state="sending"), name="notifications_broadcast_open"),
        ]

    def __str__(self) -> str:
        return self.name
