"""Who wants to hear when a price crosses which line."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel


class PriceAlert(UUIDModel):
    """Watch a link's or a variant's price: against a target, or by percent of what it was when last told.

    A target that has told is disarmed, and armed again when the price is back behind its line by more than the
    hysteresis (`PRICE_ALERT_HYSTERESIS_PERCENT`); a percentage stays armed, is measured from what was told, and
    has to be passed by more than the hysteresis. So a price that trembles at the line is told of once.
    """

    class Direction(models.TextChoices):
        """Which way the price has to go."""

        DOWN = "down", _("down")
        UP = "up", _("up")
        BOTH = "both", _("either way")

    customer = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("customer"))
    link = models.ForeignKey(
        "links.ProductLink", verbose_name=_("link"), on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    variant = models.ForeignKey(
        "stores.Variant", verbose_name=_("variant"), on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices, default=Direction.DOWN)
    target_minor = models.BigIntegerField(_("target price (minor units)"), null=True, blank=True)
    percent = models.PositiveSmallIntegerField(_("percent"), null=True, blank=True)
    # What a change is measured from, and in which currency the target is.
    reference_minor = models.BigIntegerField(_("reference price (minor units)"), null=True, editable=False)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    is_armed = models.BooleanField(_("armed"), default=True, editable=False)
    told_at = models.DateTimeField(_("told at"), null=True, editable=False)

    class Meta:
        app_label = "links"
        verbose_name = _("price alert")
        verbose_name_plural = _("price alerts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(link__isnull=True, variant__isnull=False) | Q(link__isnull=False, variant__isnull=True),
                name="links_alert_watches_one",
            ),
            models.CheckConstraint(
                condition=Q(target_minor__gt=0, percent__isnull=True) | Q(target_minor__isnull=True, percent__gt=0),
                name="links_alert_has_one_line",
            ),
            # A target is on one side of the price.
            models.CheckConstraint(
                condition=Q(target_minor__isnull=True) | ~Q(direction="both"), name="links_alert_target_has_a_side"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["link"], condition=Q(is_enabled=True), name="links_alert_on_link"),
            models.Index(fields=["variant"], condition=Q(is_enabled=True), name="links_alert_on_variant"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
